#include "core/e2e/spqr/erasure.h"

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

// The points 0 to N - 1, of a value as it is, and their weights.
template <std::size_t N>
struct Ordered {
  constexpr Ordered() {
    for (std::size_t i = 0; i < N; ++i) points[i] = static_cast<ChunkIndex>(i);
    set_weights(points, weights);
  }
  std::array<ChunkIndex, N> points{};
  std::array<std::uint16_t, N> weights{};
};
constexpr Ordered<kHeaderChunks> kHeader;
constexpr Ordered<kCt2Chunks> kCt2;
constexpr Ordered<kCt1Chunks> kCt1;
constexpr Ordered<kVectorChunks> kVector;

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

// The value of the polynomials through the chunks of `value` at `points`, at
// an `x` that is none of the points.
ByteArray<kChunkSize> interpolate(Bytes value, std::span<const ChunkIndex> points,
                                  std::span<const std::uint16_t> weights, ChunkIndex x) {
  // Point i's factor is its weight times all x - point but its own: those
  // before it times those behind.
  std::array<std::uint16_t, kMaxChunks> factors;
  std::uint16_t before = 1;
  for (std::size_t i = 0; i < points.size(); ++i) {
    factors[i] = multiply(weights[i], before);
    before = multiply(before, static_cast<std::uint16_t>(x ^ points[i]));
  }
  Words sum{};
  std::uint16_t behind = 1;
  for (std::size_t i = points.size(); i-- > 0;) {
    Words words;
    for (std::size_t w = 0; w < kWords; ++w) {
      const std::size_t at = i * kChunkSize + 2 * w;
      words[w] = static_cast<std::uint16_t>(value[at] << 8 | value[at + 1]);
    }
    add_multiple(multiply(factors[i], behind), words, sum);
    behind = multiply(behind, static_cast<std::uint16_t>(x ^ points[i]));
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
  if (index < count) {
    return to_array(View<kChunkSize>(value.subspan(index * kChunkSize, kChunkSize)));
  }
  switch (value.size()) {
    case kHeaderChunks* kChunkSize:
      return interpolate(value, kHeader.points, kHeader.weights, index);
    case kCt2Chunks* kChunkSize: return interpolate(value, kCt2.points, kCt2.weights, index);
    case kCt1Chunks* kChunkSize: return interpolate(value, kCt1.points, kCt1.weights, index);
    case kVectorChunks* kChunkSize:
      return interpolate(value, kVector.points, kVector.weights, index);
    default: __builtin_trap();
  }
}

void restore(MutBytes value, std::span<const ChunkIndex> indices) {
  const std::size_t count = indices.size();
  CHECK(value.size() == count * kChunkSize && count <= kMaxChunks);
  std::array<std::uint16_t, kMaxChunks> weights;
  bool has_weights = false;  // not needed if nothing was lost
  ByteArray<kMaxChunks * kChunkSize> whole;
  for (std::size_t i = 0; i < count; ++i) {
    const auto to = MutBytes(whole).subspan(i * kChunkSize, kChunkSize);
    const auto held = std::find(indices.begin(), indices.end(), static_cast<ChunkIndex>(i));
    if (held != indices.end()) {
      const auto at = static_cast<std::size_t>(held - indices.begin());
      copy(value.subspan(at * kChunkSize, kChunkSize), to);
      continue;
    }
    if (!has_weights) set_weights(indices, weights);
    has_weights = true;
    copy(interpolate(value, indices, weights, static_cast<ChunkIndex>(i)), to);
  }
  copy(Bytes(whole).first(value.size()), value);
}

}  // namespace core::e2e::spqr
