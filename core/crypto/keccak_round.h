// One round of Keccak-f[1600] for lanes of any word type: 64-bit words, or
// vectors of them, one state for each element.
// Spec: [FIPS202] 3.2.
#ifndef CORE_CRYPTO_KECCAK_ROUND_H_
#define CORE_CRYPTO_KECCAK_ROUND_H_

#include "core/base/bytes.h"

namespace core::crypto::keccak {

inline constexpr std::uint64_t kRoundConstants[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};

// Lane x, y of a state is element x + 5 y. No std::array here: files that
// are compiled for one kind of processor share no inline function with others.
// Working memory is left as it is: the caller wipes if its states are secret.

template <int N, class Lane>
[[gnu::always_inline]] inline void rotate(Lane& out, const Lane& in) {
  out = (in << N) | (in >> (64 - N));
}

// Chi wants the complement of every lane. Processors without an instruction for
// that save most of them if some lanes are always complemented: then it is an and
// or an or of what is there. A set of lanes is a word of 25 bits.
inline constexpr std::uint32_t kNone = 0;
inline constexpr std::size_t kSomeLanes[6] = {1, 2, 8, 12, 17, 20};
inline constexpr std::uint32_t kSome = [] {
  std::uint32_t out = 0;
  for (const std::size_t lane : kSomeLanes) out |= 1u << lane;
  return out;
}();

// Where rho and pi take each lane from.
inline constexpr std::size_t kSources[25] = {0,  6,  12, 18, 24, 3,  9,  10, 16, 22, 1,  7, 13,
                                             19, 20, 4,  5,  11, 17, 23, 2,  8,  14, 15, 21};

// Whether that lane is complemented after theta, if those of `set` were before.
constexpr bool is_complemented(std::uint32_t set, std::size_t lane) {
  const std::size_t source = kSources[lane];
  const auto column = [&](std::size_t x) {
    return (set >> x ^ set >> (x + 5) ^ set >> (x + 10) ^ set >> (x + 15) ^ set >> (x + 20)) & 1;
  };
  return ((set >> source ^ column((source + 4) % 5) ^ column((source + 1) % 5)) & 1) != 0;
}

// a ^ (~b & c), lane `kLane` of the result, where lanes of kSet are complemented
// before the round and after it.
template <std::uint32_t kSet, std::size_t kLane, class Lane>
[[gnu::always_inline]] inline Lane chi(const Lane& a, const Lane& b, const Lane& c) {
  constexpr std::size_t kRow = kLane / 5 * 5;
  constexpr bool kB = is_complemented(kSet, kRow + (kLane + 1) % 5);
  constexpr bool kC = is_complemented(kSet, kRow + (kLane + 2) % 5);
  constexpr bool kChanges = is_complemented(kSet, kLane) != ((kSet >> kLane & 1) != 0);
  if constexpr (kB && !kC) {
    return kChanges ? ~a ^ (b & c) : a ^ (b & c);
  } else if constexpr (!kB && kC) {
    return kChanges ? a ^ (b | c) : ~a ^ (b | c);
  } else if constexpr (kB) {
    return kChanges ? a ^ (~b | c) : a ^ (b & ~c);
  } else {
    return kChanges ? a ^ (b | ~c) : a ^ (~b & c);
  }
}

// out = the round of in, without the round constant.
template <std::uint32_t kSet = kNone, class Lane>
[[gnu::always_inline]] inline void round(const Lane (&in)[25], Lane (&out)[25]) {
  // theta
  const Lane c0 = in[0] ^ in[5] ^ in[10] ^ in[15] ^ in[20];
  const Lane c1 = in[1] ^ in[6] ^ in[11] ^ in[16] ^ in[21];
  const Lane c2 = in[2] ^ in[7] ^ in[12] ^ in[17] ^ in[22];
  const Lane c3 = in[3] ^ in[8] ^ in[13] ^ in[18] ^ in[23];
  const Lane c4 = in[4] ^ in[9] ^ in[14] ^ in[19] ^ in[24];
  Lane d0, d1, d2, d3, d4;
  rotate<1>(d0, c1);
  d0 ^= c4;
  rotate<1>(d1, c2);
  d1 ^= c0;
  rotate<1>(d2, c3);
  d2 ^= c1;
  rotate<1>(d3, c4);
  d3 ^= c2;
  rotate<1>(d4, c0);
  d4 ^= c3;
  // rho, pi and chi, one row after the other
  Lane b0, b1, b2, b3, b4;
  b0 = in[0] ^ d0;
  rotate<44>(b1, in[6] ^ d1);
  rotate<43>(b2, in[12] ^ d2);
  rotate<21>(b3, in[18] ^ d3);
  rotate<14>(b4, in[24] ^ d4);
  out[0] = chi<kSet, 0>(b0, b1, b2);
  out[1] = chi<kSet, 1>(b1, b2, b3);
  out[2] = chi<kSet, 2>(b2, b3, b4);
  out[3] = chi<kSet, 3>(b3, b4, b0);
  out[4] = chi<kSet, 4>(b4, b0, b1);
  rotate<28>(b0, in[3] ^ d3);
  rotate<20>(b1, in[9] ^ d4);
  rotate<3>(b2, in[10] ^ d0);
  rotate<45>(b3, in[16] ^ d1);
  rotate<61>(b4, in[22] ^ d2);
  out[5] = chi<kSet, 5>(b0, b1, b2);
  out[6] = chi<kSet, 6>(b1, b2, b3);
  out[7] = chi<kSet, 7>(b2, b3, b4);
  out[8] = chi<kSet, 8>(b3, b4, b0);
  out[9] = chi<kSet, 9>(b4, b0, b1);
  rotate<1>(b0, in[1] ^ d1);
  rotate<6>(b1, in[7] ^ d2);
  rotate<25>(b2, in[13] ^ d3);
  rotate<8>(b3, in[19] ^ d4);
  rotate<18>(b4, in[20] ^ d0);
  out[10] = chi<kSet, 10>(b0, b1, b2);
  out[11] = chi<kSet, 11>(b1, b2, b3);
  out[12] = chi<kSet, 12>(b2, b3, b4);
  out[13] = chi<kSet, 13>(b3, b4, b0);
  out[14] = chi<kSet, 14>(b4, b0, b1);
  rotate<27>(b0, in[4] ^ d4);
  rotate<36>(b1, in[5] ^ d0);
  rotate<10>(b2, in[11] ^ d1);
  rotate<15>(b3, in[17] ^ d2);
  rotate<56>(b4, in[23] ^ d3);
  out[15] = chi<kSet, 15>(b0, b1, b2);
  out[16] = chi<kSet, 16>(b1, b2, b3);
  out[17] = chi<kSet, 17>(b2, b3, b4);
  out[18] = chi<kSet, 18>(b3, b4, b0);
  out[19] = chi<kSet, 19>(b4, b0, b1);
  rotate<62>(b0, in[2] ^ d2);
  rotate<55>(b1, in[8] ^ d3);
  rotate<39>(b2, in[14] ^ d4);
  rotate<41>(b3, in[15] ^ d0);
  rotate<2>(b4, in[21] ^ d1);
  out[20] = chi<kSet, 20>(b0, b1, b2);
  out[21] = chi<kSet, 21>(b1, b2, b3);
  out[22] = chi<kSet, 22>(b2, b3, b4);
  out[23] = chi<kSet, 23>(b3, b4, b0);
  out[24] = chi<kSet, 24>(b4, b0, b1);
}

// All 24 rounds, in place.
template <class Lane>
[[gnu::always_inline]] inline void rounds(Lane (&state)[25]) {
  Lane other[25];
  for (std::size_t i = 0; i < 24; i += 2) {
    round(state, other);
    other[0] ^= kRoundConstants[i];
    round(other, state);
    state[0] ^= kRoundConstants[i + 1];
  }
}

}  // namespace core::crypto::keccak
#endif  // CORE_CRYPTO_KECCAK_ROUND_H_
