#include "core/prekey/bundle.h"

namespace core::prekey {
namespace {

bool has_types(View<kCurveKeySize> identity_key, const SignedPreKey& key) {
  return identity_key[0] == kCurveKeyType && key.public_key[0] == kCurveKeyType;
}

bool has_types(View<kCurveKeySize> identity_key, const KemPreKey& key) {
  return identity_key[0] == kCurveKeyType && key.public_key[0] == crypto::kKyber1024Type;
}

}  // namespace

Status verify(View<kCurveKeySize> identity_key, const SignedPreKey& key) {
  if (!has_types(identity_key, key)) return Error::kBadKey;
  return crypto::xeddsa_verify(identity_key.subspan<1>(), key.public_key, key.signature);
}

Status verify(View<kCurveKeySize> identity_key, const KemPreKey& key) {
  if (!has_types(identity_key, key)) return Error::kBadKey;
  return crypto::xeddsa_verify(identity_key.subspan<1>(), key.public_key, key.signature);
}

Status verify(const Bundle& bundle) {
  const auto& signed_pre_key = bundle.signed_pre_key;
  const auto& kem = bundle.kem;
  if (!has_types(bundle.identity_key, signed_pre_key) ||
      (kem && !has_types(bundle.identity_key, *kem)) ||
      (bundle.one_time && bundle.one_time->public_key[0] != kCurveKeyType)) {
    return Error::kBadKey;
  }
  const View<32> signer = bundle.identity_key.subspan<1>();
  const crypto::SignedMessage first{signed_pre_key.public_key, signed_pre_key.signature};
  if (!kem) return crypto::xeddsa_verify(signer, {&first, 1});
  const std::array<crypto::SignedMessage, 2> both{first, {kem->public_key, kem->signature}};
  return crypto::xeddsa_verify(signer, both);
}

}  // namespace core::prekey
