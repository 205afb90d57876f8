// Poly1305 in 32-bit words, for processors without wider ones. Constant time.
// Spec: [RFC8439] 2.5.
#ifndef CORE_CRYPTO_POLY1305_WORDS_H_
#define CORE_CRYPTO_POLY1305_WORDS_H_

#include <bit>

#include "core/base/bytes.h"

namespace core::crypto {

static_assert(std::endian::native == std::endian::little);

// The tag of whole blocks. Wipes itself at the end.
class Poly1305Words {
 public:
  static constexpr std::size_t kBlock = 16;

  explicit Poly1305Words(View<32> key) {
    std::memcpy(r_.data(), key.data(), 16);
    std::memcpy(pad_.data(), key.data() + 16, 16);
    r_[0] &= 0x0fffffff;
    for (std::size_t i = 1; i < 4; ++i) r_[i] &= 0x0ffffffc;
  }
  ~Poly1305Words() { wipe({reinterpret_cast<std::uint8_t*>(this), sizeof(*this)}); }
  Poly1305Words(const Poly1305Words&) = delete;
  Poly1305Words& operator=(const Poly1305Words&) = delete;

  // h = (h + m + 2^128) r for each block m. REQUIRES: whole blocks, at a multiple
  // of four in memory.
  void absorb(Bytes blocks) {
    auto [h0, h1, h2, h3, h4] = h_;
    const auto [r0, r1, r2, r3] = r_;
    // r_i is a multiple of four: 2^128 r_i = 5 r_i / 4.
    const std::uint32_t s1 = r1 + (r1 >> 2), s2 = r2 + (r2 >> 2), s3 = r3 + (r3 >> 2);
    const auto* in = static_cast<const std::uint8_t*>(__builtin_assume_aligned(blocks.data(), 4));
    for (const auto* const end = in + blocks.size(); in != end; in += kBlock) {
      std::array<std::uint32_t, 4> m;
      std::memcpy(m.data(), in, kBlock);
      std::uint64_t sum = std::uint64_t{h0} + m[0];
      h0 = low(sum);
      sum = std::uint64_t{h1} + m[1] + high(sum);
      h1 = low(sum);
      sum = std::uint64_t{h2} + m[2] + high(sum);
      h2 = low(sum);
      sum = std::uint64_t{h3} + m[3] + high(sum);
      h3 = low(sum);
      h4 += high(sum) + 1;  // at most 6

      // Sums of products are below 2^63, so the 32-bit sums in them below 2^32.
      // What is above 2^130 comes back five times.
      const std::uint64_t d0 =
          product(h0, r0) + product(h1, s3) + product(h2, s2) + product(h3, s1);
      const std::uint64_t d1 = product(h0, r1) + product(h1, r0) + product(h2, s3) +
                               product(h3, s2) + (h4 * s1 + high(d0));
      const std::uint64_t d2 = product(h0, r2) + product(h1, r1) + product(h2, r0) +
                               product(h3, s3) + (h4 * s2 + high(d1));
      const std::uint64_t d3 = product(h0, r3) + product(h1, r2) + product(h2, r1) +
                               product(h3, r0) + (h4 * s3 + high(d2));
      const std::uint32_t top = h4 * r0 + high(d3);
      h0 = low(d0) + (top >> 2) * 5;
      h1 = low(d1) + (h0 < low(d0));
      h2 = low(d2) + (h1 < low(d1));
      h3 = low(d3) + (h2 < low(d2));
      h4 = (top & 3) + (h3 < low(d3));
    }
    h_ = {h0, h1, h2, h3, h4};
  }

  // Writes (h mod 2^130 - 5) + pad, modulo 2^128.
  void finish(MutView<16> tag) {
    // g = h + 5 reaches 2^130 iff h is too large, and is then what h stands for.
    std::array<std::uint32_t, 5> g;
    std::uint32_t carried = 5;
    for (std::size_t i = 0; i < 5; ++i) {
      g[i] = h_[i] + carried;
      carried = g[i] < carried;
    }
    std::uint32_t mask = 0 - (g[4] >> 2);
    __asm__("" : "+r"(mask));  // the compiler must not make a branch of it
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      sum = std::uint64_t{h_[i] ^ (mask & (h_[i] ^ g[i]))} + pad_[i] + high(sum);
      const std::uint32_t word = low(sum);
      std::memcpy(tag.data() + 4 * i, &word, 4);
    }
  }

 private:
  static std::uint32_t low(std::uint64_t a) { return static_cast<std::uint32_t>(a); }
  static std::uint32_t high(std::uint64_t a) { return static_cast<std::uint32_t>(a >> 32); }
  static std::uint64_t product(std::uint32_t a, std::uint32_t b) { return std::uint64_t{a} * b; }

  std::array<std::uint32_t, 5> h_{};  // the last one at most 4
  std::array<std::uint32_t, 4> r_, pad_;
};

}  // namespace core::crypto
#endif  // CORE_CRYPTO_POLY1305_WORDS_H_
