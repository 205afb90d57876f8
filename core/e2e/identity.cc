#include "core/e2e/identity.h"

#include "core/crypto/xeddsa.h"

namespace core::e2e {

PublicKey serialize_public(View<32> point) {
  PublicKey out;
  out[0] = prekey::kCurveKeyType;
  copy(point, MutBytes(out).subspan(1));
  return out;
}

Result<ByteArray<64>> sign_pre_key(const OurIdentity& identity, Bytes public_key, Rng& rng) {
  return crypto::xeddsa_sign(identity.private_key(), public_key, rng);
}

}  // namespace core::e2e
