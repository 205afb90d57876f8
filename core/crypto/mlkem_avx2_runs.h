// Runs of 16 coefficients in vectors, for the files that are compiled for AVX2.
// All functions are inlined always (keccak_avx2.cc says why).
#ifndef CORE_CRYPTO_MLKEM_AVX2_RUNS_H_
#define CORE_CRYPTO_MLKEM_AVX2_RUNS_H_

#include <immintrin.h>

#include "core/crypto/mlkem_zetas.h"

namespace core::crypto::mlkem::avx2 {

using Vector = __m256i;

[[gnu::always_inline]] inline Vector load_run(const std::int16_t* poly, int run) {
  return _mm256_load_si256(reinterpret_cast<const Vector*>(poly) + run);
}

[[gnu::always_inline]] inline void store_run(std::int16_t* poly, int run, Vector a) {
  _mm256_store_si256(reinterpret_cast<Vector*>(poly) + run, a);
}

[[gnu::always_inline]] inline void load_all(const std::int16_t* poly, Vector (&x)[16]) {
  for (int i = 0; i < 16; ++i) x[i] = load_run(poly, i);
}

[[gnu::always_inline]] inline Vector all(int a) {
  return _mm256_set1_epi16(static_cast<std::int16_t>(a));
}

// Swaps element b of run a with element a of run b.
[[gnu::always_inline]] inline void transpose(Vector (&x)[16]) {
  Vector y[16];
  // Pairs of runs 1 apart, then 2, 4 and 8: each step swaps blocks of that size.
  for (int i = 0; i < 16; i += 2) {
    y[i] = _mm256_unpacklo_epi16(x[i], x[i + 1]);
    y[i + 1] = _mm256_unpackhi_epi16(x[i], x[i + 1]);
  }
  for (int i = 0; i < 16; i += 4) {
    for (int k = 0; k < 2; ++k) {
      x[i + 2 * k] = _mm256_unpacklo_epi32(y[i + k], y[i + k + 2]);
      x[i + 2 * k + 1] = _mm256_unpackhi_epi32(y[i + k], y[i + k + 2]);
    }
  }
  for (int i = 0; i < 16; i += 8) {
    for (int k = 0; k < 4; ++k) {
      y[i + 2 * k] = _mm256_unpacklo_epi64(x[i + k], x[i + k + 4]);
      y[i + 2 * k + 1] = _mm256_unpackhi_epi64(x[i + k], x[i + k + 4]);
    }
  }
  for (int i = 0; i < 8; ++i) {
    x[i] = _mm256_permute2x128_si256(y[i], y[i + 8], 0x20);
    x[i + 8] = _mm256_permute2x128_si256(y[i], y[i + 8], 0x31);
  }
}

}  // namespace core::crypto::mlkem::avx2
#endif  // CORE_CRYPTO_MLKEM_AVX2_RUNS_H_
