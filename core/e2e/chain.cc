#include "core/e2e/chain.h"

#include "core/base/result.h"
#include "core/crypto/hkdf.h"
#include "core/crypto/hmac.h"

namespace core::e2e {
namespace {

constexpr auto kMessageKeysLabel = label("WhisperMessageKeys");
constexpr ByteArray<1> kSeedInput{0x01};
constexpr ByteArray<1> kChainInput{0x02};

}  // namespace

MessageKeys::MessageKeys(const Secret<32>& seed, Bytes spqr_key) {
  crypto::hkdf_sha256(spqr_key, seed.view(), kMessageKeysLabel, keys_.mut());
}

Secret<32> ChainKey::take() {
  CHECK(index_ < UINT32_MAX);
  crypto::HmacSha256 hmac(key_.view());
  Secret<32> seed;
  hmac.update(kSeedInput);
  hmac.finish(seed.mut());
  hmac.update(kChainInput);
  hmac.finish(key_.mut());
  ++index_;
  return seed;
}

void ChainKey::advance() {
  CHECK(index_ < UINT32_MAX);
  key_ = crypto::hmac_sha256(key_.view(), {kChainInput});
  ++index_;
}

}  // namespace core::e2e
