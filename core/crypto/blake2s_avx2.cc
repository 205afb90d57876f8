// Compiled for AVX2: no inline function of another header may end up here, or
// the linker could keep this copy of it for processors without AVX2.
#include "core/crypto/blake2s_rows.h"

namespace core::crypto::blake2s_code {
namespace {

class Avx2 {
 public:
  [[gnu::always_inline]] explicit Avx2(const std::uint8_t* block) {
    __builtin_memcpy(m_, block, sizeof(m_));
  }
  [[gnu::always_inline]] __m128i words(int i, int j, int k, int l) const {
    return _mm_setr_epi32(m_[i], m_[j], m_[k], m_[l]);
  }
  template <int N>
  [[gnu::always_inline]] static __m128i rotate(__m128i a) {
    if constexpr (N == 16) {
      return _mm_shuffle_epi8(a,
                              _mm_setr_epi8(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
    } else if constexpr (N == 8) {
      return _mm_shuffle_epi8(a,
                              _mm_setr_epi8(1, 2, 3, 0, 5, 6, 7, 4, 9, 10, 11, 8, 13, 14, 15, 12));
    } else {
      return _mm_or_si128(_mm_srli_epi32(a, N), _mm_slli_epi32(a, 32 - N));
    }
  }

 private:
  int m_[16];
};

}  // namespace

void compress_avx2(std::uint32_t* h, const Input& input) { compress<Avx2>(h, input); }

}  // namespace core::crypto::blake2s_code
