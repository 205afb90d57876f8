#include "ports/flash/item.h"

#include "core/base/writer.h"

namespace ports::flash {

using core::Error;

void Item::encode(core::MutBytes out) const {
  core::Writer w(out);
  w.u64_be(id);
  w.u8(static_cast<std::uint8_t>(kind));
  w.u8(piece);
  w.u16_be(size);
  w.u16_be(static_cast<std::uint16_t>(data.size()));
  w.bytes(data);
  CHECK(w.ok() && w.size() == out.size());
}

core::Result<Item> ItemReader::next() {
  Item item;
  item.id = reader_.u64_be();
  const auto kind = reader_.u8();
  item.kind = static_cast<ItemKind>(kind);
  item.piece = reader_.u8();
  item.size = reader_.u16_be();
  item.data = reader_.take(std::size_t{reader_.u16_be()});
  const std::size_t most = item.kind == ItemKind::kErased ? 0 : kPieceSize;
  const bool whole = item.kind != ItemKind::kPiece || item.data.size() == item.size;
  if (!reader_.ok() || kind < 1 || kind > 3 || item.size > most || item.data.size() > most ||
      !whole) {
    return Error::kMalformed;
  }
  return item;
}

core::Result<Item> find_item(core::Bytes body, std::uint64_t id, ItemKind kind,
                             std::uint8_t piece) {
  core::Result<Item> found = Error::kNotFound;
  ItemReader reader(body);
  while (!reader.at_end()) {
    const auto item = TRY(reader.next());
    if (item.id == id && item.kind == kind && item.piece == piece) found = item;
  }
  return found;
}

}  // namespace ports::flash
