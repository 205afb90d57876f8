#include "core/e2e/identity.h"

#include "core/crypto/xeddsa.h"

namespace core::e2e {

PublicKey public_key_of(const Secret<32>& private_key) {
  PublicKey out;
  out[0] = prekey::kCurveKeyType;
  copy(crypto::x25519_public(private_key), MutBytes(out).subspan(1));
  return out;
}

Result<ByteArray<64>> sign_pre_key(const OurIdentity& identity, Bytes public_key, Rng& rng) {
  return crypto::xeddsa_sign(identity.private_key(), public_key, rng);
}

}  // namespace core::e2e
