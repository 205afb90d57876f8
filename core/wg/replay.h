// Which counters have been seen: a window over a ring of bits.
// Spec: [WG] 5.4.6, [RFC6479] 2.
#ifndef CORE_WG_REPLAY_H_
#define CORE_WG_REPLAY_H_

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace core::wg {

// A view of one window's memory, made where it is needed. All 32 * words bits
// are of use: the greatest counter seen and 32 * words - 1 below it.
class ReplayWindow {
 public:
  // `next`: the greatest counter seen, plus 1; 0 when a session starts, and then
  // the contents of `words` do not matter.
  // REQUIRES: words.size() is a power of two, at most 2^26.
  ReplayWindow(std::span<std::uint32_t> words, std::uint64_t& next) : words_(words), next_(next) {}

  // Notes that `counter` has been seen. Errors: kReplay: it was before, or it is
  // too far back to know; nothing changed. REQUIRES: counter < UINT64_MAX
  Status accept(std::uint64_t counter);

 private:
  // Of a counter's low 32 bits, which are enough: see the constructor.
  std::uint32_t& word_of(std::uint32_t counter) const {
    return words_[counter / 32 & (words_.size() - 1)];
  }
  void forget(std::uint32_t first, std::uint32_t count) const;

  std::span<std::uint32_t> words_;
  std::uint64_t& next_;
};

}  // namespace core::wg
#endif  // CORE_WG_REPLAY_H_
