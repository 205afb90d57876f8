// Compiled for AVX-512VL: no inline function of another header may end up here, or
// the linker could keep this copy of it for processors without AVX-512VL.
#include "core/crypto/keccak_round.h"
#include "core/crypto/keccak_vector.h"

namespace core::crypto::keccak {

// One half of each vector does nothing, but 25 lanes fit in the registers.
void permute_avx512(State& state) {
  using Lane [[gnu::vector_size(16)]] = std::uint64_t;
  std::uint64_t words[25];
  static_assert(sizeof(words) == sizeof(state));
  __builtin_memcpy(words, &state, sizeof(words));
  Lane lanes[25];
  for (int i = 0; i < 25; ++i) lanes[i] = Lane{words[i], 0};
  rounds(lanes);
  for (int i = 0; i < 25; ++i) words[i] = lanes[i][0];
  __builtin_memcpy(&state, words, sizeof(words));
}

void permute4_avx512(FourStates& states) {
  using Lane [[gnu::vector_size(32)]] = std::uint64_t;
  Lane lanes[25];
  static_assert(sizeof(lanes) == sizeof(states.lanes));
  __builtin_memcpy(lanes, &states, sizeof(lanes));
  rounds(lanes);
  __builtin_memcpy(&states, lanes, sizeof(lanes));
}

}  // namespace core::crypto::keccak
