// Rows of two ChaCha blocks in vectors of 256 bits. How to rotate words is for
// the file to say that is compiled for a kind of processor.
#ifndef CORE_CRYPTO_CHACHA_POLY_256_H_
#define CORE_CRYPTO_CHACHA_POLY_256_H_

#include <immintrin.h>

#include "core/crypto/chacha_poly_kernel.h"

namespace core::crypto::chacha_poly {

struct Rows256 {
  using Vector = __m256i;
  static constexpr std::uint32_t kWidth = 2;
  static constexpr std::size_t kMostSets = 3;  // more would not fit 16 registers
  static constexpr std::size_t kBytes = 32;
  static constexpr std::size_t kBeside = 2;

  [[gnu::always_inline]] static Vector add(Vector a, Vector b) { return _mm256_add_epi32(a, b); }
  [[gnu::always_inline]] static Vector exclusive_or(Vector a, Vector b) {
    return _mm256_xor_si256(a, b);
  }
  template <int kOrder>
  [[gnu::always_inline]] static Vector turn(Vector a) {
    return _mm256_shuffle_epi32(a, kOrder);
  }
  [[gnu::always_inline]] static Vector broadcast_row(const std::uint8_t* row) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(row)));
  }
  [[gnu::always_inline]] static Vector broadcast_word(std::uint32_t word) {
    return _mm256_set1_epi32(static_cast<int>(word));
  }
  [[gnu::always_inline]] static Vector numbers() {
    return _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  }
  [[gnu::always_inline]] static Vector counter_row(std::uint32_t first, const std::uint8_t* nonce) {
    int words[3];
    __builtin_memcpy(words, nonce, sizeof(words));
    const auto counter = static_cast<int>(first);
    return _mm256_setr_epi32(counter, words[0], words[1], words[2], counter + 1, words[0], words[1],
                             words[2]);
  }
  // Four vectors as the rows of a matrix, in each half.
  [[gnu::always_inline]] static void transpose(Vector* x) {
    const Vector a = _mm256_unpacklo_epi32(x[0], x[1]), b = _mm256_unpackhi_epi32(x[0], x[1]);
    const Vector c = _mm256_unpacklo_epi32(x[2], x[3]), d = _mm256_unpackhi_epi32(x[2], x[3]);
    x[0] = _mm256_unpacklo_epi64(a, c);
    x[1] = _mm256_unpackhi_epi64(a, c);
    x[2] = _mm256_unpacklo_epi64(b, d);
    x[3] = _mm256_unpackhi_epi64(b, d);
  }
  // The block of the low halves to `out`, that of the high halves `next` bytes on.
  [[gnu::always_inline]] static void store(Vector a, Vector b, Vector c, Vector d,
                                           std::uint8_t* out, std::size_t next) {
    auto* const low = reinterpret_cast<Vector*>(out);
    auto* const high = reinterpret_cast<Vector*>(out + next);
    _mm256_store_si256(low, _mm256_permute2x128_si256(a, b, 0x20));
    _mm256_store_si256(low + 1, _mm256_permute2x128_si256(c, d, 0x20));
    _mm256_store_si256(high, _mm256_permute2x128_si256(a, b, 0x31));
    _mm256_store_si256(high + 1, _mm256_permute2x128_si256(c, d, 0x31));
  }
  [[gnu::always_inline]] static void wipe(std::uint8_t* at) {
    _mm256_store_si256(reinterpret_cast<Vector*>(at), _mm256_setzero_si256());
  }
  [[gnu::always_inline]] static Vector load(const std::uint8_t* in) {
    return _mm256_loadu_si256(reinterpret_cast<const Vector*>(in));
  }
  [[gnu::always_inline]] static void xor_to(std::uint8_t* text, const std::uint8_t* keystream) {
    _mm256_storeu_si256(reinterpret_cast<Vector*>(text),
                        _mm256_xor_si256(load(text), load(keystream)));
  }
};

}  // namespace core::crypto::chacha_poly
#endif  // CORE_CRYPTO_CHACHA_POLY_256_H_
