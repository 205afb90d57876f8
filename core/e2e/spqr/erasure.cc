#include "core/e2e/spqr/erasure.h"

#include "core/e2e/spqr/field.h"

namespace core::e2e::spqr {
namespace {

constexpr std::size_t kWords = kChunkSize / 2;  // one on each polynomial

// sum += factor * chunk, word by word.
void add_multiple(std::uint16_t factor, Bytes chunk, std::array<std::uint16_t, kWords>& sum) {
  for (std::size_t w = 0; w < kWords; ++w) {
    const auto word = static_cast<std::uint16_t>(chunk[2 * w] << 8 | chunk[2 * w + 1]);
    sum[w] = static_cast<std::uint16_t>(sum[w] ^ multiply(word, factor));
  }
}

// The polynomials through the chunks of `value` at `points`, at `x`, which is
// none of the points. Lagrange's formula.
ByteArray<kChunkSize> interpolate(Bytes value, std::span<const ChunkIndex> points, ChunkIndex x) {
  std::uint16_t numerator = 1;
  for (const ChunkIndex point : points) {
    numerator = multiply(numerator, static_cast<std::uint16_t>(x ^ point));
  }
  std::array<std::uint16_t, kWords> sum{};
  for (std::size_t i = 0; i < points.size(); ++i) {
    auto denominator = static_cast<std::uint16_t>(x ^ points[i]);
    for (std::size_t j = 0; j < points.size(); ++j) {
      if (j == i) continue;
      denominator = multiply(denominator, static_cast<std::uint16_t>(points[i] ^ points[j]));
    }
    add_multiple(multiply(numerator, invert(denominator)),
                 value.subspan(i * kChunkSize, kChunkSize), sum);
  }
  ByteArray<kChunkSize> chunk;
  for (std::size_t w = 0; w < kWords; ++w) {
    chunk[2 * w] = static_cast<std::uint8_t>(sum[w] >> 8);
    chunk[2 * w + 1] = static_cast<std::uint8_t>(sum[w]);
  }
  return chunk;
}

}  // namespace

ByteArray<kChunkSize> encode_chunk(Bytes value, ChunkIndex index) {
  const std::size_t count = value.size() / kChunkSize;
  CHECK(value.size() % kChunkSize == 0 && count >= 1 && count <= kMaxChunks);
  if (index < count) {
    return to_array(View<kChunkSize>(value.subspan(index * kChunkSize, kChunkSize)));
  }
  std::array<ChunkIndex, kMaxChunks> points;
  for (std::size_t i = 0; i < count; ++i) points[i] = static_cast<ChunkIndex>(i);
  return interpolate(value, std::span(points).first(count), index);
}

void restore(MutBytes value, std::span<ChunkIndex> indices) {
  const std::size_t count = indices.size();
  CHECK(value.size() == count * kChunkSize && count <= kMaxChunks);
  ByteArray<kMaxChunks * kChunkSize> whole;
  for (std::size_t i = 0; i < count; ++i) {
    const auto to = MutBytes(whole).subspan(i * kChunkSize, kChunkSize);
    const auto held = std::find(indices.begin(), indices.end(), static_cast<ChunkIndex>(i));
    if (held != indices.end()) {
      const auto at = static_cast<std::size_t>(held - indices.begin());
      copy(value.subspan(at * kChunkSize, kChunkSize), to);
    } else {
      copy(interpolate(value, indices, static_cast<ChunkIndex>(i)), to);
    }
  }
  copy(Bytes(whole).first(value.size()), value);
}

}  // namespace core::e2e::spqr
