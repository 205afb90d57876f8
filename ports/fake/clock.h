// A clock that moves when a test says so.
#ifndef PORTS_FAKE_CLOCK_H_
#define PORTS_FAKE_CLOCK_H_

#include "core/base/time.h"

namespace ports::fake {

class Clock {
 public:
  core::Instant now() const { return now_; }
  // 1 January 2026 when the clock starts; 0 after forget_wall_time().
  core::WallTime wall() const {
    return knows_wall_ ? core::WallTime{kStart + now_.ms} : core::WallTime{};
  }
  void advance(std::int64_t ms) { now_ = now_ + ms; }
  // Never moves backwards.
  void advance_to(core::Instant at) {
    if (at > now_) now_ = at;
  }
  void forget_wall_time() { knows_wall_ = false; }

 private:
  static constexpr std::int64_t kStart = 1'767'225'600'000;
  core::Instant now_{1};
  bool knows_wall_ = true;
};

}  // namespace ports::fake
#endif  // PORTS_FAKE_CLOCK_H_
