#include "core/crypto/blake2s.h"

#include <bit>

#include "core/base/result.h"
#include "core/crypto/words.h"

namespace core::crypto {
namespace {

constexpr std::array<std::uint32_t, 8> kInitial = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

// Spec: [RFC7693] 2.7.
constexpr std::uint8_t kSigma[10][16] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
                                         {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
                                         {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
                                         {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
                                         {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
                                         {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
                                         {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
                                         {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
                                         {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
                                         {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

// Spec: [RFC7693] 3.1 (mixing function G).
inline void mix(std::uint32_t& a, std::uint32_t& b, std::uint32_t& c, std::uint32_t& d,
                std::uint32_t x, std::uint32_t y) {
  a += b + x;
  d = std::rotr(d ^ a, 16);
  c += d;
  b = std::rotr(b ^ c, 12);
  a += b + y;
  d = std::rotr(d ^ a, 8);
  c += d;
  b = std::rotr(b ^ c, 7);
}

MutBytes bytes_of(std::span<std::uint32_t> words) {
  return {reinterpret_cast<std::uint8_t*>(words.data()), words.size_bytes()};
}

}  // namespace

Blake2s::Blake2s(std::size_t output_size, Bytes key) : h_(kInitial), output_size_(output_size) {
  CHECK(output_size >= 1 && output_size <= 32 && key.size() <= 32);
  h_[0] ^= 0x01010000u ^ static_cast<std::uint32_t>(key.size() << 8 | output_size);
  if (!key.empty()) {  // the key is the first block, filled up with zeros
    copy(key, block_);
    used_ = block_.size();
  }
}

Blake2s::~Blake2s() {
  wipe(bytes_of(h_));
  wipe(block_);
}

void Blake2s::update(Bytes message) {
  // A full block waits until more comes: the last one is compressed as such.
  while (!message.empty()) {
    if (used_ == block_.size()) {
      count_ += used_;
      compress(block_.data(), false);
      used_ = 0;
    }
    const std::size_t size = std::min(block_.size() - used_, message.size());
    copy(message.first(size), MutBytes(block_).subspan(used_));
    used_ += size;
    message = message.subspan(size);
  }
}

void Blake2s::finish(MutBytes out) {
  CHECK(out.size() == output_size_);
  count_ += used_;
  wipe(MutBytes(block_).subspan(used_));
  compress(block_.data(), true);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<std::uint8_t>(h_[i / 4] >> (8 * (i % 4)));
  }
}

void Blake2s::compress(const std::uint8_t* block, bool last) {
  std::array<std::uint32_t, 16> m;
  for (std::size_t i = 0; i < 16; ++i) m[i] = load_u32_le(View<4>(block + 4 * i, 4));

  std::array<std::uint32_t, 16> v;
  std::copy(h_.begin(), h_.end(), v.begin());
  std::copy(kInitial.begin(), kInitial.end(), v.begin() + 8);
  v[12] ^= static_cast<std::uint32_t>(count_);
  v[13] ^= static_cast<std::uint32_t>(count_ >> 32);
  if (last) v[14] = ~v[14];

  for (const auto& s : kSigma) {
    mix(v[0], v[4], v[8], v[12], m[s[0]], m[s[1]]);
    mix(v[1], v[5], v[9], v[13], m[s[2]], m[s[3]]);
    mix(v[2], v[6], v[10], v[14], m[s[4]], m[s[5]]);
    mix(v[3], v[7], v[11], v[15], m[s[6]], m[s[7]]);
    mix(v[0], v[5], v[10], v[15], m[s[8]], m[s[9]]);
    mix(v[1], v[6], v[11], v[12], m[s[10]], m[s[11]]);
    mix(v[2], v[7], v[8], v[13], m[s[12]], m[s[13]]);
    mix(v[3], v[4], v[9], v[14], m[s[14]], m[s[15]]);
  }
  for (std::size_t i = 0; i < 8; ++i) h_[i] ^= v[i] ^ v[i + 8];
}

void blake2s(Bytes key, Bytes message, MutBytes out) {
  Blake2s hash(out.size(), key);
  hash.update(message);
  hash.finish(out);
}

}  // namespace core::crypto
