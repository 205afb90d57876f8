#include "core/base/protobuf.h"

namespace core {

bool take_varint(Bytes& in, std::uint64_t& out) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < 10 && i < in.size(); ++i) {
    const std::uint8_t byte = in[i];
    if (i == 9 && byte > 1) return false;  // more than 64 bits
    value |= std::uint64_t{byte & 0x7fu} << (7 * i);
    if (byte < 0x80) {
      in = in.subspan(i + 1);
      out = value;
      return true;
    }
  }
  return false;
}

ProtobufReader::ProtobufReader(Bytes message) : in_(message) {}

bool ProtobufReader::take_fixed(std::size_t size, std::uint64_t& out) {
  if (in_.size() < size) return false;
  for (std::size_t i = size; i-- > 0;) out = out << 8 | in_[i];
  in_ = in_.subspan(size);
  return true;
}

const ProtobufField* ProtobufReader::next() {
  if (!ok_ || in_.empty()) return nullptr;
  ok_ = false;  // until the field has been read
  std::uint64_t tag = 0;
  if (!take_varint(in_, tag) || tag > UINT32_MAX || tag >> 3 == 0) return nullptr;
  field_ = {};
  field_.number = static_cast<std::uint32_t>(tag) >> 3;
  field_.type = static_cast<WireType>(tag & 7);
  switch (field_.type) {
    case WireType::kVarint: ok_ = take_varint(in_, field_.value); break;
    case WireType::kFixed64: ok_ = take_fixed(8, field_.value); break;
    case WireType::kFixed32: ok_ = take_fixed(4, field_.value); break;
    case WireType::kBytes: {
      std::uint64_t size = 0;
      if (!take_varint(in_, size) || size > in_.size()) return nullptr;
      field_.bytes = in_.first(static_cast<std::size_t>(size));
      in_ = in_.subspan(static_cast<std::size_t>(size));
      ok_ = true;
      break;
    }
  }
  return ok_ ? &field_ : nullptr;
}

ProtobufFields::ProtobufFields(Bytes message) : reader_(message) {}

std::uint32_t ProtobufFields::next() {
  field_ = reader_.next();
  return field_ == nullptr ? 0 : field_->number;
}

bool ProtobufFields::is(WireType type) {
  if (field_->type != type) refuse();
  return field_->type == type;
}

void ProtobufFields::u64(std::uint64_t& out) {
  if (is(WireType::kVarint)) out = field_->value;
}

void ProtobufFields::u32(std::uint32_t& out) {
  std::uint64_t value = 0;
  u64(value);
  if (value > UINT32_MAX) refuse();
  out = static_cast<std::uint32_t>(value);
}

void ProtobufFields::bytes(Bytes& out) {
  if (is(WireType::kBytes)) out = field_->bytes;
}

void put_varint(Writer& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.u8(static_cast<std::uint8_t>(value | 0x80));
  out.u8(static_cast<std::uint8_t>(value));
}

void ProtobufWriter::varint(std::uint32_t number, std::uint64_t value) {
  put_varint(out_, std::uint64_t{number} << 3 | static_cast<std::uint8_t>(WireType::kVarint));
  put_varint(out_, value);
}

void ProtobufWriter::bytes(std::uint32_t number, Bytes value) {
  const MutBytes to = reserve(number, value.size());
  if (!to.empty()) copy(value, to);
}

MutBytes ProtobufWriter::reserve(std::uint32_t number, std::size_t size) {
  put_varint(out_, std::uint64_t{number} << 3 | static_cast<std::uint8_t>(WireType::kBytes));
  put_varint(out_, size);
  return out_.reserve(size);
}

std::size_t varint_size(std::uint64_t value) {
  std::size_t size = 1;
  while (value >>= 7) ++size;
  return size;
}

std::size_t bytes_field_size(std::uint32_t number, std::size_t size) {
  return varint_size(std::uint64_t{number} << 3) + varint_size(size) + size;
}

}  // namespace core
