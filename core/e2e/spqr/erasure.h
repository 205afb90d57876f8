// The erasure code that carries a long value in short messages, some of which
// may be lost: any N different chunks restore a value of N chunks.
// Spec: docs/spec/end-to-end.md erasure code.
#ifndef CORE_E2E_SPQR_ERASURE_H_
#define CORE_E2E_SPQR_ERASURE_H_

#include "core/base/bytes.h"

namespace core::e2e::spqr {

inline constexpr std::size_t kChunkSize = 32;

// How many chunks the values have that travel this way.
inline constexpr std::size_t kHeaderChunks = 3;   // KEM header 64 || MAC 32
inline constexpr std::size_t kCt2Chunks = 5;      // ct2 128 || MAC 32
inline constexpr std::size_t kCt1Chunks = 30;     // 960
inline constexpr std::size_t kVectorChunks = 36;  // 1152
inline constexpr std::size_t kMaxChunks = kVectorChunks;

// Where a chunk's 16 words stand on their polynomials.
using ChunkIndex = std::uint16_t;

// Chunk `index` of a value of one of the sizes above. Below the number of its
// chunks it is a piece of the value; beyond, some microseconds of arithmetic.
ByteArray<kChunkSize> encode_chunk(Bytes value, ChunkIndex index);

// Restores a value in place from its points: chunk i of `value` is the chunk
// with index indices[i]. REQUIRES: the indices differ.
// Cost: about a millisecond if the indices are all beyond the value's.
void restore(MutBytes value, std::span<const ChunkIndex> indices);

}  // namespace core::e2e::spqr
#endif  // CORE_E2E_SPQR_ERASURE_H_
