#include "core/e2e/chain.h"

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

void step_chain(ChainKey& chain, MutBytes seed) {
  CHECK(chain.index < UINT32_MAX);
  crypto::HmacSha256 hmac(chain.key);
  if (!seed.empty()) {
    hmac.update(kSeedInput);
    hmac.finish(seed.first<32>());
  }
  hmac.update(kChainInput);
  hmac.finish(chain.key);
  ++chain.index;
}

}  // namespace core::e2e
