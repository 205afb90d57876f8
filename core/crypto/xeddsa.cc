#include "core/crypto/xeddsa.h"

#include "core/crypto/ct.h"
#include "core/crypto/curve25519_var.h"
#include "core/crypto/scalar25519.h"
#include "core/crypto/sha2.h"

namespace core::crypto {
namespace {

using scalar25519::reduce;

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
  const Secret<32> s = scalar25519::multiply_add(h.view(), a.view(), r.view());

  ByteArray<64> signature;
  copy(nonce_point, signature);
  copy(s.view(), MutBytes(signature).subspan(32));
  signature[63] = static_cast<std::uint8_t>(signature[63] | (public_point[31] & 0x80));
  declassify(signature);
  return signature;
}

Result<ByteArray<64>> xeddsa_sign(const Secret<32>& private_key, Bytes message, Rng& rng) {
  Secret<64> random;
  TRY(rng.fill(random.mut()));
  return xeddsa_sign(private_key, message, random.view());
}

Status xeddsa_verify(View<32> public_key, std::span<const SignedMessage> all) {
  const auto even = edwards::from_u_var(public_key);
  // Points of small order are refused: no honest signer uses them.
  if (!even || edwards::has_small_order_var(*even)) return Error::kBadTag;
  const ByteArray<32> y = field25519::to_bytes((*even).y);
  const edwards::Point odd = edwards::negative(*even);
  for (const auto& [message, signature] : all) {
    const std::uint8_t sign = signature[63] & 0x80;
    if ((signature[63] & 0x60) != 0) return Error::kBadTag;  // s reaches 2^253
    ByteArray<32> encoded = y;
    encoded[31] = static_cast<std::uint8_t>(encoded[31] | sign);
    ByteArray<32> s = to_array(signature.last<32>());  // may be L or more: Signal reduces it
    s[31] &= 0x7f;

    const std::array<Bytes, 3> parts{signature.first<32>(), encoded, message};
    const Secret<32> h = hash_to_scalar(parts);
    edwards::Point nonce_point;
    edwards::multiply_subtract_var(s, h.view(), sign != 0 ? odd : *even, nonce_point);
    if (edwards::has_small_order_var(nonce_point) ||
        !equal_var(edwards::encode(nonce_point), signature.first<32>())) {
      return Error::kBadTag;
    }
  }
  return {};
}

Status xeddsa_verify(View<32> public_key, Bytes message, View<64> signature) {
  const SignedMessage one{message, signature};
  return xeddsa_verify(public_key, {&one, 1});
}

}  // namespace core::crypto
