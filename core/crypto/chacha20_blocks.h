// ChaCha20 blocks in vectors of any width, in the two ways to lay them out. What
// depends on the processor is a class `V` in an anonymous namespace of the file
// that is compiled for it: Vector, kWidth rows of four words, and what can be
// done with it. Spec: [RFC8439] 2.3.
#ifndef CORE_CRYPTO_CHACHA20_BLOCKS_H_
#define CORE_CRYPTO_CHACHA20_BLOCKS_H_

#include <cstddef>
#include <cstdint>

// All functions are inlined always: files that are compiled for one kind of
// processor share no inline function with others.
namespace core::crypto::chacha_poly {

inline constexpr std::size_t kBlock = 64;
inline constexpr std::size_t kBesides = 20;
alignas(16) inline constexpr std::uint32_t kConstants[4] = {0x61707865, 0x3320646e, 0x79622d32,
                                                            0x6b206574};

// x[i] += y[i], z[i] = (z[i] ^ x[i]) <<< N: a step of `n` quarter rounds side
// by side.
template <class V, int N>
[[gnu::always_inline]] inline void step(typename V::Vector* x, const typename V::Vector* y,
                                        typename V::Vector* z, int n) {
  for (int i = 0; i < n; ++i) x[i] = V::add(x[i], y[i]);
  for (int i = 0; i < n; ++i) z[i] = V::exclusive_or(z[i], x[i]);
  for (int i = 0; i < n; ++i) z[i] = V::template rotate<N>(z[i]);
}

template <class V>
[[gnu::always_inline]] inline void quarter_rounds(typename V::Vector* a, typename V::Vector* b,
                                                  typename V::Vector* c, typename V::Vector* d,
                                                  int n) {
  step<V, 16>(a, b, d, n);
  step<V, 12>(c, d, b, n);
  step<V, 8>(a, b, d, n);
  step<V, 7>(c, d, b, n);
}

// The keystream blocks from `counter` on, S * V::kWidth of them, to `out`. A
// vector holds one row of V::kWidth blocks. Best for few blocks.
// Spec: [RFC8439] 2.3, 2.4.
template <class V, int S, class Beside>
[[gnu::always_inline]] inline void blocks_by_rows(const std::uint8_t* key,
                                                  const std::uint8_t* nonce, std::uint32_t counter,
                                                  std::uint8_t* out, Beside beside) {
  using Vector = typename V::Vector;
  const Vector a0 = V::broadcast_row(reinterpret_cast<const std::uint8_t*>(kConstants));
  const Vector b0 = V::broadcast_row(key), c0 = V::broadcast_row(key + 16);
  Vector a[S], b[S], c[S], d[S], d0[S];
  for (int i = 0; i < S; ++i) {
    d0[i] = V::counter_row(counter + static_cast<std::uint32_t>(i) * V::kWidth, nonce);
    a[i] = a0, b[i] = b0, c[i] = c0, d[i] = d0[i];
  }
  for (int round = 0; round < 20; round += 2) {
    quarter_rounds<V>(a, b, c, d, S);
    // Turns the rows so that diagonals become columns. Row b stays: it is the
    // last to be known, and the first to be needed.
    for (int i = 0; i < S; ++i) a[i] = V::template turn<0x93>(a[i]);
    for (int i = 0; i < S; ++i) d[i] = V::template turn<0x4e>(d[i]);
    for (int i = 0; i < S; ++i) c[i] = V::template turn<0x39>(c[i]);
    beside();
    quarter_rounds<V>(a, b, c, d, S);
    for (int i = 0; i < S; ++i) a[i] = V::template turn<0x39>(a[i]);
    for (int i = 0; i < S; ++i) d[i] = V::template turn<0x4e>(d[i]);
    for (int i = 0; i < S; ++i) c[i] = V::template turn<0x93>(c[i]);
    beside();
  }
  for (int i = 0; i < S; ++i) {
    V::store(V::add(a[i], a0), V::add(b[i], b0), V::add(c[i], c0), V::add(d[i], d0[i]),
             out + kBlock * V::kWidth * static_cast<std::size_t>(i), kBlock);
  }
}

// The same for any number of sets up to S.
template <class V, int S, class Beside>
[[gnu::always_inline]] inline void blocks_by_rows(std::size_t sets, const std::uint8_t* key,
                                                  const std::uint8_t* nonce, std::uint32_t counter,
                                                  std::uint8_t* out, Beside beside) {
  if constexpr (S > 1) {
    if (sets < S) return blocks_by_rows<V, S - 1>(sets, key, nonce, counter, out, beside);
  }
  blocks_by_rows<V, S>(key, nonce, counter, out, beside);
}

// The same for 4 * V::kWidth blocks: a vector holds one word of each. Best for
// many blocks. Both call `beside` kBesides times between, for work that wants
// other parts of the processor.
template <class V, class Beside>
[[gnu::always_inline]] inline void blocks_by_words(const std::uint8_t* key,
                                                   const std::uint8_t* nonce, std::uint32_t counter,
                                                   std::uint8_t* out, Beside beside) {
  using Vector = typename V::Vector;
  std::uint32_t words[16];
  __builtin_memcpy(words, kConstants, 16);
  __builtin_memcpy(words + 4, key, 32);
  words[12] = counter;
  __builtin_memcpy(words + 13, nonce, 12);
  Vector x[16];
  for (int i = 0; i < 16; ++i) x[i] = V::broadcast_word(words[i]);
  x[12] = V::add(x[12], V::numbers());
  for (int round = 0; round < 20; round += 2) {
    // Two columns at a time, then two diagonals: more would not fit the registers.
    for (int i = 0; i < 4; i += 2) quarter_rounds<V>(x + i, x + 4 + i, x + 8 + i, x + 12 + i, 2);
    beside();
    Vector b[4] = {x[5], x[6], x[7], x[4]}, c[4] = {x[10], x[11], x[8], x[9]},
           d[4] = {x[15], x[12], x[13], x[14]};
    for (int i = 0; i < 4; i += 2) quarter_rounds<V>(x + i, b + i, c + i, d + i, 2);
    beside();
    for (int i = 0; i < 4; ++i) {
      x[4 + (i + 1) % 4] = b[i], x[8 + (i + 2) % 4] = c[i], x[12 + (i + 3) % 4] = d[i];
    }
  }
  for (int i = 0; i < 16; ++i) x[i] = V::add(x[i], V::broadcast_word(words[i]));
  x[12] = V::add(x[12], V::numbers());
  for (int i = 0; i < 16; i += 4) V::transpose(x + i);
  for (std::size_t i = 0; i < 4; ++i) {
    V::store(x[i], x[4 + i], x[8 + i], x[12 + i], out + kBlock * i, 4 * kBlock);
  }
}

// text ^= keystream
template <class V>
[[gnu::always_inline]] inline void xor_text(std::uint8_t* text, const std::uint8_t* keystream,
                                            std::size_t size) {
  for (; size >= V::kBytes; size -= V::kBytes, text += V::kBytes, keystream += V::kBytes) {
    V::xor_to(text, keystream);
  }
  for (; size >= 8; size -= 8, text += 8, keystream += 8) {
    std::uint64_t a, b;
    __builtin_memcpy(&a, text, sizeof(a));
    __builtin_memcpy(&b, keystream, sizeof(b));
    a ^= b;
    __builtin_memcpy(text, &a, sizeof(a));
  }
  for (std::size_t i = 0; i < size; ++i) {
    text[i] = static_cast<std::uint8_t>(text[i] ^ keystream[i]);
  }
}

}  // namespace core::crypto::chacha_poly
#endif  // CORE_CRYPTO_CHACHA20_BLOCKS_H_
