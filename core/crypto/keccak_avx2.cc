// Compiled for AVX2: no inline function of another header may end up here, or
// the linker could keep this copy of it for processors without AVX2.
#include "core/crypto/keccak_round.h"
#include "core/crypto/keccak_vector.h"

namespace core::crypto::keccak {

// Not in vectors: BMI has what the rounds are made of.
void permute_avx2(State& state) {
  std::uint64_t lanes[25];
  static_assert(sizeof(lanes) == sizeof(state));
  __builtin_memcpy(lanes, &state, sizeof(lanes));
  rounds(lanes);
  __builtin_memcpy(&state, lanes, sizeof(lanes));
}

void permute4_avx2(FourStates& states) {
  using Lane [[gnu::vector_size(32)]] = std::uint64_t;
  Lane lanes[25];
  static_assert(sizeof(lanes) == sizeof(states.lanes));
  __builtin_memcpy(lanes, &states, sizeof(lanes));
  rounds(lanes);
  __builtin_memcpy(&states, lanes, sizeof(lanes));
}

}  // namespace core::crypto::keccak
