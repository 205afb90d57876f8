// A hash table of 32-bit keys in an array of the caller.
#ifndef CORE_WG_INDEX_TABLE_H_
#define CORE_WG_INDEX_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/result.h"
#include "core/wg/pool.h"

namespace core::wg {

// Maps keys to numbers of slots, and a key to several if need be. Linear
// probing; an erased entry leaves no mark. Keys are spread already: random, or
// keyed hashes, so that nobody can aim at one place.
class IndexTable {
 public:
  struct Entry {
    std::uint32_t key = 0;
    std::uint32_t slot = kNoSlot;  // kNoSlot: free
  };

  // REQUIRES: entries.size() is a power of two >= 2 and never more than half of
  // them are in use. `entries` outlives this.
  explicit IndexTable(std::span<Entry> entries) : entries_(entries) {
    CHECK(entries.size() >= 2 && (entries.size() & mask()) == 0);
    for (Entry& entry : entries_) entry = {};
  }

  // Goes on in other, larger memory. REQUIRES: as of the constructor.
  void move_to(std::span<Entry> entries) {
    const IndexTable before = *this;
    *this = IndexTable(entries);
    for (const Entry& entry : before.entries_) {
      if (entry.slot != kNoSlot) insert(entry.key, entry.slot);
    }
  }

  // REQUIRES: slot != kNoSlot
  void insert(std::uint32_t key, std::uint32_t slot) {
    CHECK(2 * (used_ + 1) <= entries_.size() && slot != kNoSlot);
    std::size_t place = key & mask();
    while (entries_[place].slot != kNoSlot) place = (place + 1) & mask();
    entries_[place] = {key, slot};
    ++used_;
  }

  // The first slot of `key` for which `match(slot)` holds; kNoSlot if none.
  template <class Match>
  std::uint32_t find(std::uint32_t key, Match match) const {
    for (std::size_t place = key & mask(); entries_[place].slot != kNoSlot;
         place = (place + 1) & mask()) {
      if (entries_[place].key == key && match(entries_[place].slot)) return entries_[place].slot;
    }
    return kNoSlot;
  }
  std::uint32_t find(std::uint32_t key) const {
    return find(key, [](std::uint32_t) { return true; });
  }

  // REQUIRES: the pair is there.
  void erase(std::uint32_t key, std::uint32_t slot) {
    std::size_t hole = key & mask();
    while (entries_[hole].key != key || entries_[hole].slot != slot) {
      CHECK(entries_[hole].slot != kNoSlot);
      hole = (hole + 1) & mask();
    }
    // Moves up what would not be found beyond the hole.
    for (std::size_t place = (hole + 1) & mask(); entries_[place].slot != kNoSlot;
         place = (place + 1) & mask()) {
      // Its home is not behind the hole: it would be found.
      if (((place - entries_[place].key) & mask()) < ((place - hole) & mask())) continue;
      entries_[hole] = entries_[place];
      hole = place;
    }
    entries_[hole] = {};
    --used_;
  }
  std::size_t used() const { return used_; }

 private:
  std::size_t mask() const { return entries_.size() - 1; }

  std::span<Entry> entries_;
  std::size_t used_ = 0;
};

}  // namespace core::wg
#endif  // CORE_WG_INDEX_TABLE_H_
