// Randomness that a seed repeats, so that every machine says the same.
#ifndef BENCH_BOARD_SEQUENCE_H_
#define BENCH_BOARD_SEQUENCE_H_

#include "core/base/rng.h"

namespace bench::board {

class Sequence final : public core::Rng {
 public:
  explicit Sequence(std::uint64_t seed) : state_(seed) {}
  core::Status fill(core::MutBytes out) override {
    for (auto& byte : out) {
      state_ = state_ * 6364136223846793005u + 1442695040888963407u;
      byte = static_cast<std::uint8_t>(state_ >> 56);
    }
    return {};
  }

 private:
  std::uint64_t state_;
};

}  // namespace bench::board
#endif  // BENCH_BOARD_SEQUENCE_H_
