// X25519: public keys by our multiples of the base point; agreement by our
// ladder in vectors where the processor has the instructions for it, by our plain
// one on a small device (GINNEL_X25519_LADDER), else by libsodium.
#include "core/crypto/x25519.h"

#include "core/crypto/cpu.h"
#include "core/crypto/ct.h"
#include "core/crypto/edwards.h"
#include "core/crypto/field25519.h"
#include "core/crypto/x25519_ifma.h"
#include "core/crypto/x25519_ladder.h"
#ifndef GINNEL_X25519_LADDER
#include <sodium.h>
#endif

namespace core::crypto {
namespace {

#if defined(GINNEL_X25519_IFMA) || defined(GINNEL_X25519_LADDER)
// As multiply(), by a ladder that leaves x / z.
template <class Ladder>
bool multiply_by(Ladder ladder, const Secret<32>& private_key, View<32> public_key,
                 MutView<32> out) {
  using namespace field25519;
  const Secret<32> clamped = x25519_private(private_key.view());
  Element x, z;
  ladder(clamped.view(), from_bytes(public_key), x, z);
  ByteArray<32> result = to_bytes(field25519::multiply(x, invert(z)));
  copy(result, out);
  std::uint32_t any = 0;
  for (const std::uint8_t byte : result) any |= byte;
  wipe(result);
  wipe({reinterpret_cast<std::uint8_t*>(&x), sizeof(x)});
  wipe({reinterpret_cast<std::uint8_t*>(&z), sizeof(z)});
  return ((any - 1) >> 31) != 0;
}
#endif

// Writes the product; true iff it is zero. Constant time.
bool multiply(const Secret<32>& private_key, View<32> public_key, MutView<32> out) {
#ifdef GINNEL_X25519_IFMA
  if (cpu::has_avx512_ifma()) {
    const auto ladder = [](View<32> scalar, const field25519::Element& u, field25519::Element& x,
                           field25519::Element& z) {
      x25519_ladder_ifma(scalar.data(), u.limb.data(), x.limb.data(), z.limb.data());
    };
    return multiply_by(ladder, private_key, public_key, out);
  }
#endif
#ifdef GINNEL_X25519_LADDER
  return multiply_by(x25519_ladder<field25519::Element>, private_key, public_key, out);
#else
  return crypto_scalarmult_curve25519(out.data(), private_key.view().data(), public_key.data()) !=
         0;
#endif
}

}  // namespace

Secret<32> x25519_private(View<32> random) {
  Secret<32> key(random);
  const MutView<32> bytes = key.mut();
  bytes[0] &= 248;
  bytes[31] = static_cast<std::uint8_t>((bytes[31] & 127) | 64);
  return key;
}

Result<Secret<32>> x25519_private(Rng& rng) {
  const auto random = TRY(rng.draw<32>());
  return x25519_private(random.view());
}

ByteArray<32> x25519_public(const Secret<32>& private_key) {
  const Secret<32> clamped = x25519_private(private_key.view());
  edwards::Point point;
  edwards::multiply_base(clamped.view(), point);
  const ByteArray<32> out = edwards::to_u(point);
  edwards::wipe_point(point);
  declassify(out);  // a public key
  return out;
}

Result<Secret<32>> x25519(const Secret<32>& private_key, View<32> public_key) {
  Secret<32> out;
  bool zero = multiply(private_key, public_key, out.mut());
  // Whether the public key is of low order follows from the public key.
  declassify({reinterpret_cast<const std::uint8_t*>(&zero), sizeof(zero)});
  if (zero) return Error::kBadKey;
  return out;
}

}  // namespace core::crypto
