#include "ports/flash/store.h"

#include "ports/flash/patch.h"

namespace ports::flash {
namespace {

using core::Bytes;
using core::Error;
using core::MutBytes;

// A longer patch is not worth it: the piece itself is written.
constexpr std::size_t kMaxPatch = kPieceSize / 2;
// What one transaction finds room for: the largest value of a small device, and
// some more.
constexpr std::size_t kTransaction = 24 * 1024;

}  // namespace

FlashStore::FlashStore(Nor& nor, const core::Secret<32>& device_key, std::span<IndexEntry> index)
    : log_(nor, device_key), index_(index) {
  CHECK(index.size() > kIndexReserve);
}

std::size_t FlashStore::block_capacity() const {
  const std::size_t room =
      log_.geometry().block_size - kBlockHeader - kMaxItem - kRecordHead - kRecordTag;
  return room - room / 16;  // heads, tags and padding of records
}

std::uint32_t FlashStore::transaction_blocks() const {
  const auto needed = static_cast<std::uint32_t>(kTransaction / block_capacity() + 1);
  return std::max(log_.geometry().block_count / 8, needed);
}

std::size_t FlashStore::capacity() const {
  const std::uint32_t kept = collect_blocks() + transaction_blocks() + 1;
  const std::uint32_t count = log_.geometry().block_count;
  return count <= kept ? 0 : (count - kept) * block_capacity() / 8 * 7;
}

core::Status FlashStore::format(core::Rng& rng) {
  CHECK(!open_);
  ready_ = false;
  index_.clear();
  TRY(log_.format(rng));
  ready_ = true;
  return {};
}

// ---- mount

core::Status FlashStore::mount() {
  CHECK(!open_);
  ready_ = false;
  index_.clear();
  TRY(log_.find());
  const auto status = replay();
  log_.wipe_read();
  index_.drop_pending();
  if (!status) return status;
  if (!index_.is_whole()) return Error::kStore;
  ready_ = true;
  return {};
}

core::Status FlashStore::replay() {
  for (auto cursor = log_.tail();;) {
    const auto record = TRY(log_.next(cursor));
    if (record.address == 0) return {};
    TRY(take_record(record));
  }
}

core::Status FlashStore::take_record(const Record& record) {
  // What is pending here was never committed.
  if ((record.flags & (kFirst | kMoved)) != 0) index_.drop_pending();
  ItemReader reader(record.body);
  while (!reader.at_end()) {
    const auto item = reader.next();
    if (!item) return Error::kStore;
    TRY(index_.add_pending(*item, record.address, 0));
  }
  if ((record.flags & kMoved) != 0) return index_.apply_moved();
  if ((record.flags & kLast) != 0) return index_.apply_pending();
  return {};
}

// ---- collecting

core::Status FlashStore::begin() {
  CHECK(!open_);
  if (!ready_) return Error::kStore;
  const std::uint32_t wanted = collect_blocks() + transaction_blocks();
  // A whole round brings as much as there is.
  for (std::uint32_t i = 0; i < log_.geometry().block_count && log_.free_blocks() < wanted; ++i) {
    TRY(collect());
  }
  if (log_.is_closed()) TRY(log_.open_block(1));
  end_transaction();
  open_ = true;
  return {};
}

// Moves what is needed of the oldest block and takes it out of the log.
core::Status FlashStore::collect() {
  if (log_.tail().epoch == log_.head_epoch()) return {};
  if (const auto status = move_block(); !status) {
    log_.discard();
    index_.drop_pending();
    return Error::kStore;
  }
  log_.drop_tail();
  return {};
}

core::Status FlashStore::move_block() {
  auto cursor = log_.tail();
  const auto end = TRY(log_.end_of(cursor.epoch));
  while (cursor.offset != end) {
    const auto record = TRY(log_.next(cursor));
    TRY(move_items(record));
  }
  return end_move();
}

core::Status FlashStore::move_items(const Record& record) {
  ItemReader reader(record.body);
  while (!reader.at_end()) {
    const auto item = reader.next();
    if (!item) return Error::kStore;
    if (!index_.is_live(*item, record.address)) continue;
    // A transaction may have written a piece twice: what came first must not
    // stand alone in a record, should power fail before the next.
    const auto last = find_item(record.body, item->id, item->kind, item->piece);
    if (last && last->data.data() == item->data.data()) TRY(add(*item, Purpose::kCollect));
  }
  return {};
}

core::Status FlashStore::end_move() {
  if (!log_.is_building()) return {};
  TRY(log_.flush(kMoved));
  return index_.apply_moved();
}

// ---- writing

// Appends an item to the log.
core::Status FlashStore::add(const Item& item, Purpose purpose) {
  const auto size = item.encoded_size();
  if (!log_.fits(size)) {
    if (purpose == Purpose::kCollect) {
      TRY(end_move());
    } else if (log_.is_building()) {
      TRY(log_.flush(first_ ? kFirst : 0));
      first_ = false;
    }
    if (!log_.fits(size)) {
      TRY(log_.open_block(purpose == Purpose::kCollect ? 1 : collect_blocks()));
    }
  }
  // Each piece that is written may be one more entry for good.
  const std::size_t spare = purpose == Purpose::kWrite ? kIndexReserve + index_.pending() + 1 : 0;
  TRY(index_.add_pending(item, log_.address(), spare));
  item.encode(log_.take(size));
  if (purpose == Purpose::kWrite) added_ += size;
  return {};
}

core::Status FlashStore::failed(Error error) {
  failed_ = true;
  return error;
}

core::Status FlashStore::put(Bytes key, Bytes value) {
  CHECK(open_ && !key.empty() && key.size() <= kMaxKeySize);
  if (failed_) return Error::kStore;
  if (value.size() > kMaxValueSize) return failed(Error::kFull);
  const auto status = put_value(log_.id_of(key), value);
  return status ? status : failed(status.error());
}

core::Status FlashStore::put_value(std::uint64_t id, Bytes value) {
  for (std::size_t number = 0;; ++number) {
    const auto piece = value.first(std::min(value.size(), kPieceSize));
    TRY(put_piece(id, static_cast<std::uint8_t>(number), piece));
    if (piece.size() < kPieceSize) return {};
    value = value.subspan(kPieceSize);
  }
}

core::Status FlashStore::put_piece(std::uint64_t id, std::uint8_t number, Bytes piece) {
  Item item{.id = id, .kind = ItemKind::kPiece, .piece = number, .data = piece};
  item.size = static_cast<std::uint16_t>(piece.size());
  core::ByteArray<kPieceSize> old{};
  core::ByteArray<kMaxPatch> patch{};
  std::size_t freed = 0;
  if (const auto known = index_.untouched(id, number)) {
    const auto now = MutBytes(old).first(known->size);
    TRY(read_piece(*known, now));
    if (core::equal_var(now, piece)) return {};
    freed = known->patch == 0 ? 0 : kItemHead + known->patch_size;
    const auto base = MutBytes(old).first(known->base_size);
    TRY(read_base(*known, base));
    const auto size = make_patch(base, piece, patch);
    if (size && *size <= piece.size() / 2) {
      item.kind = ItemKind::kPatch;
      item.data = Bytes(patch).first(*size);
    } else {
      freed += kItemHead + known->base_size;
    }
  }
  const auto status = add(item, Purpose::kWrite);
  superseded_ += freed;
  core::wipe(old);
  core::wipe(patch);
  return status;
}

core::Status FlashStore::erase(Bytes key) {
  CHECK(open_ && !key.empty() && key.size() <= kMaxKeySize);
  if (failed_) return Error::kStore;
  const auto id = log_.id_of(key);
  if (!index_.find(id, 0)) return {};
  const Item item{.id = id, .kind = ItemKind::kErased, .piece = 0, .size = 0, .data = {}};
  const auto freed = index_.is_changed(id) ? 0 : index_.live_of(id);
  const auto status = add(item, Purpose::kErase);
  superseded_ += freed;
  return status ? status : failed(status.error());
}

core::Status FlashStore::commit() {
  CHECK(open_);
  core::Status status;
  if (failed_) {
    status = Error::kStore;
  } else if (added_ > superseded_ && index_.live() + added_ - superseded_ > capacity()) {
    status = Error::kFull;
  } else if (log_.is_building()) {
    const std::uint8_t flags = first_ ? kFirst | kLast : kLast;
    status = log_.flush(flags);
    if (status) status = index_.apply_pending();
  }
  end_transaction();
  open_ = false;
  return status;
}

void FlashStore::rollback() {
  end_transaction();
  open_ = false;
}

void FlashStore::end_transaction() {
  log_.discard();
  log_.wipe_read();
  index_.drop_pending();
  failed_ = false;
  first_ = true;
  added_ = superseded_ = 0;
}

// ---- reading

core::Status FlashStore::read_base(const IndexEntry& entry, MutBytes out) {
  const auto body = TRY(log_.read(entry.base));
  const auto item = find_item(body, entry.id, ItemKind::kPiece, entry.piece);
  if (!item) return Error::kStore;
  std::fill(out.begin(), out.end(), std::uint8_t{0});
  core::copy(item->data.first(std::min(item->data.size(), out.size())), out);
  return {};
}

core::Status FlashStore::read_piece(const IndexEntry& entry, MutBytes out) {
  TRY(read_base(entry, out));
  if (entry.patch == 0) return {};
  const auto body = TRY(log_.read(entry.patch));
  const auto item = find_item(body, entry.id, ItemKind::kPatch, entry.piece);
  if (!item || !apply_patch(item->data, out)) return Error::kStore;
  return {};
}

core::Result<std::size_t> FlashStore::get(Bytes key, MutBytes value) {
  CHECK(!key.empty() && key.size() <= kMaxKeySize);
  if (!ready_) return Error::kStore;
  const auto id = log_.id_of(key);
  std::size_t size = 0;
  for (std::size_t number = 0;; ++number) {
    const auto entry = index_.find(id, static_cast<std::uint8_t>(number));
    if (!entry) return number == 0 ? Error::kNotFound : Error::kStore;
    size += entry->size;
    if (entry->size < kPieceSize) break;
  }
  if (size > value.size()) return Error::kFull;
  core::Status status;
  for (std::size_t at = 0; at <= size && status.ok(); at += kPieceSize) {
    const auto entry = index_.find(id, static_cast<std::uint8_t>(at / kPieceSize));
    status = read_piece(*entry, value.subspan(at, entry->size));
  }
  if (!open_) log_.wipe_read();
  if (!status) {
    core::wipe(value.first(size));
    return status.error();
  }
  return size;
}

}  // namespace ports::flash
