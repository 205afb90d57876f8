// The permutation under SHA-3 and SHAKE. Spec: [FIPS202] 3.
#ifndef CORE_CRYPTO_KECCAK_H_
#define CORE_CRYPTO_KECCAK_H_

#include "core/base/bytes.h"

namespace core::crypto::keccak {

using State = std::array<std::uint64_t, 25>;

// Keccak-f[1600], with the best instructions that the processor has. Constant time.
void permute(State& state);

// Four states side by side: lane i of state s is lanes[4 * i + s].
struct FourStates {
  alignas(32) std::array<std::uint64_t, 100> lanes;
};

// Permutes the first `count` of the states, 1 to 4; what becomes of the others
// is not said. Uses the widest instructions that the processor has.
void permute4(FourStates& states, std::size_t count);

// The same without them: what those are tested against.
void permute_portable(State& state);
void permute4_portable(FourStates& states, std::size_t count);

}  // namespace core::crypto::keccak
#endif  // CORE_CRYPTO_KECCAK_H_
