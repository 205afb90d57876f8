// Compiled for AVX-512VL: no inline function of another header may end up here,
// or the linker could keep this copy of it for processors without AVX-512VL.
#include "core/crypto/chacha_poly_256.h"

namespace core::crypto::chacha_poly {
namespace {

// One instruction rotates, and there are twice as many registers. Vectors of
// 512 bits were slower: Poly1305 runs beside, and has to keep up.
struct Avx512 : Rows256 {
  template <int N>
  [[gnu::always_inline]] static Vector rotate(Vector a) {
    return _mm256_rol_epi32(a, N);
  }
};

}  // namespace

void run_avx512(Job* jobs, std::size_t count) { run<Avx512>(jobs, count); }

}  // namespace core::crypto::chacha_poly
