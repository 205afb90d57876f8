#include "core/e2e/spqr/payload.h"

#include "core/base/protobuf.h"

namespace core::e2e::spqr {
namespace {

// A varint that fits.
template <class T>
bool take_number(Bytes& in, T& out) {
  std::uint64_t value = 0;
  if (!take_varint(in, value)) return false;
  out = static_cast<T>(value);
  return out == value;
}

}  // namespace

Status Payload::parse(Bytes in, Payload& out) {
  out = {};
  if (in.empty() || in[0] == 0) return Error::kMalformed;
  in = in.subspan(1);
  if (!take_number(in, out.epoch) || out.epoch == 0 || !take_number(in, out.index) || in.empty() ||
      in[0] > static_cast<std::uint8_t>(PayloadType::kCt2)) {
    return Error::kMalformed;
  }
  out.type = static_cast<PayloadType>(in[0]);
  if (!has_chunk(out.type)) return {};
  in = in.subspan(1);
  if (!take_number(in, out.chunk.index) || in.size() < kChunkSize) return Error::kMalformed;
  copy(in.first(kChunkSize), out.chunk.bytes);
  return {};
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
