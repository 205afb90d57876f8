#include "core/wg/replay.h"

namespace core::wg {

Status ReplayWindow::accept(std::uint64_t counter) {
  const std::uint64_t capacity = 32 * std::uint64_t{words_.size()};
  const std::uint32_t bit = 1u << (counter & 31);
  if (counter >= next_) {
    forget(next_, static_cast<std::uint32_t>(std::min(counter - next_, capacity)));
    next_ = counter + 1;
  } else if (next_ - counter > capacity || (word(counter) & bit) != 0) {
    return Error::kReplay;
  }
  word(counter) |= bit;
  return {};
}

// Clears the bits of `count` counters from `first` on, all of them at most: they
// stood for counters that the window leaves behind.
void ReplayWindow::forget(std::uint64_t first, std::uint32_t count) const {
  for (auto at = static_cast<std::uint32_t>(first); count > 0;) {
    const std::uint32_t in_word = std::min(32 - at % 32, count);
    word(at) &= ~(~0u >> (32 - in_word) << at % 32);
    at += in_word;
    count -= in_word;
  }
}

}  // namespace core::wg
