#include "core/base/codec.h"

namespace core {

void Codec::bytes(MutBytes field) {
  if (out_ != nullptr) return out_->bytes(field);
  wipe(field);
  if (ok_) copy(in_->take(field.size()), field);
}

std::uint64_t Codec::big_endian(std::uint64_t value, std::size_t size) {
  ByteArray<8> field;
  for (std::size_t i = size; i-- > 0; value >>= 8) field[i] = static_cast<std::uint8_t>(value);
  bytes(MutBytes(field).first(size));
  for (std::size_t i = 0; i < size; ++i) value = value << 8 | field[i];
  return value;
}

void Codec::number(std::uint8_t& field) { bytes({&field, 1}); }
void Codec::number(std::uint16_t& field) {
  field = static_cast<std::uint16_t>(big_endian(field, sizeof field));
}
void Codec::number(std::uint32_t& field) {
  field = static_cast<std::uint32_t>(big_endian(field, sizeof field));
}
void Codec::number(std::uint64_t& field) { field = big_endian(field, sizeof field); }

std::uint8_t Codec::byte_at_most(std::uint8_t most, std::uint8_t value) {
  number(value);
  require(value <= most);
  return ok_ ? value : 0;
}

void Codec::flag(bool& field) { field = byte_at_most(1, field ? 1 : 0) == 1; }

void Codec::require(bool holds) { ok_ = ok_ && holds; }

}  // namespace core
