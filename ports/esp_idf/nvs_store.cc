#include "ports/esp_idf/nvs_store.h"

#include "core/crypto/ct.h"

namespace ports::esp_idf {
namespace {

using core::Bytes;
using core::Error;
using core::MutBytes;
using core::Result;
using core::Status;

constexpr int kMostSweeps = 10'000;

constexpr Slot other(Slot slot) { return slot == 0 ? 1 : 0; }

std::size_t pieces_of(std::size_t size) {
  return size == 0 ? 1 : (size + kMaxPieceSize - 1) / kMaxPieceSize;
}

}  // namespace

NvsStore::NvsStore(const char* partition, const char* name, const core::Secret<32>& device_key,
                   core::Rng& rng)
    : space_(partition, name), blobs_(space_, device_key, rng) {}

// Which of the two slots of a piece holds, and what is in it.
Result<NvsStore::Found> NvsStore::find(std::uint64_t id) {
  Found found;
  for (const Slot slot : {Slot{0}, Slot{1}}) {
    const auto opened = blobs_.read(name_of({id, slot}));
    if (!opened && opened.error() == Error::kStore) return Error::kStore;
    found.present[slot] = opened.ok() || opened.error() != Error::kNotFound;
    found.damaged = found.damaged || (!opened && found.present[slot]);
    if (!opened || opened->blob.generation > newest()) continue;
    if (found.current && found.blob.generation > opened->blob.generation) continue;
    found.current = slot;
    found.blob = opened->blob;
    found.mark = opened->mark;
  }
  // The second was read over it.
  if (found.current == Slot{0} && found.present[1]) {
    const auto first = TRY(blobs_.read(name_of({id, 0})));
    found.blob = first.blob;
  }
  return found;
}

// ---- format and mount

Status NvsStore::format() {
  CHECK(!open_);
  ready_ = false;
  TRY(space_.open());
  TRY(blobs_.format());
  generation_ = 1;
  sum_ = {};
  TRY(write_record(generation_, sum_));
  TRY(space_.commit());
  untidy_ = false;
  ready_ = true;
  return {};
}

Status NvsStore::mount() {
  CHECK(!open_);
  ready_ = untidy_ = false;
  TRY(space_.open());
  bool formatted = false;
  TRY(space_.each([&](const char* name) -> Status {
    formatted = formatted || !is_salt(name);
    return {};
  }));
  if (!formatted) return Error::kNotFound;
  TRY(blobs_.use_salt());
  TRY(adopt_record());
  const auto found = sum();
  blobs_.wipe();
  if (!found || !core::crypto::ct_equal(*found, sum_)) return Error::kStore;
  ready_ = true;
  return {};
}

Status NvsStore::adopt_record() {
  generation_ = 0;
  Error error = Error::kStore;
  for (const std::uint64_t which : {0, 1}) {
    const auto record = blobs_.read(record_name(which));
    if (record && record->blob.kind == Blob::Kind::kRecord &&
        record->blob.data.size() == sum_.size()) {
      if (record->blob.generation <= generation_) continue;
      generation_ = record->blob.generation;
      core::copy(record->blob.data, sum_);
    } else if (record || record.error() == Error::kBadTag) {
      error = Error::kBadTag;
    } else if (record.error() == Error::kStore) {
      return Error::kStore;
    }
  }
  if (generation_ == 0) return error;
  return {};
}

// Of all that holds; sees whether there is more.
Result<Mark> NvsStore::sum() {
  Mark out{};
  const auto add_one = [&](const char* name) -> Status {
    const auto judged = TRY(judge(name));
    untidy_ = untidy_ || judged.waste != Waste::kNone;
    add(judged.mark, out);
    return {};
  };
  TRY(space_.each(add_one));
  return out;
}

// ---- tidying up

Result<NvsStore::Judged> NvsStore::judge(const char* name) {
  const auto place = place_of(name);
  if (!place) {
    const bool needed = is_salt(name) || std::string_view(name) == record_name(generation_).data();
    return Judged{.waste = needed ? Waste::kNone : Waste::kStale};
  }
  const auto found = TRY(find(place->id));
  if (found.current != place->slot) return Judged{.waste = Waste::kStale};
  if (!found.live()) return Judged{.waste = Waste::kErasure};
  return Judged{.waste = Waste::kNone, .mark = found.mark};
}

// Erases all that holds nothing: what a power cut or a failure has left.
Status NvsStore::sweep() {
  TRY(sweep(Waste::kStale));
  TRY(space_.commit());
  TRY(sweep(Waste::kErasure));
  TRY(space_.commit());
  untidy_ = false;
  return {};
}

Status NvsStore::sweep(Waste waste) {
  for (int i = 0; i < kMostSweeps; ++i) {
    // Some at a time: nothing may be erased while all are looked at.
    std::array<std::array<char, NVS_KEY_NAME_MAX_SIZE>, 16> names{};
    std::size_t count = 0;
    const auto collect = [&](const char* name) -> Status {
      if (count == names.size()) return {};
      const auto judged = TRY(judge(name));
      if (judged.waste != waste) return {};
      std::string_view(name).copy(names[count++].data(), NVS_KEY_NAME_MAX_SIZE - 1);
      return {};
    };
    TRY(space_.each(collect));
    if (count == 0) return {};
    for (std::size_t n = 0; n < count; ++n) TRY(space_.erase(names[n].data()));
  }
  return Error::kStore;
}

Status NvsStore::tidy_committed() {
  if (crowded_) return Error::kStore;
  const auto touched = std::span(touched_).first(touched_count_);
  for (const auto& piece : touched) {
    TRY(space_.erase(name_of({piece.id, other(piece.slot)}).data()));
  }
  TRY(space_.erase(record_name(generation_ - 1).data()));
  TRY(space_.commit());
  for (const auto& piece : touched) {
    if (piece.erased) TRY(space_.erase(name_of({piece.id, piece.slot}).data()));
  }
  return {};
}

Status NvsStore::tidy_undone() {
  if (crowded_ || !ready_) return Error::kStore;
  for (const auto& piece : std::span(touched_).first(touched_count_)) {
    TRY(space_.erase(name_of({piece.id, piece.slot}).data()));
  }
  return {};
}

// ---- transactions

Status NvsStore::begin() {
  CHECK(!open_);
  if (!ready_) return Error::kStore;
  if (untidy_) TRY(sweep());
  next_sum_ = sum_;
  open_ = true;
  return {};
}

Status NvsStore::commit() {
  CHECK(open_);
  Status status;
  if (failed_) {
    status = Error::kStore;
  } else if (touched_count_ > 0) {
    status = flip();
  }
  open_ = false;
  end_transaction(status ? tidy_committed() : tidy_undone());
  return status;
}

void NvsStore::rollback() {
  CHECK(open_);
  open_ = false;
  end_transaction(tidy_undone());
}

// Writes the record that makes the transaction hold.
Status NvsStore::flip() {
  TRY(space_.commit());
  const auto written = write_record(generation_ + 1, next_sum_);
  if (written && space_.commit()) {
    ++generation_;
    sum_ = next_sum_;
    return {};
  }
  // It may be there all the same, and must not be once its pieces go.
  ready_ = space_.erase(record_name(generation_ + 1).data()) && space_.commit();
  return written ? Error::kStore : written.error();
}

Status NvsStore::write_record(std::uint64_t generation, const Mark& sum) {
  TRY(blobs_.write(
      record_name(generation),
      {.generation = generation, .kind = Blob::Kind::kRecord, .size = 0, .data = sum}));
  return {};
}

void NvsStore::end_transaction(Status tidied) {
  if (!tidied) untidy_ = true;
  touched_count_ = 0;
  crowded_ = failed_ = false;
  blobs_.wipe();
}

void NvsStore::touch(const Touched& piece) {
  for (auto& known : std::span(touched_).first(touched_count_)) {
    if (known.id != piece.id) continue;
    known = piece;
    return;
  }
  if (touched_count_ == touched_.size()) {
    crowded_ = true;
  } else {
    touched_[touched_count_++] = piece;
  }
}

// ---- writing

// Writes `with` where the piece does not hold, or where the transaction wrote it.
Status NvsStore::replace(std::uint64_t id, const Found& found, const Blob& with) {
  const bool again = found.current && found.blob.generation > generation_;
  const Slot slot = again ? *found.current : found.current ? other(*found.current) : 0;
  const bool erases = with.kind == Blob::Kind::kErased;
  const std::size_t room = TRY(space_.room());
  if (!erases && room < kMaxBlobEntries + kReserve) return Error::kFull;
  touch({.id = id, .slot = slot, .erased = erases});
  const auto name = name_of({id, slot});
  if (found.live()) add(found.mark, next_sum_);
  if (found.present[slot]) TRY(space_.erase(name.data()));
  const auto mark = TRY(blobs_.write(name, with));
  if (!erases) add(mark, next_sum_);
  return {};
}

Status NvsStore::put_piece(std::uint64_t id, std::uint32_t size, Bytes data) {
  const auto found = TRY(find(id));
  if (found.live() && found.blob.size == size && found.blob.data.size() == data.size() &&
      core::crypto::ct_equal(found.blob.data, data)) {
    return {};
  }
  return replace(id, found,
                 {.generation = newest(), .kind = Blob::Kind::kPiece, .size = size, .data = data});
}

Status NvsStore::erase_piece(std::uint64_t id) {
  const auto found = TRY(find(id));
  if (!found.live()) return {};
  return replace(id, found,
                 {.generation = newest(), .kind = Blob::Kind::kErased, .size = 0, .data = {}});
}

// The first piece of a value, which says whether there is one. Errors: kStore.
Result<NvsStore::Found> NvsStore::find_first(Bytes key) {
  const auto found = TRY(find(blobs_.id_of(key, 0)));
  if (found.damaged && !found.current) return Error::kStore;
  return found;
}

Status NvsStore::put_value(Bytes key, Bytes value) {
  const auto old = TRY(find_first(key));
  const std::size_t count = pieces_of(value.size());
  const std::size_t before = old.live() ? pieces_of(old.blob.size) : 0;
  auto rest = value;
  for (std::size_t n = 0; n < count; ++n) {
    const auto piece = rest.first(std::min(rest.size(), kMaxPieceSize));
    const auto size = static_cast<std::uint32_t>(n == 0 ? value.size() : 0);
    TRY(put_piece(blobs_.id_of(key, n), size, piece));
    rest = rest.subspan(piece.size());
  }
  return erase_from(key, count, before);
}

Status NvsStore::erase_from(Bytes key, std::size_t first, std::size_t end) {
  for (std::size_t n = first; n < end; ++n) TRY(erase_piece(blobs_.id_of(key, n)));
  return {};
}

Status NvsStore::failed(Error error) {
  failed_ = true;
  return error == Error::kFull ? Error::kFull : Error::kStore;
}

Status NvsStore::put(Bytes key, Bytes value) {
  CHECK(open_);
  if (failed_) return Error::kStore;
  if (value.size() > kMaxValueSize) return failed(Error::kFull);
  const auto status = put_value(key, value);
  return status ? status : failed(status.error());
}

Status NvsStore::erase(Bytes key) {
  CHECK(open_);
  if (failed_) return Error::kStore;
  const auto old = find_first(key);
  if (!old) return failed(old.error());
  if (!old->live()) return {};
  const auto status = erase_from(key, 0, pieces_of(old->blob.size));
  return status ? status : failed(status.error());
}

// ---- reading

Result<std::size_t> NvsStore::get(Bytes key, MutBytes value) {
  if (!ready_) return Error::kStore;
  const auto size = get_value(key, value);
  blobs_.wipe();
  return size;
}

Result<std::size_t> NvsStore::get_value(Bytes key, MutBytes value) {
  auto found = TRY(find_first(key));
  if (!found.live()) return Error::kNotFound;
  const std::size_t size = found.blob.size;
  if (size > value.size()) return Error::kFull;
  auto rest = value.first(size);
  for (std::size_t n = 1;; ++n) {
    const auto wanted = std::min(rest.size(), kMaxPieceSize);
    if (!found.live() || found.blob.data.size() != wanted) break;
    core::copy(found.blob.data, rest);
    rest = rest.subspan(wanted);
    if (rest.empty()) return size;
    const auto next = find(blobs_.id_of(key, n));
    if (!next) break;
    found = *next;
  }
  core::wipe(value.first(size));
  return Error::kStore;
}

}  // namespace ports::esp_idf
