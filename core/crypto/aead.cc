// Both AEADs by one kernel, the best for the processor: in place, no heap.
#include "core/crypto/aead.h"

#include "core/crypto/chacha_poly.h"
#include "core/crypto/cpu.h"
#include "core/crypto/ct.h"
#include "core/crypto/words.h"

namespace core::crypto {
namespace {

using chacha_poly::Direction;
using chacha_poly::Job;

void run(Job* jobs, std::size_t count) {
#ifdef GINNEL_CHACHA_POLY_VECTOR
  if (cpu::has_avx512()) return run_avx512(jobs, count);
  if (cpu::has_avx2()) return run_avx2(jobs, count);
#endif
#ifdef GINNEL_CHACHA_POLY_WORDS
  run_words(jobs, count);
#else
  run_portable(jobs, count);
#endif
}

// The job on all of `text` but the room for the tag. REQUIRES: there is that room
Job job_of(Direction direction, View<32> key, View<12> nonce, Bytes ad, MutBytes text) {
  return {direction,
          key.data(),
          nonce.data(),
          ad.data(),
          ad.size(),
          text.data(),
          text.size() - kAeadTagSize,
          {}};
}

ByteArray<12> nonce_of(std::uint64_t counter) {
  ByteArray<12> nonce{};
  store_u64_le(counter, MutView<12>(nonce).last<8>());
  return nonce;
}

// Jobs on up to kAeadBatch texts, and their nonces.
class Batch {
 public:
  void add(Direction direction, View<32> key, const CountedText& text) {
    nonces_[count_] = nonce_of(text.counter);
    jobs_[count_] = job_of(direction, key, nonces_[count_], {}, text.text);
    ++count_;
  }
  // Runs them; the tag of text i is then tag(i).
  void run() { crypto::run(jobs_.data(), count_); }
  std::size_t count() const { return count_; }
  View<kAeadTagSize> tag(std::size_t i) const { return jobs_[i].tag; }

 private:
  std::array<Job, kAeadBatch> jobs_;
  std::array<ByteArray<12>, kAeadBatch> nonces_;
  std::size_t count_ = 0;
};

// The key and the nonce of an XChaCha20 message. Spec: [XChaCha] 2.2, 2.3.
struct Derived {
  explicit Derived(View<32> from, View<24> long_nonce) {
    chacha_poly::hchacha20(from.data(), long_nonce.data(), key.mut().data());
    copy(long_nonce.last<8>(), MutView<12>(nonce).last<8>());
  }
  Secret<32> key;
  ByteArray<12> nonce{};
};

}  // namespace

void chacha20_poly1305_seal(View<32> key, View<12> nonce, Bytes ad, MutBytes text) {
  CHECK(text.size() >= kAeadTagSize);
  Job job = job_of(Direction::kSeal, key, nonce, ad, text);
  run(&job, 1);
  copy(job.tag, text.last(kAeadTagSize));
}

void chacha20_poly1305_seal(View<32> key, std::uint64_t counter, Bytes ad, MutBytes text) {
  chacha20_poly1305_seal(key, nonce_of(counter), ad, text);
}

void xchacha20_poly1305_seal(View<32> key, View<24> nonce, Bytes ad, MutBytes text) {
  const Derived derived(key, nonce);
  chacha20_poly1305_seal(derived.key.view(), derived.nonce, ad, text);
}

Result<std::size_t> chacha20_poly1305_open(View<32> key, View<12> nonce, Bytes ad, MutBytes text) {
  if (text.size() < kAeadTagSize) {
    wipe(text);
    return Error::kMalformed;
  }
  Job job = job_of(Direction::kOpen, key, nonce, ad, text);
  run(&job, 1);
  if (!ct_equal(job.tag, text.last(kAeadTagSize))) {
    wipe(text);
    return Error::kBadTag;
  }
  return job.size;
}

Result<std::size_t> chacha20_poly1305_open(View<32> key, std::uint64_t counter, Bytes ad,
                                           MutBytes text) {
  return chacha20_poly1305_open(key, nonce_of(counter), ad, text);
}

Result<std::size_t> xchacha20_poly1305_open(View<32> key, View<24> nonce, Bytes ad, MutBytes text) {
  const Derived derived(key, nonce);
  return chacha20_poly1305_open(derived.key.view(), derived.nonce, ad, text);
}

void chacha20_poly1305_seal_many(View<32> key, std::span<const CountedText> texts) {
  if constexpr (kAeadBatch == 1) {
    for (const CountedText& one : texts) chacha20_poly1305_seal(key, one.counter, {}, one.text);
    return;
  }
  while (!texts.empty()) {
    const auto some = texts.first(std::min(texts.size(), kAeadBatch));
    Batch batch;
    for (const CountedText& text : some) {
      CHECK(text.text.size() >= kAeadTagSize);
      batch.add(Direction::kSeal, key, text);
    }
    batch.run();
    for (std::size_t i = 0; i < some.size(); ++i) {
      copy(batch.tag(i), some[i].text.last(kAeadTagSize));
    }
    texts = texts.subspan(some.size());
  }
}

void chacha20_poly1305_open_many(View<32> key, std::span<CountedText> texts) {
  if constexpr (kAeadBatch == 1) {
    for (CountedText& one : texts) {
      one.authentic = chacha20_poly1305_open(key, one.counter, {}, one.text).ok();
    }
    return;
  }
  while (!texts.empty()) {
    const auto some = texts.first(std::min(texts.size(), kAeadBatch));
    Batch batch;
    std::array<CountedText*, kAeadBatch> added;
    for (CountedText& text : some) {
      text.authentic = false;
      if (text.text.size() < kAeadTagSize) {
        wipe(text.text);
        continue;
      }
      added[batch.count()] = &text;
      batch.add(Direction::kOpen, key, text);
    }
    batch.run();
    for (std::size_t i = 0; i < batch.count(); ++i) {
      CountedText& text = *added[i];
      text.authentic = ct_equal(batch.tag(i), text.text.last(kAeadTagSize));
      if (!text.authentic) wipe(text.text);
    }
    texts = texts.subspan(some.size());
  }
}

}  // namespace core::crypto
