// The sealed blobs of a store in NVS, and their names.
// Spec: docs/spec/nvs-store.md keys and names.
#ifndef PORTS_ESP_IDF_NVS_BLOB_H_
#define PORTS_ESP_IDF_NVS_BLOB_H_

#include <optional>
#include <string_view>

#include "core/base/rng.h"
#include "ports/esp_idf/nvs_space.h"
#include "ports/flash/sealing.h"

namespace ports::esp_idf {

inline constexpr std::size_t kMaxBlobSize = 1024;
inline constexpr std::size_t kMaxPieceSize = kMaxBlobSize - 41;
// What the largest takes of NVS: 32 bytes an entry, and 2 more.
inline constexpr std::size_t kMaxBlobEntries = kMaxBlobSize / 32 + 2;

// Ends in zero.
using BlobName = std::array<char, 13>;
// One of the two where a piece may lie: 0 or 1.
using Slot = std::uint8_t;
struct Place {
  std::uint64_t id = 0;
  Slot slot = 0;
};

BlobName name_of(const Place& place);
// Nothing: it is no piece's name.
std::optional<Place> place_of(std::string_view name);
BlobName record_name(std::uint64_t generation);
bool is_salt(std::string_view name);

// Stands for a blob in the sum of a store.
using Mark = core::ByteArray<16>;
// Sums are taken without carry: a mark that is added twice is gone.
void add(const Mark& mark, Mark& sum);

struct Blob {
  enum class Kind : std::uint8_t { kPiece = 1, kErased = 2, kRecord = 3 };
  std::uint64_t generation = 0;
  Kind kind{};
  std::uint32_t size = 0;  // of the value, in its first piece
  core::Bytes data;        // at most kMaxPieceSize
};

// One thread.
class NvsBlobs {
 public:
  // The key is copied; the others outlive this.
  NvsBlobs(NvsSpace& space, const core::Secret<32>& device_key, core::Rng& rng);
  NvsBlobs(const NvsBlobs&) = delete;
  NvsBlobs& operator=(const NvsBlobs&) = delete;
  ~NvsBlobs() { wipe(); }

  // Erases the namespace and writes a new salt, uncommitted. Errors: kRng, and
  // nothing was erased; kFull, kStore.
  core::Status format();
  // Errors: kStore too if there is no salt of ours.
  core::Status use_salt();

  // What follows: once one of these has succeeded.
  std::uint64_t id_of(core::Bytes key, std::size_t piece) const;
  struct Opened {
    Blob blob;  // its data until the next read or write
    Mark mark{};
  };
  // Errors: kNotFound; kBadTag: not one of ours; kStore.
  core::Result<Opened> read(const BlobName& name);
  // The data is not of one that was read. Errors: kRng, kFull, kStore; after the
  // last two the blob may be there or not. REQUIRES: none of that name.
  core::Result<Mark> write(const BlobName& name, const Blob& blob);
  // Forgets what was read last.
  void wipe() { core::wipe(buffer_); }

 private:
  Mark mark_of(const BlobName& name, core::Bytes sealed) const;

  NvsSpace& space_;
  flash::Sealing sealing_;
  core::Rng& rng_;
  core::ByteArray<kMaxBlobSize> buffer_{};
};

}  // namespace ports::esp_idf
#endif  // PORTS_ESP_IDF_NVS_BLOB_H_
