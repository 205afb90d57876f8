#include "core/base/writer.h"

namespace core {

void Writer::u8(std::uint8_t v) { big_endian(v, 1); }
void Writer::u16_be(std::uint16_t v) { big_endian(v, 2); }
void Writer::u32_be(std::uint32_t v) { big_endian(v, 4); }
void Writer::u64_be(std::uint64_t v) { big_endian(v, 8); }

void Writer::bytes(Bytes b) {
  const MutBytes to = reserve(b.size());
  if (!to.empty()) copy(b, to);
}

MutBytes Writer::reserve(std::size_t size) {
  if (room() < size) ok_ = false;
  if (!ok_) return {};
  size_ += size;
  return out_.first(size_).last(size);
}

void Writer::big_endian(std::uint64_t v, std::size_t size) {
  const MutBytes to = reserve(size);
  for (std::size_t i = to.size(); i-- > 0; v >>= 8) to[i] = static_cast<std::uint8_t>(v);
}

}  // namespace core
