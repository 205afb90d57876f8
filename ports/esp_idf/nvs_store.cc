#include "ports/esp_idf/nvs_store.h"

#include <string_view>

#include "core/base/reader.h"
#include "core/base/writer.h"
#include "core/crypto/ct.h"

namespace ports::esp_idf {
namespace {

using core::Bytes;
using core::Error;
using core::MutBytes;
using core::Result;
using core::Status;
using flash::Sealing;

constexpr auto kContext = core::label("ginnel nvs");
constexpr auto kMagic = core::label("GNN1");
constexpr char kSaltName[] = "salt";
constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::size_t kIdDigits = 11;
constexpr std::size_t kHead = Sealing::kNonceSize + 13;
// NVS takes 4,000 bytes at most in one piece, 32 in an entry, and 2 more.
static_assert(NvsStore::kBlobSize <= 4000);
static_assert(NvsStore::kPieceSize + kHead + Sealing::kTagSize == NvsStore::kBlobSize);
constexpr std::size_t kMostEntries = NvsStore::kBlobSize / 32 + 2;
constexpr int kMostSweeps = 10'000;

using Name = std::array<char, 13>;

Name name_of(std::uint64_t id, std::uint8_t slot) {
  Name out{};
  for (std::size_t i = 0; i < kIdDigits; ++i) out[i] = kDigits[id >> (6 * i) & 63];
  out[kIdDigits] = static_cast<char>('a' + slot);
  return out;
}

// The place of one piece, read from a name.
struct Place {
  std::uint64_t id = 0;
  std::uint8_t slot = 0;
};
std::optional<Place> place_of(std::string_view name) {
  if (name.size() != kIdDigits + 1) return std::nullopt;
  Place out;
  for (std::size_t i = 0; i < kIdDigits; ++i) {
    const auto digit = std::string_view(kDigits).find(name[i]);
    if (digit == std::string_view::npos) return std::nullopt;
    out.id |= std::uint64_t{digit} << (6 * i);
  }
  out.slot = name[kIdDigits] == 'a' ? 0 : 1;
  if (name_of(out.id, out.slot).data() != name) return std::nullopt;
  return out;
}

Name record_name(std::uint64_t generation) {
  return {'r', 'e', 'c', 'o', 'r', 'd', static_cast<char>('a' + generation % 2)};
}

Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Sums are taken without carry: a mark that is added twice is gone.
void add(const core::ByteArray<16>& mark, core::ByteArray<16>& sum) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] ^= mark[i];
}

std::size_t pieces_of(std::size_t size) {
  return size == 0 ? 1 : (size + NvsStore::kPieceSize - 1) / NvsStore::kPieceSize;
}

}  // namespace

NvsStore::NvsStore(const char* partition, const char* name, const core::Secret<32>& device_key,
                   core::Rng& rng)
    : space_(partition, name), sealing_(device_key, kContext), rng_(rng) {}

std::uint64_t NvsStore::id_of(Bytes key, std::size_t piece) const {
  CHECK(!key.empty() && key.size() <= kMaxKeySize);
  core::ByteArray<kMaxKeySize + 1> text{};
  core::copy(key, text);
  text[key.size()] = static_cast<std::uint8_t>(piece);
  return sealing_.id_of(Bytes(text).first(key.size() + 1));
}

// ---- blobs

// What a blob adds to the sum: its name, nonce and tag stand for all of it.
NvsStore::Mark NvsStore::mark_of(const Name& name, Bytes blob) const {
  core::ByteArray<kIdDigits + 1 + Sealing::kNonceSize + Sealing::kTagSize> text{};
  core::Writer w(text);
  w.bytes(bytes_of(name.data()));
  w.bytes(blob.first(Sealing::kNonceSize));
  w.bytes(blob.last(Sealing::kTagSize));
  return sealing_.tag(w.written());
}

// Errors: kNotFound; kBadTag: not one of ours; kStore.
Result<NvsStore::Blob> NvsStore::read(const Name& name) {
  const auto size = space_.get(name.data(), buffer_);
  if (!size) return size.error() == Error::kFull ? Error::kBadTag : size.error();
  if (*size < kHead + Sealing::kTagSize) return Error::kBadTag;
  Blob out;
  out.mark = mark_of(name, Bytes(buffer_).first(*size));
  const auto text = MutBytes(buffer_).subspan(Sealing::kNonceSize, *size - Sealing::kNonceSize);
  TRY(sealing_.open(Bytes(buffer_).first<Sealing::kNonceSize>(), bytes_of(name.data()), text));
  core::Reader r(text.first(text.size() - Sealing::kTagSize));
  out.generation = r.u64_be();
  out.kind = static_cast<Kind>(r.u8());
  out.size = r.u32_be();
  out.data = r.rest();
  return out;
}

Result<NvsStore::Mark> NvsStore::write(const Name& name, const Blob& blob) {
  core::Writer w(buffer_);
  const auto nonce = w.reserve(Sealing::kNonceSize);
  TRY(rng_.fill(nonce));
  w.u64_be(blob.generation);
  w.u8(static_cast<std::uint8_t>(blob.kind));
  w.u32_be(blob.size);
  w.bytes(blob.data);
  w.reserve(Sealing::kTagSize);
  CHECK(w.ok());
  sealing_.seal(nonce.first<Sealing::kNonceSize>(), bytes_of(name.data()),
                MutBytes(buffer_).subspan(Sealing::kNonceSize, w.size() - Sealing::kNonceSize));
  TRY(space_.set(name.data(), w.written()));
  return mark_of(name, w.written());
}

// Which of the two slots of a piece holds, and what is in it.
Result<NvsStore::Found> NvsStore::find(std::uint64_t id) {
  Found found;
  for (const Slot slot : {Slot{0}, Slot{1}}) {
    const auto blob = read(name_of(id, slot));
    if (!blob && blob.error() == Error::kStore) return Error::kStore;
    found.present[slot] = blob.ok() || blob.error() != Error::kNotFound;
    found.damaged = found.damaged || (!blob && found.present[slot]);
    if (!blob || blob->generation > newest()) continue;
    if (found.current && found.blob.generation > blob->generation) continue;
    found.current = slot;
    found.blob = *blob;
  }
  // The second was read over it.
  if (found.current == Slot{0} && found.present[1]) found.blob = TRY(read(name_of(id, 0)));
  return found;
}

// ---- format and mount

Status NvsStore::format() {
  CHECK(!open_);
  ready_ = false;
  core::ByteArray<kMagic.size() + Sealing::kSaltSize> salt{};
  core::copy(kMagic, salt);
  const auto drawn = MutBytes(salt).last<Sealing::kSaltSize>();
  TRY(rng_.fill(drawn));
  TRY(space_.open());
  TRY(space_.erase_all());
  TRY(space_.commit());
  TRY(space_.set(kSaltName, salt));
  sealing_.use_salt(drawn);
  generation_ = 1;
  sum_ = {};
  TRY(write(record_name(1),
            {.generation = 1, .kind = Kind::kRecord, .size = 0, .data = sum_, .mark = {}}));
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
    formatted = formatted || std::string_view(name) != kSaltName;
    return {};
  }));
  if (!formatted) return Error::kNotFound;
  core::ByteArray<kMagic.size() + Sealing::kSaltSize> salt{};
  const auto size = space_.get(kSaltName, salt);
  if (!size || *size != salt.size() || !core::equal_var(Bytes(salt).first(kMagic.size()), kMagic)) {
    return Error::kStore;
  }
  sealing_.use_salt(Bytes(salt).last<Sealing::kSaltSize>());
  TRY(adopt_record());
  const auto found = sum();
  core::wipe(buffer_);
  if (!found || !core::crypto::ct_equal(*found, sum_)) return Error::kStore;
  ready_ = true;
  return {};
}

Status NvsStore::adopt_record() {
  generation_ = 0;
  Error error = Error::kStore;
  for (const std::uint64_t which : {0, 1}) {
    const auto record = read(record_name(which));
    if (record && record->kind == Kind::kRecord && record->data.size() == sum_.size()) {
      if (record->generation <= generation_) continue;
      generation_ = record->generation;
      core::copy(record->data, sum_);
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
Result<NvsStore::Mark> NvsStore::sum() {
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
    const bool needed = std::string_view(name) == kSaltName ||
                        std::string_view(name) == record_name(generation_).data();
    return Judged{.waste = needed ? Waste::kNone : Waste::kStale};
  }
  const auto found = TRY(find(place->id));
  if (found.current != place->slot) return Judged{.waste = Waste::kStale};
  if (!found.live()) return Judged{.waste = Waste::kErasure};
  return Judged{.waste = Waste::kNone, .mark = found.blob.mark};
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
    TRY(space_.erase(name_of(piece.id, piece.slot ^ 1).data()));
  }
  TRY(space_.erase(record_name(generation_ - 1).data()));
  TRY(space_.commit());
  for (const auto& piece : touched) {
    if (piece.erased) TRY(space_.erase(name_of(piece.id, piece.slot).data()));
  }
  return {};
}

Status NvsStore::tidy_undone() {
  if (crowded_ || !ready_) return Error::kStore;
  for (const auto& piece : std::span(touched_).first(touched_count_)) {
    TRY(space_.erase(name_of(piece.id, piece.slot).data()));
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
  const auto name = record_name(generation_ + 1);
  const auto written = write(name, {.generation = generation_ + 1,
                                    .kind = Kind::kRecord,
                                    .size = 0,
                                    .data = next_sum_,
                                    .mark = {}});
  if (written && space_.commit()) {
    ++generation_;
    sum_ = next_sum_;
    return {};
  }
  // It may be there all the same, and must not be once its pieces go.
  ready_ = space_.erase(name.data()) && space_.commit();
  return written ? Error::kStore : written.error();
}

void NvsStore::end_transaction(Status tidied) {
  if (!tidied) untidy_ = true;
  touched_count_ = 0;
  crowded_ = failed_ = false;
  core::wipe(buffer_);
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
  const Slot slot = again ? *found.current : found.current ? *found.current ^ 1 : 0;
  const bool erases = with.kind == Kind::kErased;
  const std::size_t room = TRY(space_.room());
  if (!erases && room < kMostEntries + kReserve) return Error::kFull;
  touch({.id = id, .slot = slot, .erased = erases});
  const auto name = name_of(id, slot);
  if (found.live()) add(found.blob.mark, next_sum_);
  if (found.present[slot]) TRY(space_.erase(name.data()));
  const auto mark = TRY(write(name, with));
  if (!erases) add(mark, next_sum_);
  return {};
}

Status NvsStore::put_piece(std::uint64_t id, std::uint32_t size, Bytes data) {
  const auto found = TRY(find(id));
  if (found.live() && found.blob.size == size && found.blob.data.size() == data.size() &&
      core::crypto::ct_equal(found.blob.data, data)) {
    return {};
  }
  return replace(
      id, found,
      {.generation = newest(), .kind = Kind::kPiece, .size = size, .data = data, .mark = {}});
}

Status NvsStore::erase_piece(std::uint64_t id) {
  const auto found = TRY(find(id));
  if (!found.live()) return {};
  return replace(
      id, found,
      {.generation = newest(), .kind = Kind::kErased, .size = 0, .data = {}, .mark = {}});
}

// The first piece of a value, which says whether there is one. Errors: kStore.
Result<NvsStore::Found> NvsStore::find_first(Bytes key) {
  const auto found = TRY(find(id_of(key, 0)));
  if (found.damaged && !found.current) return Error::kStore;
  return found;
}

Status NvsStore::put_value(Bytes key, Bytes value) {
  const auto old = TRY(find_first(key));
  const std::size_t count = pieces_of(value.size());
  const std::size_t before = old.live() ? pieces_of(old.blob.size) : 0;
  auto rest = value;
  for (std::size_t n = 0; n < count; ++n) {
    const auto piece = rest.first(std::min(rest.size(), kPieceSize));
    const auto size = static_cast<std::uint32_t>(n == 0 ? value.size() : 0);
    TRY(put_piece(id_of(key, n), size, piece));
    rest = rest.subspan(piece.size());
  }
  return erase_from(key, count, before);
}

Status NvsStore::erase_from(Bytes key, std::size_t first, std::size_t end) {
  for (std::size_t n = first; n < end; ++n) TRY(erase_piece(id_of(key, n)));
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
  core::wipe(buffer_);
  return size;
}

Result<std::size_t> NvsStore::get_value(Bytes key, MutBytes value) {
  auto found = TRY(find_first(key));
  if (!found.live()) return Error::kNotFound;
  const std::size_t size = found.blob.size;
  if (size > value.size()) return Error::kFull;
  auto rest = value.first(size);
  for (std::size_t n = 1;; ++n) {
    const auto wanted = std::min(rest.size(), kPieceSize);
    if (!found.live() || found.blob.data.size() != wanted) break;
    core::copy(found.blob.data, rest);
    rest = rest.subspan(wanted);
    if (rest.empty()) return size;
    const auto next = find(id_of(key, n));
    if (!next) break;
    found = *next;
  }
  core::wipe(value.first(size));
  return Error::kStore;
}

}  // namespace ports::esp_idf
