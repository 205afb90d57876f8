#include "core/e2e/spqr/payload.h"

namespace core::e2e::spqr {
namespace {

// LEB128, at most 64 bits. Nothing if it does not parse.
std::optional<std::uint64_t> varint(Reader& in) {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < 10; ++i) {
    const std::uint8_t byte = in.u8();
    if (!in.ok() || (i == 9 && byte > 1)) return std::nullopt;
    value |= std::uint64_t{byte & 0x7fu} << (7 * i);
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

void put_varint(Writer& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.u8(static_cast<std::uint8_t>(value | 0x80));
  out.u8(static_cast<std::uint8_t>(value));
}

}  // namespace

Result<Payload> Payload::parse(Bytes in) {
  Reader reader(in);
  if (reader.u8() == 0) return Error::kMalformed;
  const auto epoch = varint(reader);
  const auto index = varint(reader);
  if (!epoch || *epoch == 0 || !index || *index > UINT32_MAX) return Error::kMalformed;
  const std::uint8_t type = reader.u8();
  if (!reader.ok() || type > static_cast<std::uint8_t>(PayloadType::kCt2)) return Error::kMalformed;

  Payload payload;
  payload.epoch = *epoch;
  payload.index = static_cast<std::uint32_t>(*index);
  payload.type = static_cast<PayloadType>(type);
  if (has_chunk(payload.type)) {
    const auto chunk_index = varint(reader);
    if (!chunk_index || *chunk_index > UINT16_MAX) return Error::kMalformed;
    payload.chunk.index = static_cast<ChunkIndex>(*chunk_index);
    payload.chunk.bytes = to_array(reader.take<kChunkSize>());
    if (!reader.ok()) return Error::kMalformed;
  }
  return payload;
}

Result<std::size_t> Payload::encode(MutBytes out) const {
  Writer writer(out);
  writer.u8(kVersion);
  put_varint(writer, epoch);
  put_varint(writer, index);
  writer.u8(static_cast<std::uint8_t>(type));
  if (has_chunk(type)) {
    put_varint(writer, chunk.index);
    writer.bytes(chunk.bytes);
  }
  return writer.finish();
}

}  // namespace core::e2e::spqr
