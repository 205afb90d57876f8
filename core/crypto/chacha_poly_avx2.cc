// Compiled for AVX2: no inline function of another header may end up here, or
// the linker could keep this copy of it for processors without AVX2.
#include "core/crypto/chacha_poly_256.h"

namespace core::crypto::chacha_poly {
namespace {

struct Avx2 : Rows256 {
  template <int N>
  [[gnu::always_inline]] static Vector rotate(Vector a) {
    if constexpr (N == 16) {
      return _mm256_shuffle_epi8(a, _mm256_broadcastsi128_si256(_mm_setr_epi8(
                                        2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13)));
    } else if constexpr (N == 8) {
      return _mm256_shuffle_epi8(a, _mm256_broadcastsi128_si256(_mm_setr_epi8(
                                        3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14)));
    } else {
      return _mm256_or_si256(_mm256_slli_epi32(a, N), _mm256_srli_epi32(a, 32 - N));
    }
  }
};

}  // namespace

void run_avx2(Job* jobs, std::size_t count) { run<Avx2>(jobs, count); }

}  // namespace core::crypto::chacha_poly
