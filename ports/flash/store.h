// The device's store on NOR flash, for a microcontroller: the log, an index of
// it in memory, and the collector. Spec: docs/spec/flash-store.md.
#ifndef PORTS_FLASH_STORE_H_
#define PORTS_FLASH_STORE_H_

#include "core/messenger/store.h"
#include "ports/flash/index.h"
#include "ports/flash/log.h"

namespace ports::flash {

// About 3 KB, beside the index: an entry of 24 bytes for each 256 bytes
// of each value, twice for what one transaction changes, and kIndexReserve. One
// thread. After commit() has said kStore because the chip failed, the
// transaction is undone; only if power goes before the next one begins may it
// be there after all.
class FlashStore final : public core::messenger::Store {
 public:
  // Values above this are refused with kFull.
  static constexpr std::size_t kMaxValueSize = 255 * kPieceSize - 1;
  // Entries of the index that are left for erasing and collecting.
  static constexpr std::size_t kIndexReserve = 80;

  // The chip and the index must outlive the store; the key is copied. Nothing
  // but format() and mount() may be called before one of them has succeeded.
  // REQUIRES: more entries than kIndexReserve; a geometry as the page says.
  FlashStore(Nor& nor, const core::Secret<32>& device_key, std::span<IndexEntry> index);

  // Erases the chip and begins an empty store. Power that fails in it leaves a
  // store that mount() may or may not take: call it again. Errors: kRng, kStore.
  core::Status format(core::Rng& rng);
  // Reads the whole chip. Writes nothing. Errors: kNotFound if nothing was
  // formatted; kBadTag with another key; kStore if it is damaged; kFull if the
  // index is too small.
  core::Status mount();

  // May collect: erases and writes blocks. Errors: kStore.
  core::Status begin() override;
  core::Result<std::size_t> get(core::Bytes key, core::MutBytes value) override;
  core::Status put(core::Bytes key, core::Bytes value) override;
  core::Status erase(core::Bytes key) override;
  core::Status commit() override;
  void rollback() override;

  // Bytes that values may take, and those that they do: 14 for each piece of
  // 256 bytes, and patches, come on top of the values.
  std::size_t capacity() const;
  std::size_t used() const { return index_.live(); }

 private:
  // How a record of the log is used: by the transaction, or by the collector.
  enum class Purpose : std::uint8_t { kWrite, kErase, kCollect };

  core::Status replay();
  core::Status take_record(const Record& record);
  core::Status collect();
  core::Status move_block();
  core::Status move_items(const Record& record);
  core::Status end_move();
  core::Status add(const Item& item, Purpose purpose);
  core::Status put_piece(std::uint64_t id, std::uint8_t number, core::Bytes piece);
  core::Status put_value(std::uint64_t id, core::Bytes value);
  core::Status read_base(const IndexEntry& entry, core::MutBytes out);
  core::Status read_piece(const IndexEntry& entry, core::MutBytes out);
  core::Status failed(core::Error error);
  void end_transaction();

  // Blocks that the collector needs so that it never comes to a halt, however
  // badly items fit into blocks, and those that a transaction finds.
  std::uint32_t collect_blocks() const { return 2 + log_.geometry().block_count / 8; }
  std::uint32_t transaction_blocks() const;
  // Bytes of items that a block holds at least.
  std::size_t block_capacity() const;

  Log log_;
  Index index_;
  bool ready_ = false;
  bool open_ = false;
  bool failed_ = false;         // a write of the open transaction failed: it cannot commit
  bool first_ = true;           // its first record is still to come
  std::size_t added_ = 0;       // bytes of items of the transaction
  std::size_t superseded_ = 0;  // bytes of items that it makes superfluous
};

}  // namespace ports::flash
#endif  // PORTS_FLASH_STORE_H_
