// Messages taken apart into fields and put together again.
#include "core/api/message_test_specimens.h"

namespace core::api {

std::vector<RawField> split(Bytes message) {
  std::vector<RawField> fields;
  ProtobufReader reader(message);
  while (const auto* f = reader.next()) {
    if (f->type == WireType::kBytes) {
      fields.push_back(bytes_field(f->number, {f->bytes.begin(), f->bytes.end()}));
    } else {
      fields.push_back(varint_field(f->number, f->value));
    }
  }
  return fields;
}

std::vector<std::uint8_t> join(const std::vector<RawField>& fields) {
  std::vector<std::uint8_t> out;
  for (const auto& field : fields) out.insert(out.end(), field.bytes.begin(), field.bytes.end());
  return out;
}

RawField varint_field(std::uint32_t number, std::uint64_t value) {
  ByteArray<16> out{};
  ProtobufWriter writer(out);
  writer.varint(number, value);
  const auto size = static_cast<int>(*writer.finish());
  return {number, WireType::kVarint, {out.begin(), out.begin() + size}};
}

RawField bytes_field(std::uint32_t number, const std::vector<std::uint8_t>& value) {
  std::vector<std::uint8_t> out(bytes_field_size(number, value.size()));
  ProtobufWriter writer(out);
  writer.bytes(number, value);
  return {number, WireType::kBytes, out};
}

RawField fixed_field(std::uint32_t number, WireType type) {
  ByteArray<16> out{};
  ProtobufWriter writer(out);
  writer.varint(number, 0);  // the tag, and 0, of which the value's first byte is made
  out[0] = static_cast<std::uint8_t>(out[0] | static_cast<std::uint8_t>(type));
  const std::size_t size = *writer.finish() - 1 + (type == WireType::kFixed64 ? 8 : 4);
  return {number, type, {out.begin(), out.begin() + static_cast<int>(size)}};
}

}  // namespace core::api
