// ChaCha20-Poly1305 for vectors of any width: how a text is cut into batches of
// blocks, and how Poly1305 in integer registers runs beside ChaCha20 in vector
// registers. What depends on the processor is a class `V` in an anonymous
// namespace of the file that is compiled for it: Vector, kWidth rows of four
// words, and what can be done with it.
#ifndef CORE_CRYPTO_CHACHA_POLY_KERNEL_H_
#define CORE_CRYPTO_CHACHA_POLY_KERNEL_H_

#include "core/crypto/chacha_poly.h"
#include "core/crypto/poly1305.h"

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
[[gnu::always_inline]] inline void blocks_by_rows(const Job& job, std::uint32_t counter,
                                                  std::uint8_t* out, Beside beside) {
  using Vector = typename V::Vector;
  const Vector a0 = V::broadcast_row(reinterpret_cast<const std::uint8_t*>(kConstants));
  const Vector b0 = V::broadcast_row(job.key), c0 = V::broadcast_row(job.key + 16);
  Vector a[S], b[S], c[S], d[S], d0[S];
  for (int i = 0; i < S; ++i) {
    d0[i] = V::counter_row(counter + static_cast<std::uint32_t>(i) * V::kWidth, job.nonce);
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
[[gnu::always_inline]] inline void blocks_by_rows(std::size_t sets, const Job& job,
                                                  std::uint32_t counter, std::uint8_t* out,
                                                  Beside beside) {
  if constexpr (S > 1) {
    if (sets < S) return blocks_by_rows<V, S - 1>(sets, job, counter, out, beside);
  }
  blocks_by_rows<V, S>(job, counter, out, beside);
}

// The same for 4 * V::kWidth blocks: a vector holds one word of each. Best for
// many blocks. Both call `beside` kBesides times between, for work that wants
// other parts of the processor.
template <class V, class Beside>
[[gnu::always_inline]] inline void blocks_by_words(const Job& job, std::uint32_t counter,
                                                   std::uint8_t* out, Beside beside) {
  using Vector = typename V::Vector;
  std::uint32_t words[16];
  __builtin_memcpy(words, kConstants, 16);
  __builtin_memcpy(words + 4, job.key, 32);
  words[12] = counter;
  __builtin_memcpy(words + 13, job.nonce, 12);
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
    const std::uint64_t word = poly1305::load(text) ^ poly1305::load(keystream);
    __builtin_memcpy(text, &word, sizeof(word));
  }
  for (std::size_t i = 0; i < size; ++i) {
    text[i] = static_cast<std::uint8_t>(text[i] ^ keystream[i]);
  }
}

// The bytes of a text behind its last whole block of Poly1305.
[[gnu::always_inline]] inline void copy_rest(const std::uint8_t* in, std::size_t size,
                                             std::uint8_t* out) {
  for (std::size_t i = size / 16 * 16; i < size; ++i) out[i % 16] = in[i];
}

// Poly1305 of the associated data and of the ciphertext so far.
template <class V>
class Mac {
 public:
  [[gnu::always_inline]] void start(const Job& job, const std::uint8_t* one_time_key) {
    r_ = poly1305::multiplier(one_time_key);
    give(job.ad, job.ad_size);
    catch_up();
    std::uint8_t rest[16] = {};
    copy_rest(job.ad, job.ad_size, rest);
    if (job.ad_size % 16 != 0) poly1305::absorb(h_, r_, rest);
  }

  // Ciphertext to absorb. REQUIRES: the last one has been.
  [[gnu::always_inline]] void give(const std::uint8_t* in, std::size_t size) {
    at_ = in;
    count_ = size / 16;
  }

  // Absorbs V::kBeside blocks of what was given, if there are as many.
  [[gnu::always_inline]] void absorb_some() {
    if (count_ < V::kBeside) return;
    poly1305::Number h = h_;
    for (std::size_t i = 0; i < V::kBeside; ++i) poly1305::absorb(h, r_, at_ + 16 * i);
    h_ = h;
    at_ += 16 * V::kBeside;
    count_ -= V::kBeside;
  }

  // Absorbs all that was given.
  [[gnu::always_inline]] void catch_up() {
    for (; count_ > 0; --count_, at_ += 16) poly1305::absorb(h_, r_, at_);
  }

  // Absorbs what is behind the last whole block, filled up with zeros.
  [[gnu::always_inline]] void finish(Job& job, const std::uint8_t* rest,
                                     const std::uint8_t* one_time_key) {
    if (job.size % 16 != 0) poly1305::absorb(h_, r_, rest);
    const std::uint64_t sizes[2] = {job.ad_size, job.size};
    std::uint8_t last[16];
    __builtin_memcpy(last, sizes, sizeof(last));
    poly1305::absorb(h_, r_, last);
    poly1305::finish(h_, one_time_key + 16, job.tag);
  }

 private:
  poly1305::Multiplier r_{};
  poly1305::Number h_{};
  const std::uint8_t* at_ = nullptr;
  std::size_t count_ = 0;
};

// A text's keystream, in batches; two of them are there at a time. The block
// before it is the key of Poly1305.
template <class V>
class Keystream {
 public:
  struct Batch {
    const std::uint8_t* keystream;
    std::size_t size;  // bytes of text it is for
  };

  [[gnu::always_inline]] explicit Keystream(const Job& job) : job_(job), left_(job.size) {}
  [[gnu::always_inline]] ~Keystream() {
    for (std::size_t i = 0; i < used_; i += V::kBytes) {
      V::wipe(blocks_[0] + i);
      V::wipe(blocks_[1] + i);
    }
    for (std::size_t i = 0; i < kBlock; i += V::kBytes) V::wipe(one_time_key_ + i);
    __asm__ volatile("" : : "r"(blocks_), "r"(one_time_key_) : "memory");
  }
  Keystream(const Keystream&) = delete;
  Keystream& operator=(const Keystream&) = delete;

  bool done() const { return left_ == 0; }
  // 32 bytes, after the first batch.
  const std::uint8_t* one_time_key() const { return one_time_key_; }

  // Makes the next batch and absorbs beside it of what `mac` has been given.
  // REQUIRES: first call, or not done
  [[gnu::noinline]] Batch next(Mac<V>& mac) {
    Mac<V> near = mac;  // in registers
    const auto beside = [&near]() __attribute__((always_inline)) { near.absorb_some(); };
    const std::size_t skip = made_ == 0 ? kBlock : 0;
    const std::size_t wanted = (skip + left_ + kBlock - 1) / kBlock;
    std::uint8_t* const out = blocks_[turn_];
    const auto counter = static_cast<std::uint32_t>(made_);
    std::size_t sets = 4;
    if (wanted > V::kMostSets * V::kWidth) {
      blocks_by_words<V>(job_, counter, out, beside);
    } else {
      sets = (wanted + V::kWidth - 1) / V::kWidth;
      blocks_by_rows<V, V::kMostSets>(sets, job_, counter, out, beside);
    }
    mac = near;
    if (skip > 0) __builtin_memcpy(one_time_key_, out, 32);
    const std::size_t made = sets * V::kWidth * kBlock;
    if (used_ < made) used_ = made;
    const std::size_t size = left_ < made - skip ? left_ : made - skip;
    left_ -= size;
    made_ += sets * V::kWidth;
    turn_ = 1 - turn_;
    return {out + skip, size};
  }

 private:
  static constexpr std::size_t kMost = 4 * V::kWidth * kBlock;
  // What is absorbed beside a batch is no less than the text of another.
  static_assert(16 * kBesides * V::kBeside >= kMost);

  const Job& job_;
  std::size_t left_;      // bytes of text still without keystream
  std::size_t made_ = 0;  // blocks so far
  std::size_t used_ = 0;  // bytes of each of blocks_ that may hold keystream
  std::size_t turn_ = 0;
  alignas(64) std::uint8_t blocks_[2][kMost];
  alignas(64) std::uint8_t one_time_key_[kBlock];
};

// Each batch of ciphertext is authenticated beside the next batch of keystream.
template <class V>
[[gnu::always_inline]] inline void seal(Job& job) {
  Mac<V> mac;
  Keystream<V> keystream(job);
  std::uint8_t* text = job.text;
  auto batch = keystream.next(mac);
  mac.start(job, keystream.one_time_key());
  for (;;) {
    xor_text<V>(text, batch.keystream, batch.size);
    mac.give(text, batch.size);
    text += batch.size;
    if (keystream.done()) break;
    batch = keystream.next(mac);
    mac.catch_up();
  }
  mac.catch_up();
  std::uint8_t rest[16] = {};
  copy_rest(job.text, job.size, rest);
  mac.finish(job, rest, keystream.one_time_key());
}

// The same for ciphertext that is there already. A batch is decrypted one batch
// later, when it has been authenticated.
template <class V>
[[gnu::always_inline]] inline void open(Job& job) {
  std::uint8_t rest[16] = {};
  copy_rest(job.text, job.size, rest);
  Mac<V> mac;
  Keystream<V> keystream(job);
  std::uint8_t* text = job.text;
  auto batch = keystream.next(mac);
  mac.start(job, keystream.one_time_key());
  mac.give(job.text, job.size);
  while (!keystream.done()) {
    const auto after = keystream.next(mac);
    xor_text<V>(text, batch.keystream, batch.size);
    text += batch.size;
    batch = after;
  }
  mac.catch_up();
  xor_text<V>(text, batch.keystream, batch.size);
  mac.finish(job, rest, keystream.one_time_key());
}

template <class V>
[[gnu::always_inline]] inline void run(Job& job) {
  job.direction == Direction::kSeal ? seal<V>(job) : open<V>(job);
}

}  // namespace core::crypto::chacha_poly
#endif  // CORE_CRYPTO_CHACHA_POLY_KERNEL_H_
