#include "core/crypto/keccak.h"

#include "core/crypto/cpu.h"
#include "core/crypto/keccak_round.h"
#include "core/crypto/keccak_vector.h"

namespace core::crypto::keccak {

void permute(State& state) {
  std::uint64_t lanes[25];
  std::copy(state.begin(), state.end(), lanes);
  rounds(lanes);
  std::copy(lanes, lanes + 25, state.begin());
}

void permute4_portable(FourStates& states, std::size_t count) {
  for (std::size_t s = 0; s < count; ++s) {
    State state;
    for (std::size_t i = 0; i < 25; ++i) state[i] = states.lanes[4 * i + s];
    permute(state);
    for (std::size_t i = 0; i < 25; ++i) states.lanes[4 * i + s] = state[i];
    wipe({reinterpret_cast<std::uint8_t*>(state.data()), sizeof(state)});
  }
}

void permute4(FourStates& states, std::size_t count) {
#ifdef GINNEL_KECCAK_VECTOR
  if (count > 1 && cpu::has_avx512()) return permute4_avx512(states);
  if (count > 1 && cpu::has_avx2()) return permute4_avx2(states);
#endif
  permute4_portable(states, count);
}

}  // namespace core::crypto::keccak
