// Randomness that a seed repeats, and that fails where a test says so.
#ifndef PORTS_FAKE_RNG_H_
#define PORTS_FAKE_RNG_H_

#include "core/base/rng.h"

namespace ports::fake {

// Not fit for keys: the SplitMix64 sequence of a seed.
class FakeRng final : public core::Rng {
 public:
  explicit FakeRng(std::uint64_t seed) : state_(seed) {}

  core::Status fill(core::MutBytes out) override;

  // The n-th call from here (1: the next one) fails, once. 0: none.
  void fail_at(std::uint64_t n) { fail_in_ = n; }
  // Calls of fill() so far.
  std::uint64_t draws() const { return draws_; }
  // A number for tests to decide by; counts as no draw and never fails.
  std::uint64_t next();
  // True in `percent` of 100 cases.
  bool chance(unsigned percent) { return next() % 100 < percent; }

 private:
  std::uint64_t state_;
  std::uint64_t draws_ = 0;
  std::uint64_t fail_in_ = 0;
};

}  // namespace ports::fake
#endif  // PORTS_FAKE_RNG_H_
