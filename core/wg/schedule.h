// Which of many is the first to want something: a binary heap of deadlines.
#ifndef CORE_WG_SCHEDULE_H_
#define CORE_WG_SCHEDULE_H_

#include <span>

#include "core/base/result.h"
#include "core/base/time.h"

namespace core::wg {

// One deadline for each slot 0 to N - 1, kNever at first.
class Schedule {
 public:
  struct Entry {
    Instant at = kNever;      // of the slot in this place of the heap
    std::uint32_t slot = 0;   // in this place of the heap
    std::uint32_t place = 0;  // where the slot of this entry's number stands
  };

  // REQUIRES: N = entries.size() >= 1; `entries` outlives this.
  explicit Schedule(std::span<Entry> entries) : entries_(entries) {
    CHECK(!entries.empty());
    for (std::uint32_t i = 0; i < entries_.size(); ++i) entries_[i] = {kNever, i, i};
  }

  // More slots. REQUIRES: `entries` begins with the ones before.
  void extend(std::span<Entry> entries) {
    CHECK(entries.data() == entries_.data() && entries.size() >= entries_.size());
    const std::size_t before = entries_.size();
    entries_ = entries;
    for (std::size_t i = before; i < entries.size(); ++i) {
      const auto slot = static_cast<std::uint32_t>(i);
      entries_[i] = {kNever, slot, slot};
    }
  }

  Instant at(std::uint32_t slot) const { return entries_[entries_[slot].place].at; }
  // The earliest deadline and its slot.
  Instant first_at() const { return entries_[0].at; }
  std::uint32_t first_slot() const { return entries_[0].slot; }

  // O(log N).
  void set(std::uint32_t slot, Instant at) {
    std::uint32_t hole = entries_[slot].place;
    // It moves up or down to where the deadline belongs.
    while (hole > 0 && at < entries_[(hole - 1) / 2].at) hole = fill(hole, (hole - 1) / 2);
    for (;;) {
      std::uint32_t child = 2 * hole + 1;
      if (child >= entries_.size()) break;
      if (child + 1 < entries_.size() && entries_[child + 1].at < entries_[child].at) ++child;
      if (at <= entries_[child].at) break;
      hole = fill(hole, child);
    }
    entries_[hole].at = at;
    entries_[hole].slot = slot;
    entries_[slot].place = hole;
  }

 private:
  // Moves the deadline in the place `from` to the hole. Returns where the hole is now.
  std::uint32_t fill(std::uint32_t hole, std::uint32_t from) {
    entries_[hole].at = entries_[from].at;
    entries_[hole].slot = entries_[from].slot;
    entries_[entries_[hole].slot].place = hole;
    return from;
  }

  std::span<Entry> entries_;
};

}  // namespace core::wg
#endif  // CORE_WG_SCHEDULE_H_
