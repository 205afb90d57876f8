// Timestamps of initiations that never go back, with or without a clock.
// Spec: [WG] 5.1, docs/spec/tunnel.md timestamps without a clock.
#ifndef CORE_WG_TAI64N_H_
#define CORE_WG_TAI64N_H_

#include <optional>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/base/time.h"

namespace core::wg {

// Counts nanoseconds since 1970: each timestamp is one more than the last, or
// the wall clock's if that is later. The port's store holds a floor: a number
// above all that were ever used, so that a device without a clock goes on from
// there after a restart. It is reserved ahead, in blocks of about an hour.
class Tai64nClock {
 public:
  static constexpr std::uint64_t kBlock = std::uint64_t{1} << 42;  // 73 minutes

  // `floor`: what the store holds; 0: nothing.
  explicit Tai64nClock(std::uint64_t floor = 0) : next_(floor), reserved_(floor) {}

  // The floor to be stored, if less than half a block is left at `wall` ({0}:
  // not known).
  std::optional<std::uint64_t> wanted(WallTime wall) const;
  // The store holds `floor`: timestamps below it may be used.
  void reserve(std::uint64_t floor) { reserved_ = std::max(reserved_, floor); }
  // Writes the next timestamp, used from here on. Errors: kStore: it is not reserved.
  Status stamp(WallTime wall, MutView<12> out);

 private:
  std::uint64_t earliest(WallTime wall) const;

  std::uint64_t next_;      // the least that has not been used
  std::uint64_t reserved_;  // those below may be used
};

}  // namespace core::wg
#endif  // CORE_WG_TAI64N_H_
