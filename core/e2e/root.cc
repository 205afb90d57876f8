#include "core/e2e/root.h"

#include "core/crypto/hkdf.h"

namespace core::e2e {
namespace {

constexpr auto kRatchetLabel = label("WhisperRatchet");

}  // namespace

Status step_root(MutView<32> root, View<32> ours, const TheirRatchetKey& theirs, ChainKey& chain) {
  const Secret<32> private_key(ours);
  const crypto::X25519Pair pair{private_key, theirs.point()};
  Secret<32> shared;
  TRY(crypto::x25519({&pair, 1}, shared.mut()));
  const auto next = crypto::hkdf_sha256<64>(root, shared.view(), kRatchetLabel);
  copy(next.view().first<32>(), root);
  copy(next.view().last<32>(), chain.key);
  chain.index = 0;
  return {};
}

}  // namespace core::e2e
