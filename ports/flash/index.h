// Where in the log each piece of each value is: in the memory of the caller.
#ifndef PORTS_FLASH_INDEX_H_
#define PORTS_FLASH_INDEX_H_

#include <optional>
#include <span>

#include "ports/flash/item.h"

namespace ports::flash {

// One piece of one value.
struct IndexEntry {
  std::uint64_t id = 0;
  std::uint32_t base = 0;   // address of the record with its item of kind kPiece
  std::uint32_t patch = 0;  // and of the one with its patch; 0: none
  std::uint16_t size = 0;
  std::uint16_t base_size = 0;  // of the data of these items
  std::uint16_t patch_size = 0;
  std::uint8_t piece = 0;
  ItemKind kind{};  // of a pending entry: what is to be done
};

// Two lists from the two ends of one array: what holds, and what will hold once
// the open transaction is committed.
class Index {
 public:
  explicit Index(std::span<IndexEntry> memory) : memory_(memory) {}

  void clear() { count_ = pending_ = live_ = 0; }
  // Notes an item of the record at `address`. Errors: kFull unless more than
  // `spare` entries are left.
  core::Status add_pending(const Item& item, std::uint32_t address, std::size_t spare);
  void drop_pending() { pending_ = 0; }
  // Makes what is pending hold, in its order. Errors: kFull, and then only a
  // part does; never if as many entries are left as pending ones may add.
  core::Status apply_pending();
  // The same with items that were moved by the collector.
  core::Status apply_moved();

  // As the open transaction sees it.
  std::optional<IndexEntry> find(std::uint64_t id, std::uint8_t piece) const;
  // As it was, if the open transaction has left this piece alone so far.
  std::optional<IndexEntry> untouched(std::uint64_t id, std::uint8_t piece) const;
  // True if the open transaction has changed anything of this value.
  bool is_changed(std::uint64_t id) const;
  // True iff this item, in the record at `address`, is still needed.
  bool is_live(const Item& item, std::uint32_t address) const;
  // True iff each value has all of its pieces.
  bool is_whole() const;

  std::size_t pending() const { return pending_; }
  std::size_t left() const { return memory_.size() - count_ - pending_; }
  // Bytes of all items that are needed: by all values, by one.
  std::size_t live() const { return live_; }
  std::size_t live_of(std::uint64_t id) const;

 private:
  // As it was before the open transaction.
  const IndexEntry* committed(std::uint64_t id, std::uint8_t piece) const;
  IndexEntry* at(std::uint64_t id, std::uint8_t piece);
  const IndexEntry& pending_at(std::size_t i) const { return memory_[memory_.size() - 1 - i]; }
  core::Result<IndexEntry*> at_or_new(std::uint64_t id, std::uint8_t piece);
  core::Status apply(IndexEntry change);
  // Removes the pieces of a value from number `first` on.
  void remove_from(std::uint64_t id, std::size_t first);
  static std::size_t bytes_of(const IndexEntry& entry);

  std::span<IndexEntry> memory_;
  std::size_t count_ = 0;
  std::size_t pending_ = 0;
  std::size_t live_ = 0;
};

}  // namespace ports::flash
#endif  // PORTS_FLASH_INDEX_H_
