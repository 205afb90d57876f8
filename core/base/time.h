// Time as values: the core never reads a clock.
#ifndef CORE_BASE_TIME_H_
#define CORE_BASE_TIME_H_

#include <compare>
#include <cstdint>

namespace core {

// Milliseconds on the caller's monotonic clock.
struct Instant {
  std::int64_t ms = 0;
  // Inline also where size counts: the call would be longer than the comparison.
  [[gnu::always_inline]] friend constexpr auto operator<=>(Instant, Instant) = default;
  // REQUIRES: the sum is below kNever.
  friend constexpr Instant operator+(Instant at, std::int64_t later_ms) {
    return {at.ms + later_ms};
  }
};
// By value: std::max would have 32-bit targets keep both in memory.
constexpr Instant later(Instant a, Instant b) { return a < b ? b : a; }
// Sorts last: a deadline that is not armed. Its low half is 0: whether something
// is earlier, 32-bit targets see by the upper half alone.
inline constexpr Instant kNever{std::int64_t{1} << 62};

// Milliseconds since 1970-01-01 UTC, as far as the caller knows. May jump.
struct WallTime {
  std::int64_t ms = 0;
  friend constexpr auto operator<=>(WallTime, WallTime) = default;
};

}  // namespace core
#endif  // CORE_BASE_TIME_H_
