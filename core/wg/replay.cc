#include "core/wg/replay.h"

namespace core::wg {

Status ReplayWindow::accept(std::uint64_t counter) {
  const auto capacity = static_cast<std::uint32_t>(32 * words_.size());
  std::uint32_t& word = word_of(static_cast<std::uint32_t>(counter));
  const std::uint32_t bit = 1u << (counter & 31);
  if (counter >= next_) {
    forget(static_cast<std::uint32_t>(next_),
           static_cast<std::uint32_t>(std::min<std::uint64_t>(counter - next_, capacity)));
    next_ = counter + 1;
  } else if (next_ - counter > capacity || (word & bit) != 0) {
    return Error::kReplay;
  }
  word |= bit;
  return {};
}

// Clears the bits of `count` counters from `first` on, all of them at most: they
// stood for counters that the window leaves behind.
void ReplayWindow::forget(std::uint32_t first, std::uint32_t count) const {
  while (count > 0) {
    const std::uint32_t in_word = std::min(32 - first % 32, count);
    word_of(first) &= ~(~0u >> (32 - in_word) << first % 32);
    first += in_word;
    count -= in_word;
  }
}

}  // namespace core::wg
