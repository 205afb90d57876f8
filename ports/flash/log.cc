#include "ports/flash/log.h"

#include "core/base/reader.h"
#include "core/base/writer.h"
#include "core/crypto/ct.h"

namespace ports::flash {
namespace {

using core::Bytes;
using core::Error;
using core::MutBytes;

constexpr auto kMagic = core::label("GNF1");
constexpr auto kContext = core::label("ginnel flash");
constexpr std::uint8_t kRecordMagic = 'G';
constexpr std::uint8_t kAllFlags = kFirst | kLast | kMoved;

core::ByteArray<12> nonce_of(std::uint64_t epoch, std::uint32_t offset) {
  core::ByteArray<12> nonce{};
  core::Writer w(nonce);
  w.u64_be(epoch);
  w.u32_be(offset);
  return nonce;
}

bool is_blank(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0xff; });
}

}  // namespace

Log::Log(Nor& nor, const core::Secret<32>& device_key)
    : nor_(nor),
      geometry_(nor.geometry()),
      align_(std::max<std::uint32_t>(geometry_.program_unit, 4)),
      sealing_(device_key, kContext) {
  const auto is_power = [](std::uint32_t n) { return n != 0 && (n & (n - 1)) == 0; };
  CHECK(geometry_.block_count >= 8 && geometry_.block_size >= 4096);
  CHECK(is_power(geometry_.block_size) && is_power(align_) && align_ <= kMaxUnit);
  CHECK(geometry_.block_count <= 0xffffffff / geometry_.block_size);
}

Log::~Log() {
  core::wipe(read_);
  core::wipe(write_);
}

void Log::wipe_read() {
  core::wipe(read_);
  read_address_ = 0;
}

// ---- headers

void Log::write_header(const Header& header, core::MutView<kBlockHeader> out) const {
  core::Writer w(out);
  w.bytes(kMagic);
  w.bytes(sealing_.salt());
  w.u64_be(header.epoch);
  w.u64_be(header.tail);
  w.u32_be(header.end_before);
  w.u32_be(geometry_.block_size);
  w.u32_be(geometry_.block_count);
  core::copy(sealing_.tag(w.written()), out.last<16>());
}

// Errors: kNotFound without the magic, kBadTag without the tag or out of place.
core::Result<Log::Header> Log::parse_header(core::View<kBlockHeader> bytes,
                                            std::uint32_t block) const {
  core::Reader r(bytes);
  if (!core::equal_var(r.take<4>(), kMagic)) return Error::kNotFound;
  const auto tag = sealing_.tag(bytes.first<kBlockHeader - 16>());
  if (!core::crypto::ct_equal(tag, bytes.last<16>())) return Error::kBadTag;
  const auto salt = r.take<16>();
  Header header;
  header.epoch = r.u64_be();
  header.tail = r.u64_be();
  header.end_before = r.u32_be();
  const bool same = core::equal_var(salt, sealing_.salt()) && r.u32_be() == geometry_.block_size &&
                    r.u32_be() == geometry_.block_count;
  const std::uint64_t count = geometry_.block_count;
  if (!same || header.epoch % count != block || header.tail < count || header.tail > header.epoch ||
      header.epoch - header.tail + 2 > count || header.end_before > geometry_.block_size ||
      header.end_before % align_ != 0) {
    return Error::kBadTag;
  }
  return header;
}

core::Result<Log::Header> Log::read_header(std::uint64_t epoch) {
  core::ByteArray<kBlockHeader> bytes{};
  TRY(nor_.read(address_of(epoch, 0), bytes));
  const auto block = static_cast<std::uint32_t>(epoch % geometry_.block_count);
  const auto header = parse_header(bytes, block);
  if (!header || header->epoch != epoch) return Error::kStore;
  return *header;
}

core::Status Log::finish_block(std::uint32_t block, const Header& header) {
  core::ByteArray<kBlockHeader> bytes{};
  write_header(header, bytes);
  TRY(nor_.erase(block));
  return nor_.program(block * geometry_.block_size, bytes);
}

core::Status Log::format(core::Rng& rng) {
  core::ByteArray<16> salt{};
  TRY(rng.fill(salt));
  for (std::uint32_t block = 0; block < geometry_.block_count; ++block) TRY(nor_.erase(block));
  sealing_.use_salt(salt);
  wipe_read();
  discard();
  ended_ = 0;
  head_ = tail_ = geometry_.block_count;
  closed_ = true;
  TRY(finish_block(0, {.epoch = head_, .tail = tail_, .end_before = 0}));
  end_ = kBlockHeader;
  closed_ = false;
  return {};
}

// The authentic header of the highest epoch; its salt stays in use.
core::Result<Log::Header> Log::adopt_newest() {
  Header best;
  core::ByteArray<16> best_salt{};
  Error error = Error::kNotFound;
  for (std::uint32_t block = 0; block < geometry_.block_count; ++block) {
    core::ByteArray<kBlockHeader> bytes{};
    TRY(nor_.read(block * geometry_.block_size, bytes));
    sealing_.use_salt(Bytes(bytes).subspan<4, 16>());
    const auto header = parse_header(bytes, block);
    if (!header) {
      if (header.error() == Error::kBadTag) error = Error::kBadTag;
    } else if (header->epoch > best.epoch) {
      best = *header;
      best_salt = core::to_array(sealing_.salt());
    }
  }
  if (best.epoch == 0) return error;
  sealing_.use_salt(best_salt);
  return best;
}

core::Status Log::find() {
  wipe_read();
  discard();
  const auto newest = TRY(adopt_newest());
  head_ = newest.epoch;
  tail_ = newest.tail;
  end_ = kBlockHeader;
  closed_ = true;
  ended_ = 0;
  for (auto epoch = tail_; epoch < head_; ++epoch) TRY(read_header(epoch));
  // A record is written only behind a header: that of a newer block is damaged.
  for (auto epoch = head_ + 1; epoch < tail_ + geometry_.block_count; ++epoch) {
    const auto beyond = open({epoch, kBlockHeader}, geometry_.block_size);
    if (beyond || beyond.error() == Error::kStore) return Error::kStore;
  }
  return {};
}

// ---- places

std::uint32_t Log::address_of(std::uint64_t epoch, std::uint32_t offset) const {
  const auto block = static_cast<std::uint32_t>(epoch % geometry_.block_count);
  return block * geometry_.block_size + offset;
}

std::uint64_t Log::epoch_at(std::uint32_t address) const {
  const std::uint64_t count = geometry_.block_count;
  const std::uint64_t back = (head_ % count + count - address / geometry_.block_size) % count;
  return head_ - back;
}

std::uint32_t Log::aligned(std::size_t size) const {
  return (static_cast<std::uint32_t>(size) + align_ - 1) / align_ * align_;
}

std::uint32_t Log::free_blocks() const {
  return geometry_.block_count - static_cast<std::uint32_t>(head_ - tail_ + 1);
}

void Log::drop_tail() {
  CHECK(tail_ < head_);
  ++tail_;
}

// ---- reading

core::Result<Record> Log::open(const Cursor& cursor, std::uint32_t end) {
  if (end < cursor.offset + kRecordHead + kRecordTag) return Error::kMalformed;
  wipe_read();
  const auto address = address_of(cursor.epoch, cursor.offset);
  TRY(nor_.read(address, MutBytes(read_).first(kRecordHead)));
  const std::size_t size = std::size_t{read_[2]} << 8 | read_[3];
  if (read_[0] != kRecordMagic || (read_[1] & ~kAllFlags) != 0 || size > kMaxBody ||
      kRecordHead + size + kRecordTag > end - cursor.offset) {
    return Error::kMalformed;
  }
  const auto sealed = MutBytes(read_).subspan(kRecordHead, size + kRecordTag);
  TRY(nor_.read(address + static_cast<std::uint32_t>(kRecordHead), sealed));
  const auto nonce = nonce_of(cursor.epoch, cursor.offset);
  TRY(sealing_.open(nonce, Bytes(read_).first(kRecordHead), sealed));
  read_address_ = address;
  read_size_ = size;
  return Record{address, read_[1], sealed.first(size)};
}

core::Result<std::uint32_t> Log::end_of(std::uint64_t epoch) {
  if (ended_ != epoch) {
    end_before_ = TRY(read_header(epoch + 1)).end_before;
    ended_ = epoch;
  }
  return end_before_;
}

core::Result<Record> Log::next(Cursor& cursor) {
  while (cursor.epoch < head_) {
    const auto end = TRY(end_of(cursor.epoch));
    if (cursor.offset == end) {
      cursor = {cursor.epoch + 1, kBlockHeader};
      continue;
    }
    const auto record = open(cursor, end);
    if (!record) return Error::kStore;
    cursor.offset += aligned(kRecordHead + record->body.size() + kRecordTag);
    return *record;
  }
  const auto record = open(cursor, geometry_.block_size);
  if (record) {
    cursor.offset += aligned(kRecordHead + record->body.size() + kRecordTag);
    return *record;
  }
  if (record.error() == Error::kStore) return Error::kStore;
  return end_of_head(cursor);
}

core::Result<Record> Log::end_of_head(const Cursor& cursor) {
  end_ = cursor.offset;
  closed_ = false;
  for (auto offset = cursor.offset; offset < geometry_.block_size;) {
    const auto size = std::min<std::uint32_t>(geometry_.block_size - offset, kMaxUnit);
    core::ByteArray<kMaxUnit> bytes{};
    TRY(nor_.read(address_of(head_, offset), MutBytes(bytes).first(size)));
    if (!is_blank(Bytes(bytes).first(size))) closed_ = true;
    offset += size;
  }
  if (!closed_) return Record{};
  // After a torn write nothing more was written here. Something authentic behind
  // it means that what lies before was damaged.
  for (auto offset = cursor.offset + align_; offset < geometry_.block_size; offset += align_) {
    const auto behind = open({head_, offset}, geometry_.block_size);
    if (behind || behind.error() == Error::kStore) return Error::kStore;
  }
  return Record{};
}

core::Result<Bytes> Log::read(std::uint32_t address) {
  if (built_ > 0 && address == this->address()) return Bytes(write_).subspan(kRecordHead, built_);
  if (read_address_ == address && address != 0) {
    return Bytes(read_).subspan(kRecordHead, read_size_);
  }
  const Cursor cursor{epoch_at(address), address % geometry_.block_size};
  const auto record = open(cursor, geometry_.block_size);
  if (!record) return Error::kStore;
  return record->body;
}

// ---- writing

bool Log::fits(std::size_t size) const {
  return !closed_ && built_ + size <= kMaxBody &&
         end_ + kRecordHead + built_ + size + kRecordTag <= geometry_.block_size;
}

MutBytes Log::take(std::size_t size) {
  CHECK(fits(size));
  const auto out = MutBytes(write_).subspan(kRecordHead + built_, size);
  built_ += size;
  return out;
}

void Log::discard() {
  core::wipe(write_);
  built_ = 0;
}

core::Status Log::flush(std::uint8_t flags) {
  CHECK(built_ > 0);
  write_[0] = kRecordMagic;
  write_[1] = flags;
  write_[2] = static_cast<std::uint8_t>(built_ >> 8);
  write_[3] = static_cast<std::uint8_t>(built_);
  const auto all = MutBytes(write_);
  sealing_.seal(nonce_of(head_, end_), all.first(kRecordHead),
                all.subspan(kRecordHead, built_ + kRecordTag));
  const std::size_t size = kRecordHead + built_ + kRecordTag;
  const auto padded = aligned(size);
  std::fill(write_.begin() + static_cast<std::ptrdiff_t>(size),
            write_.begin() + static_cast<std::ptrdiff_t>(padded), std::uint8_t{0xff});
  const auto status = nor_.program(address(), all.first(padded));
  discard();
  if (!status) {
    closed_ = true;
    return Error::kStore;
  }
  end_ += padded;
  return {};
}

core::Status Log::open_block(std::uint32_t keep) {
  CHECK(built_ == 0);
  if (free_blocks() < std::max(keep, std::uint32_t{1}) + 1) return Error::kFull;
  const Header header{.epoch = head_ + 1, .tail = tail_, .end_before = end_};
  const auto block = static_cast<std::uint32_t>(header.epoch % geometry_.block_count);
  closed_ = true;  // until it is done: the header states where this block ends
  if (!finish_block(block, header)) return Error::kStore;
  head_ = header.epoch;
  end_ = kBlockHeader;
  closed_ = false;
  return {};
}

}  // namespace ports::flash
