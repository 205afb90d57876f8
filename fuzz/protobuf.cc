// The wire format: what the reader accepts, written again, is read as the same
// fields, and in no more bytes.
#include "core/base/protobuf.h"

#include <vector>

namespace {

using core::WireType;

std::vector<core::ProtobufField> fields_of(core::Bytes message) {
  std::vector<core::ProtobufField> out;
  core::ProtobufReader reader(message);
  while (const auto* field = reader.next()) out.push_back(*field);
  if (!reader.ok()) out.clear();
  CHECK(reader.next() == nullptr);
  return out;
}

bool same(const core::ProtobufField& a, const core::ProtobufField& b) {
  return a.number == b.number && a.type == b.type && a.value == b.value &&
         core::equal_var(a.bytes, b.bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto fields = fields_of({data, size});
  std::vector<std::uint8_t> out(size);
  core::ProtobufWriter writer(out);
  std::size_t writable = 0, expected_size = 0;
  for (const auto& field : fields) {
    if (field.type == WireType::kVarint) {
      writer.varint(field.number, field.value);
      expected_size +=
          core::varint_size(std::uint64_t{field.number} << 3) + core::varint_size(field.value);
    } else if (field.type == WireType::kBytes) {
      writer.bytes(field.number, field.bytes);
      expected_size += core::bytes_field_size(field.number, field.bytes.size());
    } else {
      continue;  // never written by us
    }
    ++writable;
  }
  CHECK(writer.finish().ok() && *writer.finish() == expected_size);
  const auto again = fields_of(writer.written());
  CHECK(again.size() == writable);
  std::size_t at = 0;
  for (const auto& field : fields) {
    if (field.type == WireType::kFixed32 || field.type == WireType::kFixed64) continue;
    CHECK(same(field, again[at++]));
  }
  return 0;
}
