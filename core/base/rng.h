// Where the core's randomness comes from.
#ifndef CORE_BASE_RNG_H_
#define CORE_BASE_RNG_H_

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace core {

// The only source of randomness the core sees. Implemented by ports.
class Rng {
 public:
  // Fills `out` with bytes fit for keys. Fails rather than block or degrade.
  // Errors: kRng, and then `out` is all zeros.
  virtual Status fill(MutBytes out) = 0;

  // N fresh secret bytes. Errors: kRng.
  template <std::size_t N>
  Result<Secret<N>> draw() {
    Secret<N> out;
    TRY(fill(out.mut()));
    return out;
  }

 protected:
  ~Rng() = default;  // not owned through this interface: no heap delete
};

}  // namespace core
#endif  // CORE_BASE_RNG_H_
