#include "core/wg/tai64n.h"

#include "core/crypto/words.h"

namespace core::wg {

std::optional<std::uint64_t> Tai64nClock::wanted(WallTime wall) const {
  const std::uint64_t from = earliest(wall);
  // Also true of from > reserved_.
  if (reserved_ > from && reserved_ - from >= kBlock / 2) return std::nullopt;
  return from + kBlock;
}

Status Tai64nClock::stamp(WallTime wall, MutView<12> out) {
  const std::uint64_t at = earliest(wall);
  if (at >= reserved_) return Error::kStore;
  next_ = at + 1;
  // Labels begin 2^62 s before 1970 TAI, which was 10 s ahead of UTC.
  constexpr std::uint64_t kEpoch = (std::uint64_t{1} << 62) + 10;
  constexpr std::uint32_t kNsPerS = 1'000'000'000;
  const std::uint64_t seconds = at / kNsPerS;
  crypto::store_be(kEpoch + seconds, out.first<8>());
  crypto::store_be(static_cast<std::uint32_t>(at - seconds * kNsPerS), out.last<4>());
  return {};
}

// The wall clock counts by 16 ms: what a timestamp tells of our time is coarse.
std::uint64_t Tai64nClock::earliest(WallTime wall) const {
  constexpr std::int64_t kMost = std::int64_t{232} << 32;  // 2475 AD; 79 years are left to count
  const std::int64_t count = std::clamp<std::int64_t>(wall.ms >> 4, 0, kMost);
  return std::max(next_, static_cast<std::uint64_t>(count) * 16'000'000);
}

}  // namespace core::wg
