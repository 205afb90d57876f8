// A table of records by slot, kept in memory in the order of their ids.
#ifndef CORE_MESSENGER_ENTRIES_H_
#define CORE_MESSENGER_ENTRIES_H_

#include <optional>

#include "core/messenger/types.h"

namespace core::messenger {

// Entry has an `id` and a `slot`. Ids are given out in ascending order, slots
// are used again.
template <class Entry, std::size_t N>
class Entries {
 public:
  std::size_t size() const { return count_; }
  bool full() const { return count_ == N; }
  Entry& operator[](std::size_t index) { return entries_[index]; }
  const Entry& operator[](std::size_t index) const { return entries_[index]; }
  void clear() {
    count_ = 0;
    used_.fill(false);
  }

  // The index of the first entry with an id above `after`; size() if none.
  std::size_t index_after(MessageId after) const {
    const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(count_);
    return static_cast<std::size_t>(
        std::partition_point(entries_.begin(), end,
                             [after](const Entry& e) { return e.id <= after; }) -
        entries_.begin());
  }
  std::optional<std::size_t> find(MessageId id) const {
    if (id == 0) return std::nullopt;
    const auto index = index_after(id - 1);
    if (index == count_ || entries_[index].id != id) return std::nullopt;
    return index;
  }
  // REQUIRES: !full()
  std::uint16_t free_slot() const {
    std::uint16_t slot = 0;
    while (used_[slot]) ++slot;
    return slot;
  }
  // REQUIRES: the slot and the id are not there yet.
  void insert(const Entry& entry) {
    CHECK(count_ < N && !used_[entry.slot]);
    const auto at = index_after(entry.id);
    std::move_backward(entries_.begin() + static_cast<std::ptrdiff_t>(at),
                       entries_.begin() + static_cast<std::ptrdiff_t>(count_),
                       entries_.begin() + static_cast<std::ptrdiff_t>(count_ + 1));
    entries_[at] = entry;
    used_[entry.slot] = true;
    ++count_;
  }
  void remove(std::size_t index) {
    used_[entries_[index].slot] = false;
    std::move(entries_.begin() + static_cast<std::ptrdiff_t>(index + 1),
              entries_.begin() + static_cast<std::ptrdiff_t>(count_),
              entries_.begin() + static_cast<std::ptrdiff_t>(index));
    --count_;
  }

 private:
  static_assert(N < 65536);
  std::array<Entry, N> entries_{};
  std::array<bool, N> used_{};
  std::size_t count_ = 0;
};

}  // namespace core::messenger
#endif  // CORE_MESSENGER_ENTRIES_H_
