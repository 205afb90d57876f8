#include "ports/flash/index.h"

namespace ports::flash {

using core::Error;

std::size_t Index::bytes_of(const IndexEntry& entry) {
  const std::size_t base = entry.base == 0 ? 0 : kItemHead + entry.base_size;
  return base + (entry.patch == 0 ? 0 : kItemHead + entry.patch_size);
}

core::Status Index::add_pending(const Item& item, std::uint32_t address, std::size_t spare) {
  if (left() <= spare) return Error::kFull;
  IndexEntry& entry = memory_[memory_.size() - 1 - pending_];
  entry = {
      .id = item.id, .base = address, .size = item.size, .piece = item.piece, .kind = item.kind};
  entry.base_size = static_cast<std::uint16_t>(item.data.size());
  ++pending_;
  return {};
}

const IndexEntry* Index::committed(std::uint64_t id, std::uint8_t piece) const {
  for (const auto& entry : memory_.first(count_)) {
    if (entry.id == id && entry.piece == piece) return &entry;
  }
  return nullptr;
}

IndexEntry* Index::at(std::uint64_t id, std::uint8_t piece) {
  const auto* found = committed(id, piece);
  return found == nullptr ? nullptr : &memory_[static_cast<std::size_t>(found - memory_.data())];
}

core::Result<IndexEntry*> Index::at_or_new(std::uint64_t id, std::uint8_t piece) {
  if (auto* found = at(id, piece)) return found;
  if (left() == 0) return Error::kFull;
  memory_[count_] = {.id = id, .piece = piece};
  return &memory_[count_++];
}

void Index::remove_from(std::uint64_t id, std::size_t first) {
  for (std::size_t i = 0; i < count_;) {
    if (memory_[i].id == id && memory_[i].piece >= first) {
      live_ -= bytes_of(memory_[i]);
      memory_[i] = memory_[--count_];
    } else {
      ++i;
    }
  }
}

core::Status Index::apply(IndexEntry change) {
  if (change.kind == ItemKind::kErased) {
    remove_from(change.id, 0);
    return {};
  }
  IndexEntry& entry = *TRY(at_or_new(change.id, change.piece));
  live_ -= bytes_of(entry);
  if (change.kind == ItemKind::kPiece) {
    entry.base = change.base;
    entry.base_size = change.base_size;
    entry.patch = 0;
  } else {
    entry.patch = change.base;
    entry.patch_size = change.base_size;
  }
  entry.size = change.size;
  live_ += bytes_of(entry);
  if (change.size < kPieceSize) remove_from(change.id, change.piece + std::size_t{1});
  return {};
}

core::Status Index::apply_pending() {
  for (std::size_t i = 0; i < pending_; ++i) TRY(apply(pending_at(i)));
  pending_ = 0;
  return {};
}

core::Status Index::apply_moved() {
  for (std::size_t i = 0; i < pending_; ++i) {
    const IndexEntry moved = pending_at(i);
    IndexEntry& entry = *TRY(at_or_new(moved.id, moved.piece));
    live_ -= bytes_of(entry);
    if (moved.kind == ItemKind::kPiece) {
      entry.base = moved.base;
      entry.base_size = moved.base_size;
      if (entry.patch == 0) entry.size = moved.size;
    } else {
      entry.patch = moved.base;
      entry.patch_size = moved.base_size;
      entry.size = moved.size;
    }
    live_ += bytes_of(entry);
  }
  pending_ = 0;
  return {};
}

std::optional<IndexEntry> Index::find(std::uint64_t id, std::uint8_t piece) const {
  std::optional<IndexEntry> found;
  if (const auto* entry = committed(id, piece)) found = *entry;
  for (std::size_t i = 0; i < pending_; ++i) {
    const auto& change = pending_at(i);
    if (change.id != id) continue;
    if (change.kind == ItemKind::kErased) {
      found.reset();
    } else if (change.piece == piece) {
      if (change.kind == ItemKind::kPiece) {
        found = change;
      } else if (found) {
        found->patch = change.base;
        found->patch_size = change.base_size;
        found->size = change.size;
      }
    } else if (change.piece < piece && change.size < kPieceSize) {
      found.reset();
    }
  }
  return found;
}

std::optional<IndexEntry> Index::untouched(std::uint64_t id, std::uint8_t piece) const {
  for (std::size_t i = 0; i < pending_; ++i) {
    const auto& change = pending_at(i);
    if (change.id != id || change.piece > piece) continue;
    // Erased, written, or cut off: an erasure has size 0.
    if (change.piece == piece || change.size < kPieceSize) return std::nullopt;
  }
  const auto* entry = committed(id, piece);
  if (entry == nullptr) return std::nullopt;
  return *entry;
}

std::size_t Index::live_of(std::uint64_t id) const {
  std::size_t sum = 0;
  for (const auto& entry : memory_.first(count_)) {
    if (entry.id == id) sum += bytes_of(entry);
  }
  return sum;
}

bool Index::is_changed(std::uint64_t id) const {
  for (std::size_t i = 0; i < pending_; ++i) {
    if (pending_at(i).id == id) return true;
  }
  return false;
}

bool Index::is_live(const Item& item, std::uint32_t address) const {
  const auto* entry = committed(item.id, item.piece);
  if (entry == nullptr) return false;
  if (item.kind == ItemKind::kPiece) return entry->base == address;
  return item.kind == ItemKind::kPatch && entry->patch == address;
}

bool Index::is_whole() const {
  for (const auto& entry : memory_.first(count_)) {
    if (entry.base == 0) return false;
    const bool last = entry.size < kPieceSize;
    if (last == (committed(entry.id, static_cast<std::uint8_t>(entry.piece + 1)) != nullptr)) {
      return false;
    }
    if (entry.piece > 0 &&
        committed(entry.id, static_cast<std::uint8_t>(entry.piece - 1)) == nullptr) {
      return false;
    }
  }
  return true;
}

}  // namespace ports::flash
