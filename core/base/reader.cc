#include "core/base/reader.h"

namespace core {

std::uint8_t Reader::u8() { return *bytes(1); }
std::uint16_t Reader::u16_be() { return static_cast<std::uint16_t>(big_endian(2)); }
std::uint32_t Reader::u32_be() { return big_endian(4); }
std::uint64_t Reader::u64_be() {
  const std::uint64_t high = u32_be();
  return high << 32 | u32_be();
}

Bytes Reader::take(std::size_t size) {
  if (!ok_ || in_.size() < size) {
    ok_ = false;
    return {};
  }
  const auto out = in_.first(size);
  in_ = in_.subspan(size);
  return out;
}

const std::uint8_t* Reader::bytes(std::size_t size) {
  const auto* const out = take(size).data();
  return ok_ ? out : kZeros.data();
}

std::uint32_t Reader::big_endian(std::size_t size) {
  std::uint32_t value = 0;
  for (const std::uint8_t byte : Bytes(bytes(size), size)) value = value << 8 | byte;
  return value;
}

}  // namespace core
