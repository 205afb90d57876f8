// The device's store in ESP-IDF's NVS. Spec: docs/spec/nvs-store.md.
#ifndef PORTS_ESP_IDF_NVS_STORE_H_
#define PORTS_ESP_IDF_NVS_STORE_H_

#include "core/messenger/store.h"
#include "ports/esp_idf/nvs_blob.h"

namespace ports::esp_idf {

// About 2.5 KB, and what NVS itself takes of the heap. One thread. After
// commit() has said kStore because NVS failed, the transaction is undone; only
// if power goes before the next one begins may it be there after all.
class NvsStore final : public core::messenger::Store {
 public:
  // Values above this are refused with kFull.
  static constexpr std::size_t kMaxValueSize = 255 * kMaxPieceSize;
  // Entries of NVS that are left for erasing.
  static constexpr std::size_t kReserve = 126;

  // The namespace is the store's alone. All but the key, which is copied, outlive
  // this. Nothing but format() and mount() may be called before one of them has
  // succeeded.
  NvsStore(const char* partition, const char* name, const core::Secret<32>& device_key,
           core::Rng& rng);
  NvsStore(const NvsStore&) = delete;
  NvsStore& operator=(const NvsStore&) = delete;

  // Erases the namespace and begins an empty store. Power that fails in it leaves
  // a store that mount() may or may not take: call it again. Errors: kRng, kStore;
  // kFull: others have left no room in the partition.
  core::Status format();
  // Reads all of it. Writes nothing. Errors: kNotFound if nothing was formatted;
  // kBadTag with another key; kStore if it is damaged.
  core::Status mount();

  // May erase what a power cut has left. Errors: kStore.
  core::Status begin() override;
  core::Result<std::size_t> get(core::Bytes key, core::MutBytes value) override;
  core::Status put(core::Bytes key, core::Bytes value) override;
  core::Status erase(core::Bytes key) override;
  core::Status commit() override;
  void rollback() override;

 private:
  struct Found {
    bool present[2] = {};
    bool damaged = false;         // one of them cannot be opened
    std::optional<Slot> current;  // which of them holds
    Blob blob;                    // it, and its mark
    Mark mark{};
    bool live() const { return current.has_value() && blob.kind == Blob::Kind::kPiece; }
  };
  // What a blob is that holds nothing: behind an erasure that holds may be one
  // that must go first.
  enum class Waste : std::uint8_t { kNone, kStale, kErasure };
  struct Judged {
    Waste waste{};
    Mark mark{};  // zeros but of a piece that holds
  };
  // What the open transaction has written.
  struct Touched {
    std::uint64_t id = 0;
    Slot slot = 0;
    bool erased = false;
  };

  core::Result<Found> find(std::uint64_t id);
  core::Status replace(std::uint64_t id, const Found& found, const Blob& with);
  core::Status put_piece(std::uint64_t id, std::uint32_t size, core::Bytes data);
  core::Status erase_piece(std::uint64_t id);
  core::Status put_value(core::Bytes key, core::Bytes value);
  core::Status erase_from(core::Bytes key, std::size_t first, std::size_t end);
  core::Result<Found> find_first(core::Bytes key);
  core::Result<std::size_t> get_value(core::Bytes key, core::MutBytes value);
  core::Status failed(core::Error error);
  void touch(const Touched& piece);

  core::Status adopt_record();
  core::Result<Mark> sum();
  core::Status flip();
  void end_transaction(core::Status tidied);
  core::Status tidy_committed();
  core::Status tidy_undone();
  core::Status sweep();
  core::Status sweep(Waste waste);
  core::Result<Judged> judge(const char* name);

  core::Status write_record(std::uint64_t generation, const Mark& sum);
  // The newest generation that is seen: committed, or of the open transaction.
  std::uint64_t newest() const { return generation_ + (open_ ? 1 : 0); }

  NvsSpace space_;
  NvsBlobs blobs_;
  std::uint64_t generation_ = 0;  // that was committed last
  Mark sum_{}, next_sum_{};       // of all pieces: committed, of the transaction
  bool ready_ = false;
  bool open_ = false;
  bool failed_ = false;   // the open transaction cannot commit
  bool untidy_ = false;   // more may be there than what holds
  bool crowded_ = false;  // the transaction has touched more than touched_ keeps
  std::size_t touched_count_ = 0;
  std::array<Touched, 64> touched_{};
};

}  // namespace ports::esp_idf
#endif  // PORTS_ESP_IDF_NVS_STORE_H_
