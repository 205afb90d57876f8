// The erasure code that carries a long value in short messages, some of which
// may be lost: any N different chunks restore a value of N chunks.
// Spec: docs/spec/end-to-end.md erasure code.
#ifndef CORE_E2E_SPQR_ERASURE_H_
#define CORE_E2E_SPQR_ERASURE_H_

#include "core/base/reader.h"
#include "core/base/writer.h"

namespace core::e2e::spqr {

inline constexpr std::size_t kChunkSize = 32;
inline constexpr std::size_t kMaxChunks = 36;

// Where a chunk's 16 words stand on their polynomials.
using ChunkIndex = std::uint16_t;

// Chunk `index` of a value of 1 to kMaxChunks whole chunks. Cheap below their
// number, where it is a piece of the value; quadratic in it beyond.
ByteArray<kChunkSize> encode_chunk(Bytes value, ChunkIndex index);

// Restores a value in place from its points: chunk i of `value` is the chunk
// with index indices[i]. REQUIRES: the indices differ.
void restore(MutBytes value, std::span<ChunkIndex> indices);

// Collects N chunks of any indices until the value is whole.
template <std::size_t N>
class Decoder {
 public:
  static_assert(N >= 1 && N <= kMaxChunks);
  static constexpr std::size_t kValueSize = N * kChunkSize;

  // Takes a chunk; one that is known already, or that comes after N, changes
  // nothing.
  void add(ChunkIndex index, View<kChunkSize> chunk) {
    if (complete()) return;
    for (std::size_t i = 0; i < count_; ++i) {
      if (indices_[i] == index) return;
    }
    indices_[count_] = index;
    copy(chunk, MutBytes(value_).subspan(count_ * kChunkSize));
    if (++count_ == N) restore(value_, indices_);
  }
  bool complete() const { return count_ == N; }
  // REQUIRES: complete(). Lives as long as this object.
  View<kValueSize> value() const { return value_; }

  void write(Writer& out) const {
    out.u8(static_cast<std::uint8_t>(count_));
    for (std::size_t i = 0; i < count_; ++i) out.u16_be(indices_[i]);
    out.bytes(Bytes(value_).first(count_ * kChunkSize));
  }
  // False if it cannot have been written so; a complete one never is.
  bool read(Reader& in) {
    count_ = in.u8();
    if (count_ >= N) return false;
    for (std::size_t i = 0; i < count_; ++i) {
      indices_[i] = in.u16_be();
      for (std::size_t j = 0; j < i; ++j) {
        if (indices_[j] == indices_[i]) return false;
      }
    }
    const Bytes held = in.take(count_ * kChunkSize);
    if (!in.ok()) return false;
    copy(held, value_);
    return true;
  }

 private:
  ByteArray<kValueSize> value_{};
  std::array<ChunkIndex, N> indices_{};
  std::size_t count_ = 0;
};

}  // namespace core::e2e::spqr
#endif  // CORE_E2E_SPQR_ERASURE_H_
