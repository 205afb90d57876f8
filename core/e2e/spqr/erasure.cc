#include "core/e2e/spqr/erasure.h"

#include "core/base/result.h"
#include "core/e2e/spqr/field.h"

namespace core::e2e::spqr {
namespace {

constexpr std::size_t kWords = kChunkSize / 2;  // one on each polynomial

// What Lagrange's formula needs of the points alone: 1 / product of the
// differences between one and all others, for each.
constexpr void set_weights(std::span<const ChunkIndex> points, std::span<std::uint16_t> weights) {
  for (std::size_t i = 0; i < points.size(); ++i) {
    std::uint16_t product = 1;
    for (std::size_t j = 0; j < points.size(); ++j) {
      if (j == i) continue;
      product = multiply(product, static_cast<std::uint16_t>(points[i] ^ points[j]));
    }
    weights[i] = invert(product);
  }
}

// The sizes of the values, and the weights of each as it is: of the points 0, 1,
// 2, ... One size after the other.
constexpr std::array<std::uint8_t, 4> kSizes{kHeaderChunks, kCt2Chunks, kCt1Chunks, kVectorChunks};
constexpr auto kWeights = [] {
  std::array<std::uint16_t, kHeaderChunks + kCt2Chunks + kCt1Chunks + kVectorChunks> weights{};
  std::array<ChunkIndex, kMaxChunks> points{};
  for (std::size_t i = 0; i < kMaxChunks; ++i) points[i] = static_cast<ChunkIndex>(i);
  std::size_t at = 0;
  for (const std::size_t size : kSizes) {
    set_weights(std::span(points).first(size), std::span(weights).subspan(at, size));
    at += size;
  }
  return weights;
}();

std::span<const std::uint16_t> weights_of(std::size_t chunks) {
  std::size_t at = 0;
  for (const std::size_t size : kSizes) {
    if (size == chunks) return std::span(kWeights).subspan(at, size);
    at += size;
  }
  __builtin_trap();
}

using Words = std::array<std::uint16_t, kWords>;

// sum += factor * words, by doubling: the compiler does all words at once.
void add_multiple(std::uint16_t factor, const Words& words, Words& sum) {
  Words product{};
  for (unsigned bit = 16; bit-- > 0;) {
    const auto use = static_cast<std::uint16_t>(0u - (factor >> bit & 1u));
    for (std::size_t w = 0; w < kWords; ++w) {
      const auto high = static_cast<std::uint16_t>(0u - (product[w] >> 15 & 1u));
      product[w] =
          static_cast<std::uint16_t>(product[w] << 1 ^ (high & kReduction) ^ (words[w] & use));
    }
  }
  for (std::size_t w = 0; w < kWords; ++w) sum[w] = static_cast<std::uint16_t>(sum[w] ^ product[w]);
}

// The chunk with index `x` of a value whose chunks at hand have the indices
// `points`, which differ; 0, 1, 2, ... if there are none.
ByteArray<kChunkSize> chunk_at(Bytes value, std::span<const ChunkIndex> points,
                               std::span<const std::uint16_t> weights, ChunkIndex x) {
  const auto distance = [&](std::size_t i) {
    return static_cast<std::uint16_t>(x ^ (points.empty() ? i : points[i]));
  };
  for (std::size_t i = 0; i < weights.size(); ++i) {
    if (distance(i) == 0)
      return to_array(View<kChunkSize>(value.subspan(i * kChunkSize, kChunkSize)));
  }
  // Point i's factor is its weight times all x - point but its own: those
  // before it times those behind.
  std::array<std::uint16_t, kMaxChunks> factors;
  std::uint16_t before = 1;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    factors[i] = multiply(weights[i], before);
    before = multiply(before, distance(i));
  }
  Words sum{};
  std::uint16_t behind = 1;
  for (std::size_t i = weights.size(); i-- > 0;) {
    Words words;
    for (std::size_t w = 0; w < kWords; ++w) {
      const std::size_t at = i * kChunkSize + 2 * w;
      words[w] = static_cast<std::uint16_t>(value[at] << 8 | value[at + 1]);
    }
    add_multiple(multiply(factors[i], behind), words, sum);
    behind = multiply(behind, distance(i));
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
  return chunk_at(value, {}, weights_of(value.size() / kChunkSize), index);
}

void restore(MutBytes value, std::span<const ChunkIndex> indices) {
  const std::size_t count = indices.size();
  CHECK(value.size() == count * kChunkSize && count <= kMaxChunks);
  std::array<std::uint16_t, kMaxChunks> weights;  // not needed if nothing was lost
  ChunkIndex last = 0;
  for (const ChunkIndex index : indices) last = std::max(last, index);
  if (last >= count) set_weights(indices, weights);
  ByteArray<kMaxChunks * kChunkSize> whole;
  for (std::size_t i = 0; i < count; ++i) {
    copy(chunk_at(value, indices, std::span(weights).first(count), static_cast<ChunkIndex>(i)),
         MutBytes(whole).subspan(i * kChunkSize));
  }
  copy(Bytes(whole).first(value.size()), value);
}

}  // namespace core::e2e::spqr
