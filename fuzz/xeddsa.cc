// Verifies garbage: u (32 bytes), signature (64), message (the rest). What
// verifies must also do so as the Ed25519 signature that it stands for.
#include "core/crypto/xeddsa.h"

#include <sodium.h>

#include "core/crypto/edwards.h"
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

  const auto point = crypto::edwards_from_u(key, signature[63] >> 7);
  ByteArray<64> plain = to_array(signature);
  plain[63] &= 0x7f;
  const bool ed25519 =
      point.ok() && crypto_sign_ed25519_verify_detached(plain.data(), message.data(),
                                                        message.size(), (*point).data()) == 0;
  if (ed25519 && !valid) __builtin_trap();  // the signature is the same
  if (prime && (!point.ok() || (key[31] & 0x80) != 0)) __builtin_trap();
  if (valid && (signature[63] & 0x60) != 0) __builtin_trap();
  return 0;
}
