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
    std::size_t place = entries_[slot].place;
    // A hole moves up or down to where the deadline belongs.
    while (place > 0 && at < entries_[(place - 1) / 2].at) {
      put(place, entries_[(place - 1) / 2]);
      place = (place - 1) / 2;
    }
    for (;;) {
      std::size_t child = 2 * place + 1;
      if (child >= entries_.size()) break;
      if (child + 1 < entries_.size() && entries_[child + 1].at < entries_[child].at) ++child;
      if (at <= entries_[child].at) break;
      put(place, entries_[child]);
      place = child;
    }
    put(place, {at, slot, 0});
  }

 private:
  // `from`: its deadline and slot; a copy, as its place may be written to.
  void put(std::size_t place, Entry from) {
    entries_[place].at = from.at;
    entries_[place].slot = from.slot;
    entries_[from.slot].place = static_cast<std::uint32_t>(place);
  }

  std::span<Entry> entries_;
};

}  // namespace core::wg
#endif  // CORE_WG_SCHEDULE_H_
