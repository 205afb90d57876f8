// The erasure code that carries a long value in short messages, some of which
// may be lost: any N different chunks restore a value of N chunks.
// Spec: docs/spec/end-to-end.md erasure code.
#ifndef CORE_E2E_SPQR_ERASURE_H_
#define CORE_E2E_SPQR_ERASURE_H_

#include "core/base/reader.h"
#include "core/base/writer.h"

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

// Collects chunks of any indices, all but the last of the N that make a value.
template <std::size_t N>
class Decoder {
 public:
  static_assert(N > 1 && N <= kMaxChunks);
  static constexpr std::size_t kValueSize = N * kChunkSize;
  // Most bytes that write() writes.
  static constexpr std::size_t kMaxStoredSize = 1 + (N - 1) * (2 + kChunkSize);

  // True if a chunk of this index is the last that is needed.
  bool completes(ChunkIndex index) const { return count_ == N - 1 && !holds(index); }
  // The whole value. REQUIRES: completes(index).
  void complete(ChunkIndex index, View<kChunkSize> chunk, MutView<kValueSize> value) const {
    CHECK(completes(index));
    auto indices = indices_;
    indices[N - 1] = index;
    copy(value_, value);
    copy(chunk, value.template last<kChunkSize>());
    restore(value, indices);
  }
  // Takes a chunk; one of a known index changes nothing.
  // REQUIRES: !completes(index).
  void add(ChunkIndex index, View<kChunkSize> chunk) {
    if (holds(index)) return;
    CHECK(count_ < N - 1);
    indices_[count_] = index;
    copy(chunk, MutBytes(value_).subspan(count_ * kChunkSize));
    ++count_;
  }

  void write(Writer& out) const {
    out.u8(static_cast<std::uint8_t>(count_));
    for (std::size_t i = 0; i < count_; ++i) out.u16_be(indices_[i]);
    out.bytes(Bytes(value_).first(count_ * kChunkSize));
  }
  // False if it cannot have been written so.
  bool read(Reader& in) {
    const std::size_t count = in.u8();
    if (count >= N) return false;
    for (count_ = 0; count_ < count; ++count_) {
      const ChunkIndex index = in.u16_be();
      if (holds(index)) return false;
      indices_[count_] = index;
    }
    const Bytes held = in.take(count * kChunkSize);
    copy(held, value_);
    return in.ok();
  }

 private:
  bool holds(ChunkIndex index) const {
    const auto end = indices_.begin() + count_;
    return std::find(indices_.begin(), end, index) != end;
  }

  ByteArray<kValueSize> value_{};  // chunks in the order in which they came
  std::array<ChunkIndex, N> indices_{};
  std::size_t count_ = 0;
};

}  // namespace core::e2e::spqr
#endif  // CORE_E2E_SPQR_ERASURE_H_
