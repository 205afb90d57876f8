#include "core/prekey/bundle.h"

namespace core::prekey {
namespace {

Status verify_signature(View<kCurveKeySize> identity_key, Bytes public_key,
                        View<crypto::kSignatureSize> signature) {
  if (identity_key[0] != kCurveKeyType) return Error::kBadKey;
  return crypto::xeddsa_verify(identity_key.subspan<1>(), public_key, signature);
}

}  // namespace

Status verify(View<kCurveKeySize> identity_key, const SignedPreKey& key) {
  if (key.public_key[0] != kCurveKeyType) return Error::kBadKey;
  return verify_signature(identity_key, key.public_key, key.signature);
}

Status verify(View<kCurveKeySize> identity_key, const KemPreKey& key) {
  if (key.public_key[0] != crypto::kKyber1024Type) return Error::kBadKey;
  return verify_signature(identity_key, key.public_key, key.signature);
}

Status verify(const Bundle& bundle) {
  if (bundle.one_time && bundle.one_time->public_key[0] != kCurveKeyType) return Error::kBadKey;
  TRY(verify(bundle.identity_key, bundle.signed_pre_key));
  if (bundle.kem) TRY(verify(bundle.identity_key, *bundle.kem));
  return {};
}

}  // namespace core::prekey
