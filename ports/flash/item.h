// The items in a record of the log. Spec: docs/spec/flash-store.md, items.
#ifndef PORTS_FLASH_ITEM_H_
#define PORTS_FLASH_ITEM_H_

#include "core/base/reader.h"
#include "core/base/result.h"

namespace ports::flash {

inline constexpr std::size_t kPieceSize = 256;
inline constexpr std::size_t kItemHead = 14;
inline constexpr std::size_t kMaxItem = kItemHead + kPieceSize;

enum class ItemKind : std::uint8_t { kPiece = 1, kPatch = 2, kErased = 3 };

// The data is a view of what it was read from.
struct Item {
  std::uint64_t id = 0;
  ItemKind kind{};
  std::uint8_t piece = 0;
  std::uint16_t size = 0;  // of the piece
  core::Bytes data;

  std::size_t encoded_size() const { return kItemHead + data.size(); }
  // REQUIRES: out.size() == encoded_size()
  void encode(core::MutBytes out) const;
};

// Reads items one after the other.
class ItemReader {
 public:
  explicit ItemReader(core::Bytes body) : reader_(body) {}
  bool at_end() const { return reader_.finished(); }
  // Errors: kMalformed, and then every later call too.
  core::Result<Item> next();

 private:
  core::Reader reader_;
};

// The last item of this kind for this piece. Errors: kNotFound, kMalformed.
core::Result<Item> find_item(core::Bytes body, std::uint64_t id, ItemKind kind, std::uint8_t piece);

}  // namespace ports::flash
#endif  // PORTS_FLASH_ITEM_H_
