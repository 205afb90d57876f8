// Verifies garbage: u (32 bytes), signature (64), message (the rest). libsodium must
// think the same of the Ed25519 signature that it stands for, and of the point.
#include "core/crypto/xeddsa.h"

#include <sodium.h>

#include "core/crypto/curve25519_var.h"
#include "core/crypto/x25519.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace core;
  const Bytes in(data, size);
  if (size < 96) return 0;
  const auto key = in.first<32>();
  const auto signature = in.subspan<32, 64>();
  const auto message = in.subspan(96);
  const bool valid = crypto::xeddsa_verify(key, message, signature).ok();
  const bool prime = crypto::x25519_is_prime_order_var(key);

  const auto point = crypto::edwards::from_u_var(key);
  auto encoded = point ? crypto::edwards::encode(*point) : ByteArray<32>{};
  encoded[31] = static_cast<std::uint8_t>(encoded[31] | (signature[63] & 0x80));
  // libsodium refuses numbers that are not reduced; Signal reduces them.
  ByteArray<64> plain = to_array(signature), s{};
  copy(signature.last<32>(), s);
  s[31] &= 0x7f;
  crypto_core_ed25519_scalar_reduce(plain.data() + 32, s.data());
  const bool ed25519 = (signature[63] & 0x60) == 0 && point.ok() &&
                       crypto_sign_ed25519_verify_detached(plain.data(), message.data(),
                                                           message.size(), encoded.data()) == 0;
  if (valid != ed25519) __builtin_trap();
  const bool canonical = point.ok() && equal_var(crypto::edwards::to_u(*point), key);
  const bool good_point = canonical && crypto_core_ed25519_is_valid_point(encoded.data()) == 1;
  if (prime != good_point) __builtin_trap();
  return 0;
}
