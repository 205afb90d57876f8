// The root chain: every Diffie-Hellman output makes a new root key and a new
// chain. Spec: [DR] 5.2 (KDF_RK), docs/spec/end-to-end.md chains.
#ifndef CORE_E2E_ROOT_H_
#define CORE_E2E_ROOT_H_

#include "core/e2e/chain.h"
#include "core/e2e/identity.h"

namespace core::e2e {

// Replaces the root key by the next, and `chain` by the one that follows. `ours`
// is our private ratchet key.
// Errors: kBadKey if `theirs` is of low order, and then nothing has changed.
Status step_root(MutView<32> root, View<32> ours, const TheirRatchetKey& theirs, ChainKey& chain);

}  // namespace core::e2e
#endif  // CORE_E2E_ROOT_H_
