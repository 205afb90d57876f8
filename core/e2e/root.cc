#include "core/e2e/root.h"

#include "core/crypto/hkdf.h"

namespace core::e2e {
namespace {

constexpr auto kRatchetLabel = label("WhisperRatchet");

}  // namespace

Result<RootStep> RootKey::step(const OurRatchetKey& ours, const TheirRatchetKey& theirs) const {
  const auto shared = TRY(agree(ours, theirs));
  const auto keys = crypto::hkdf_sha256<64>(key_.view(), shared.view(), kRatchetLabel);
  return RootStep{RootKey(Secret<32>(keys.view().first<32>())),
                  ChainKey(Secret<32>(keys.view().last<32>()))};
}

}  // namespace core::e2e
