// ChaCha20-Poly1305 of one text after the other, Poly1305 in integer registers
// beside ChaCha20 in vector registers: while the keystream of a batch of blocks
// is made, the batch before is authenticated, also when that is of the text
// before. Of `V`: chacha20_blocks.h.
#ifndef CORE_CRYPTO_CHACHA_POLY_KERNEL_H_
#define CORE_CRYPTO_CHACHA_POLY_KERNEL_H_

#include "core/crypto/chacha20_blocks.h"
#include "core/crypto/chacha_poly.h"
#include "core/crypto/poly1305.h"

namespace core::crypto::chacha_poly {

// Poly1305 of the associated data and of the ciphertext so far.
template <class V>
class Mac {
 public:
  [[gnu::always_inline]] void start(const Job& job, const std::uint8_t* one_time_key) {
    r_ = poly1305::multiplier(one_time_key);
    pad0_ = poly1305::load(one_time_key + 16);
    pad1_ = poly1305::load(one_time_key + 24);
    h_ = {};
    give(job.ad, job.ad_size);
    catch_up();
    absorb_rest(job.ad, job.ad_size);
  }

  // Ciphertext to absorb, its whole blocks. REQUIRES: the last one has been.
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

  [[gnu::always_inline]] void finish(Job& job) {
    absorb_rest(job.text, job.size);
    const std::uint64_t sizes[2] = {job.ad_size, job.size};
    std::uint8_t last[16];
    __builtin_memcpy(last, sizes, sizeof(last));
    poly1305::absorb(h_, r_, last);
    poly1305::finish(h_, pad0_, pad1_, job.tag);
  }

  [[gnu::always_inline]] void wipe() {
    *this = {};
    __asm__ volatile("" : : "r"(this) : "memory");
  }

 private:
  // Absorbs what is behind the last whole block, filled up with zeros.
  [[gnu::always_inline]] void absorb_rest(const std::uint8_t* in, std::size_t size) {
    if (size % 16 == 0) return;
    std::uint8_t rest[16] = {};
    for (std::size_t i = size / 16 * 16; i < size; ++i) rest[i % 16] = in[i];
    poly1305::absorb(h_, r_, rest);
  }

  poly1305::Multiplier r_{};
  poly1305::Number h_{};
  std::uint64_t pad0_ = 0, pad1_ = 0;  // the key's second half
  const std::uint8_t* at_ = nullptr;
  std::size_t count_ = 0;
};

// The keystream of texts, in batches; two of them are there at a time. The block
// before that of a text is the key of its Poly1305.
template <class V>
class Keystream {
 public:
  struct Batch {
    const std::uint8_t* keystream;
    std::size_t size;  // bytes of text it is for
  };

  [[gnu::always_inline]] void start(const Job& job) {
    job_ = &job;
    left_ = job.size;
    made_ = 0;
  }

  bool done() const { return left_ == 0; }

  // Makes the next batch and absorbs beside it of what `mac` has been given. The
  // first batch of a text has its one-time key before it.
  // REQUIRES: first call for this text, or not done
  [[gnu::noinline]] Batch next(Mac<V>& mac) {
    Mac<V> near = mac;  // in registers
    const auto beside = [&near]() __attribute__((always_inline)) { near.absorb_some(); };
    const std::size_t skip = made_ == 0 ? kBlock : 0;
    const std::size_t wanted = (skip + left_ + kBlock - 1) / kBlock;
    std::uint8_t* const out = blocks_[turn_];
    const auto counter = static_cast<std::uint32_t>(made_);
    std::size_t sets = 4;
    if (wanted > V::kMostSets * V::kWidth) {
      blocks_by_words<V>(job_->key, job_->nonce, counter, out, beside);
    } else {
      sets = (wanted + V::kWidth - 1) / V::kWidth;
      blocks_by_rows<V, V::kMostSets>(sets, job_->key, job_->nonce, counter, out, beside);
    }
    mac = near;
    const std::size_t made = sets * V::kWidth * kBlock;
    if (used_ < made) used_ = made;
    const std::size_t size = left_ < made - skip ? left_ : made - skip;
    left_ -= size;
    made_ += sets * V::kWidth;
    turn_ = 1 - turn_;
    return {out + skip, size};
  }

  [[gnu::always_inline]] void wipe() {
    for (std::size_t i = 0; i < used_; i += V::kBytes) {
      V::wipe(blocks_[0] + i);
      V::wipe(blocks_[1] + i);
    }
    __asm__ volatile("" : : "r"(blocks_) : "memory");
  }

 private:
  static constexpr std::size_t kMost = 4 * V::kWidth * kBlock;
  // What is absorbed beside a batch is no less than the text of another.
  static_assert(16 * kBesides * V::kBeside >= kMost);

  const Job* job_ = nullptr;
  std::size_t left_ = 0;  // bytes of text still without keystream
  std::size_t made_ = 0;  // blocks of this text so far
  std::size_t used_ = 0;  // bytes of each of blocks_ that may hold keystream
  std::size_t turn_ = 0;
  alignas(64) std::uint8_t blocks_[2][kMost];
};

template <class V>
[[gnu::always_inline]] inline void run(Job* jobs, std::size_t count) {
  Keystream<V> keystream;
  Mac<V> mac;
  Job* before = nullptr;                 // the text before this batch, if it is not finished
  std::uint8_t* text = nullptr;          // its last batch,
  typename Keystream<V>::Batch batch{};  // that is still to be decrypted
  const auto finish = [&]() __attribute__((always_inline)) {
    mac.catch_up();
    mac.finish(*before);
    if (before->direction == Direction::kOpen) xor_text<V>(text, batch.keystream, batch.size);
  };
  for (std::size_t i = 0; i < count; ++i) {
    Job& job = jobs[i];
    const bool opens = job.direction == Direction::kOpen;
    keystream.start(job);
    auto first = keystream.next(mac);
    if (before != nullptr) finish();
    before = &job;
    text = job.text;
    batch = first;
    mac.start(job, batch.keystream - kBlock);
    if (opens) {
      mac.give(job.text, job.size);
      while (!keystream.done()) {
        const auto after = keystream.next(mac);
        xor_text<V>(text, batch.keystream, batch.size);
        text += batch.size;
        batch = after;
      }
    } else {
      for (;;) {
        xor_text<V>(text, batch.keystream, batch.size);
        mac.give(text, batch.size);
        text += batch.size;
        if (keystream.done()) break;
        batch = keystream.next(mac);
        mac.catch_up();
      }
    }
  }
  if (before != nullptr) finish();
  mac.wipe();
  keystream.wipe();
}

}  // namespace core::crypto::chacha_poly
#endif  // CORE_CRYPTO_CHACHA_POLY_KERNEL_H_
