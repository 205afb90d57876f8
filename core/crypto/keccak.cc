#include "core/crypto/keccak.h"

#include "core/crypto/cpu.h"
#include "core/crypto/keccak_round.h"
#include "core/crypto/keccak_vector.h"

namespace core::crypto::keccak {
namespace {

void one_by_one(FourStates& states, std::size_t count, void (*permute_one)(State&)) {
  for (std::size_t s = 0; s < count; ++s) {
    State state;
    for (std::size_t i = 0; i < 25; ++i) state[i] = states.lanes[4 * i + s];
    permute_one(state);
    for (std::size_t i = 0; i < 25; ++i) states.lanes[4 * i + s] = state[i];
    wipe({reinterpret_cast<std::uint8_t*>(state.data()), sizeof(state)});
  }
}

}  // namespace

void permute(State& state) {
#ifdef GINNEL_KECCAK_VECTOR
  if (cpu::has_avx512()) return permute_avx512(state);
  if (cpu::has_avx2()) return permute_avx2(state);
#endif
  permute_portable(state);
}

void permute_portable(State& state) {
  for (const std::size_t lane : kSomeLanes) state[lane] = ~state[lane];
  std::uint64_t other[25];
  auto* in = reinterpret_cast<std::uint64_t(*)[25]>(state.data());
  auto* out = &other;
  for (const std::uint64_t constant : kRoundConstants) {
    round<kSome>(*in, *out);
    (*out)[0] ^= constant;
    std::swap(in, out);
  }
  for (const std::size_t lane : kSomeLanes) state[lane] = ~state[lane];
}

void permute4_portable(FourStates& states, std::size_t count) {
  one_by_one(states, count, permute_portable);
}

void permute4(FourStates& states, std::size_t count) {
#ifdef GINNEL_KECCAK_VECTOR
  if (cpu::has_avx512()) return permute4_avx512(states);
  if (count > 1 && cpu::has_avx2()) return permute4_avx2(states);
#endif
  one_by_one(states, count, permute);
}

}  // namespace core::crypto::keccak
