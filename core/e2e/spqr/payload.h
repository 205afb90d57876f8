// What the post-quantum ratchet puts into field 5 of a message.
// Spec: docs/spec/end-to-end.md SPQR payload.
#ifndef CORE_E2E_SPQR_PAYLOAD_H_
#define CORE_E2E_SPQR_PAYLOAD_H_

#include "core/base/result.h"
#include "core/e2e/spqr/erasure.h"

namespace core::e2e::spqr {

inline constexpr std::uint8_t kVersion = 1;

enum class PayloadType : std::uint8_t {
  kNone = 0,
  kHdr = 1,
  kEk = 2,
  kEkCt1Ack = 3,
  kCt1Ack = 4,
  kCt1 = 5,
  kCt2 = 6,
};
// True for the types that carry a chunk.
constexpr bool has_chunk(PayloadType type) {
  return type != PayloadType::kNone && type != PayloadType::kCt1Ack;
}

struct Chunk {
  ChunkIndex index = 0;
  ByteArray<kChunkSize> bytes{};
};

struct Payload {
  // Most bytes encode() writes: version, epoch, index, type, chunk.
  static constexpr std::size_t kMaxSize = 1 + 10 + 5 + 1 + 3 + kChunkSize;

  std::uint32_t epoch = 0;  // from 1
  std::uint32_t index = 0;  // of the key in the chain of epoch - 1, from 1
  PayloadType type = PayloadType::kNone;
  Chunk chunk;  // if has_chunk(type)

  // Bytes behind the payload are ignored, and so is the version: a later one
  // that is not read as this one would mean a message without its key.
  // Errors: kMalformed.
  static Status parse(Bytes in, Payload& out);
  // Errors: kFull.
  Result<std::size_t> encode(MutBytes out) const;
};

}  // namespace core::e2e::spqr
#endif  // CORE_E2E_SPQR_PAYLOAD_H_
