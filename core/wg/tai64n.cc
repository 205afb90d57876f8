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
  const std::uint64_t seconds = kEpoch + at / 1'000'000'000;
  const auto nanoseconds = static_cast<std::uint32_t>(at % 1'000'000'000);
  crypto::store_u64_le(__builtin_bswap64(seconds), out.first<8>());
  crypto::store_u32_le(__builtin_bswap32(nanoseconds), out.last<4>());
  return {};
}

// The wall clock counts by 16 ms: what a timestamp tells of our time is coarse.
std::uint64_t Tai64nClock::earliest(WallTime wall) const {
  constexpr std::int64_t kMaxMs = 16'000'000'000'000;  // 2477 AD; 77 years are left to count
  const auto ms = static_cast<std::uint64_t>(std::clamp<std::int64_t>(wall.ms, 0, kMaxMs));
  return std::max(next_, ms / 16 * 16'000'000);
}

}  // namespace core::wg
