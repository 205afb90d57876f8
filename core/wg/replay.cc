#include "core/wg/replay.h"

namespace core::wg {

Status ReplayWindow::accept(std::uint64_t counter) {
  const std::uint32_t bit = 1u << (counter & 31);
  if (counter >= next_) {
    forget(next_, counter);
    next_ = counter + 1;
  } else if (next_ - counter > 32 * std::uint64_t{words_.size()} || (word(counter) & bit) != 0) {
    return Error::kReplay;
  }
  word(counter) |= bit;
  return {};
}

// Clears the bits of the counters from `from` up to, not including, `to`: they
// stood for counters that the window leaves behind.
void ReplayWindow::forget(std::uint64_t from, std::uint64_t to) const {
  if (to - from >= 32 * std::uint64_t{words_.size()}) {
    std::fill(words_.begin(), words_.end(), 0);
    return;
  }
  while (from < to) {
    const unsigned first = from & 31;
    const auto count = static_cast<unsigned>(std::min<std::uint64_t>(32 - first, to - from));
    const std::uint32_t mask = count == 32 ? ~0u : ((1u << count) - 1) << first;
    word(from) &= ~mask;
    from += count;
  }
}

}  // namespace core::wg
