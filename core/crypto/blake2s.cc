#include "core/crypto/blake2s.h"

#include <bit>

#include "core/base/result.h"
#include "core/crypto/blake2s_code.h"
#include "core/crypto/cpu.h"
#include "core/crypto/words.h"

namespace core::crypto {

using namespace blake2s_code;

namespace {

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

void blake2s_code::compress_portable(std::uint32_t* h, const Input& input) {
  std::array<std::uint32_t, 16> m;
  for (std::size_t i = 0; i < 16; ++i) m[i] = load_u32_le(View<4>(input.block + 4 * i, 4));

  std::array<std::uint32_t, 16> v;
  std::copy(h, h + 8, v.begin());
  std::copy(std::begin(kInitial), std::end(kInitial), v.begin() + 8);
  v[12] ^= static_cast<std::uint32_t>(input.count);
  v[13] ^= static_cast<std::uint32_t>(input.count >> 32);
  v[14] ^= input.last;

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
  for (std::size_t i = 0; i < 8; ++i) h[i] ^= v[i] ^ v[i + 8];
}

Blake2s::Blake2s(std::size_t output_size, Bytes key) : output_size_(output_size) {
  CHECK(output_size >= 1 && output_size <= 32 && key.size() <= 32);
  std::copy(std::begin(kInitial), std::end(kInitial), h_.begin());
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
    if (used_ == 0) {
      for (; message.size() > block_.size(); message = message.subspan(block_.size())) {
        count_ += block_.size();
        compress(message.data(), false);
      }
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
  const Input input{block, count_, last ? 0xffffffffu : 0};
#ifdef GINNEL_BLAKE2S_VECTOR
  if (cpu::has_avx512()) return compress_avx512(h_.data(), input);
  if (cpu::has_avx2()) return compress_avx2(h_.data(), input);
#endif
  compress_portable(h_.data(), input);
}

void blake2s(Bytes key, Bytes message, MutBytes out) {
  Blake2s hash(out.size(), key);
  hash.update(message);
  hash.finish(out);
}

}  // namespace core::crypto
