// Compiled for AVX-512VL: no inline function of another header may end up here,
// or the linker could keep this copy of it for processors without AVX-512VL.
#include "core/crypto/blake2s_rows.h"

namespace core::crypto::blake2s_code {
namespace {

class Avx512 {
 public:
  [[gnu::always_inline]] explicit Avx512(const std::uint8_t* block)
      : low_(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(block))),
        high_(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(block) + 1)) {}
  [[gnu::always_inline]] __m128i words(int i, int j, int k, int l) const {
    const __m256i order = _mm256_setr_epi32(i, j, k, l, 0, 0, 0, 0);
    return _mm256_castsi256_si128(_mm256_permutex2var_epi32(low_, order, high_));
  }
  template <int N>
  [[gnu::always_inline]] static __m128i rotate(__m128i a) {
    return _mm_ror_epi32(a, N);
  }

 private:
  __m256i low_, high_;
};

}  // namespace

void compress_avx512(std::uint32_t* h, const Input& input) { compress<Avx512>(h, input); }

}  // namespace core::crypto::blake2s_code
