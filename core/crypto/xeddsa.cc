// XEdDSA: signing by our multiples of the base point, verifying and scalars by
// libsodium.
#include "core/crypto/xeddsa.h"

#include <sodium.h>

#include "core/crypto/ct.h"
#include "core/crypto/edwards.h"
#include "core/crypto/sha2.h"

namespace core::crypto {
namespace {

// The scalar modulo the group's order L.
Secret<32> reduce(View<64> wide) {
  Secret<32> out;
  crypto_core_ed25519_scalar_reduce(out.mut().data(), wide.data());
  return out;
}

Secret<32> reduce(View<32> scalar) {
  Secret<64> wide;
  copy(scalar, wide.mut());
  return reduce(wide.view());
}

// Hash of the parts, modulo L.
Secret<32> hash_to_scalar(std::span<const Bytes> parts) {
  Secret<64> hash;
  ByteArray<64> digest = sha512(parts);
  copy(digest, hash.mut());
  wipe(digest);
  return reduce(hash.view());
}

// The prefix that keeps hash inputs for nonces apart from all others.
// Spec: [XEdDSA] 2.5 (hash_1).
constexpr ByteArray<32> nonce_prefix() {
  ByteArray<32> out;
  out.fill(0xff);
  out[0] = 0xfe;
  return out;
}

}  // namespace

ByteArray<64> xeddsa_sign(const Secret<32>& private_key, Bytes message, View<64> random) {
  const Secret<32> a = reduce(private_key.view());
  constexpr ByteArray<32> prefix = nonce_prefix();
  const std::array<Bytes, 4> nonce_parts{prefix, private_key.view(), message, random};
  const Secret<32> r = hash_to_scalar(nonce_parts);

  edwards::Point a_point, r_point;
  edwards::multiply_base(a.view(), a_point);
  edwards::multiply_base(r.view(), r_point);
  const auto [public_point, nonce_point] = edwards::encode_two(a_point, r_point);
  edwards::wipe_point(a_point);
  edwards::wipe_point(r_point);
  declassify(public_point);  // the public key, and half of the signature
  declassify(nonce_point);

  const std::array<Bytes, 3> parts{nonce_point, public_point, message};
  const Secret<32> h = hash_to_scalar(parts);
  Secret<32> product;
  crypto_core_ed25519_scalar_mul(product.mut().data(), h.view().data(), a.view().data());
  Secret<32> s;
  crypto_core_ed25519_scalar_add(s.mut().data(), product.view().data(), r.view().data());

  ByteArray<64> signature;
  copy(nonce_point, signature);
  copy(s.view(), MutBytes(signature).subspan(32));
  signature[63] = static_cast<std::uint8_t>(signature[63] | (public_point[31] & 0x80));
  declassify(signature);
  return signature;
}

Result<ByteArray<64>> xeddsa_sign(const Secret<32>& private_key, Bytes message, Rng& rng) {
  const auto random = TRY(rng.draw<64>());
  return xeddsa_sign(private_key, message, random.view());
}

Status xeddsa_verify(View<32> public_key, Bytes message, View<64> signature) {
  const auto sign = static_cast<std::uint8_t>(signature[63] >> 7);
  if ((signature[63] & 0x60) != 0) return Error::kBadTag;  // s reaches 2^253
  const auto point = edwards_from_u(public_key, sign);
  if (!point) return Error::kBadTag;

  // s may be L or more here: Signal reduces it, libsodium would refuse it.
  ByteArray<32> s = to_array(signature.last<32>());
  s[31] &= 0x7f;
  const Secret<32> reduced = reduce(s);
  ByteArray<64> ed25519;
  copy(signature.first<32>(), ed25519);
  copy(reduced.view(), MutBytes(ed25519).subspan(32));
  // Also refuses points of small order, which no honest signer uses.
  if (crypto_sign_ed25519_verify_detached(ed25519.data(), message.data(), message.size(),
                                          (*point).data()) != 0) {
    return Error::kBadTag;
  }
  return {};
}

}  // namespace core::crypto
