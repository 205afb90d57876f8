// BLAKE2s's compression with a row of four words in each of four vectors. What
// depends on the processor is a class `V` in an anonymous namespace of the file
// that is compiled for it: it holds a block, whose words it picks, and rotates
// words to the right. Spec: [RFC7693] 3.2.
#ifndef CORE_CRYPTO_BLAKE2S_ROWS_H_
#define CORE_CRYPTO_BLAKE2S_ROWS_H_

#include <immintrin.h>

#include "core/crypto/blake2s_code.h"

namespace core::crypto::blake2s_code {

[[gnu::always_inline]] inline __m128i load_row(const void* in) {
  return _mm_loadu_si128(static_cast<const __m128i*>(in));
}

struct Rows {
  __m128i a, b, c, d;
};

// Four mixing functions side by side.
template <class V>
[[gnu::always_inline]] inline void mix(Rows& v, __m128i x, __m128i y) {
  v.a = _mm_add_epi32(_mm_add_epi32(v.a, x), v.b);
  v.d = V::template rotate<16>(_mm_xor_si128(v.d, v.a));
  v.c = _mm_add_epi32(v.c, v.d);
  v.b = V::template rotate<12>(_mm_xor_si128(v.b, v.c));
  v.a = _mm_add_epi32(_mm_add_epi32(v.a, y), v.b);
  v.d = V::template rotate<8>(_mm_xor_si128(v.d, v.a));
  v.c = _mm_add_epi32(v.c, v.d);
  v.b = V::template rotate<7>(_mm_xor_si128(v.b, v.c));
}

// A whole round; which one is known when this is compiled.
template <class V, int kRound>
[[gnu::always_inline]] inline void round(Rows& v, const V& m) {
  const std::uint8_t* const s = kSigma[kRound];
  mix<V>(v, m.words(s[0], s[2], s[4], s[6]), m.words(s[1], s[3], s[5], s[7]));
  // Turns the rows so that diagonals become columns. Row b stays: it is the last
  // to be known, and the first to be needed.
  v.a = _mm_shuffle_epi32(v.a, 0x93);
  v.d = _mm_shuffle_epi32(v.d, 0x4e);
  v.c = _mm_shuffle_epi32(v.c, 0x39);
  mix<V>(v, m.words(s[14], s[8], s[10], s[12]), m.words(s[15], s[9], s[11], s[13]));
  v.a = _mm_shuffle_epi32(v.a, 0x39);
  v.d = _mm_shuffle_epi32(v.d, 0x4e);
  v.c = _mm_shuffle_epi32(v.c, 0x93);
}

template <class V, int... kRounds>
[[gnu::always_inline]] inline void rounds(Rows& v, const V& m) {
  (round<V, kRounds>(v, m), ...);
}

template <class V>
[[gnu::always_inline]] inline void compress(std::uint32_t* h, const Input& input) {
  const V m(input.block);
  const __m128i h0 = load_row(h), h1 = load_row(h + 4);
  const __m128i flags =
      _mm_setr_epi32(static_cast<int>(input.count), static_cast<int>(input.count >> 32),
                     static_cast<int>(input.last), 0);
  Rows v{h0, h1, load_row(kInitial), _mm_xor_si128(load_row(kInitial + 4), flags)};
  rounds<V, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9>(v, m);
  auto* const out = reinterpret_cast<__m128i*>(h);
  _mm_storeu_si128(out, _mm_xor_si128(h0, _mm_xor_si128(v.a, v.c)));
  _mm_storeu_si128(out + 1, _mm_xor_si128(h1, _mm_xor_si128(v.b, v.d)));
}

}  // namespace core::crypto::blake2s_code
#endif  // CORE_CRYPTO_BLAKE2S_ROWS_H_
