// The root chain: every Diffie-Hellman output makes a new root key and a new
// chain. Spec: [DR] 5.2 (KDF_RK), docs/spec/end-to-end.md chains.
#ifndef CORE_E2E_ROOT_H_
#define CORE_E2E_ROOT_H_

#include "core/e2e/chain.h"
#include "core/e2e/identity.h"

namespace core::e2e {

struct RootStep;

class RootKey {
 public:
  RootKey() = default;
  explicit RootKey(Secret<32> key) : key_(std::move(key)) {}

  // The root key and chain that follow. This one stays as it is.
  // Errors: kBadKey if `theirs` is of low order.
  Result<RootStep> step(const OurRatchetKey& ours, const TheirRatchetKey& theirs) const;
  View<32> key() const { return key_.view(); }

 private:
  Secret<32> key_;
};

struct RootStep {
  RootKey root;
  ChainKey chain;
};

}  // namespace core::e2e
#endif  // CORE_E2E_ROOT_H_
