// The log of sealed records in a ring of erase blocks.
// Spec: docs/spec/flash-store.md, blocks, records.
#ifndef PORTS_FLASH_LOG_H_
#define PORTS_FLASH_LOG_H_

#include "core/base/rng.h"
#include "ports/flash/nor.h"
#include "ports/flash/sealing.h"

namespace ports::flash {

inline constexpr std::size_t kBlockHeader = 64;
inline constexpr std::size_t kRecordHead = 4;
inline constexpr std::size_t kRecordTag = Sealing::kTagSize;
inline constexpr std::size_t kMaxBody = 1088;
inline constexpr std::size_t kMaxUnit = 64;

enum RecordFlag : std::uint8_t { kFirst = 1, kLast = 2, kMoved = 4 };

// A place in the log, between records.
struct Cursor {
  std::uint64_t epoch = 0;
  std::uint32_t offset = kBlockHeader;
};

struct Record {
  std::uint32_t address = 0;
  std::uint8_t flags = 0;
  core::Bytes body;  // until the next read
};

// One record is built in memory, then sealed and programmed at once. Addresses
// are those of the chip. Nothing here knows what the bodies mean.
class Log {
 public:
  // The chip must outlive the log. REQUIRES: a geometry as the page says.
  Log(Nor& nor, const core::Secret<32>& device_key);
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  ~Log();

  // Erases everything and begins a log. Errors: kRng, kStore.
  core::Status format(core::Rng& rng);
  // Finds head and tail. Errors: kNotFound, kBadTag, kStore.
  core::Status find();

  // The record at the cursor, which moves on, over the ends of blocks too; at
  // the end of the log none, with address 0. From the head's first record that
  // is not authentic on the block is closed. Errors: kStore.
  core::Result<Record> next(Cursor& cursor);
  // Where the oldest block begins.
  Cursor tail() const { return {tail_, kBlockHeader}; }
  std::uint64_t head_epoch() const { return head_; }
  // Where the records of a block end. REQUIRES: it is not the head. Errors: kStore.
  core::Result<std::uint32_t> end_of(std::uint64_t epoch);
  // Takes the oldest block out. REQUIRES: it is not the head.
  void drop_tail();

  // The body of one record, also of the one being built. The view lives until
  // the next read. Errors: kStore.
  core::Result<core::Bytes> read(std::uint32_t address);

  // True iff `size` more bytes fit into the record being built.
  bool fits(std::size_t size) const;
  // Room for them. REQUIRES: fits(size).
  core::MutBytes take(std::size_t size);
  // Where the record that is being built will be.
  std::uint32_t address() const { return address_of(head_, end_); }
  bool is_building() const { return built_ > 0; }
  // Seals and programs it. Errors: kStore, and then the block is closed.
  core::Status flush(std::uint8_t flags);
  void discard();
  // Goes on in the next block, so that `keep` free ones are left. REQUIRES: no
  // record is being built. Errors: kFull, kStore.
  core::Status open_block(std::uint32_t keep);
  bool is_closed() const { return closed_; }

  // Blocks outside the log.
  std::uint32_t free_blocks() const;
  const Nor::Geometry& geometry() const { return geometry_; }
  // The 8-byte id of a key of the store.
  std::uint64_t id_of(core::Bytes key) const { return sealing_.id_of(key); }
  // Forgets the texts that are kept in memory.
  void wipe_read();

 private:
  struct Header {
    std::uint64_t epoch = 0, tail = 0;
    std::uint32_t end_before = 0;
  };

  void write_header(const Header& header, core::MutView<kBlockHeader> out) const;
  core::Result<Header> parse_header(core::View<kBlockHeader> bytes, std::uint32_t block) const;
  core::Result<Header> read_header(std::uint64_t epoch);
  core::Result<Header> adopt_newest();
  // Opens the record at the cursor into read_. Errors: kMalformed, kBadTag, kStore.
  core::Result<Record> open(const Cursor& cursor, std::uint32_t end);
  core::Result<Record> end_of_head(const Cursor& cursor);
  core::Status finish_block(std::uint32_t block, const Header& header);
  std::uint32_t address_of(std::uint64_t epoch, std::uint32_t offset) const;
  std::uint64_t epoch_at(std::uint32_t address) const;
  std::uint32_t aligned(std::size_t size) const;

  Nor& nor_;
  Nor::Geometry geometry_;
  std::uint32_t align_;
  Sealing sealing_;
  std::uint64_t head_ = 0, tail_ = 0;  // epochs
  std::uint32_t end_ = 0;              // of the head's records
  bool closed_ = true;                 // nothing more goes into the head
  std::uint64_t ended_ = 0;            // end_before_ is that of this epoch
  std::uint32_t end_before_ = 0;
  std::uint32_t read_address_ = 0;  // 0: nothing is kept
  std::size_t read_size_ = 0;
  std::size_t built_ = 0;  // bytes of the body being built
  alignas(8) core::ByteArray<kRecordHead + kMaxBody + kRecordTag + kMaxUnit> read_{}, write_{};
};

}  // namespace ports::flash
#endif  // PORTS_FLASH_LOG_H_
