// In 32-bit words that stay in registers, for processors without wider ones.
#include <bit>

#include "core/crypto/chacha_poly.h"
#include "core/crypto/poly1305_words.h"

namespace core::crypto::chacha_poly {
namespace {

using Words = std::array<std::uint32_t, 16>;

constexpr std::size_t kBlock = 64;

MutBytes bytes_of(Words& words) {
  return {reinterpret_cast<std::uint8_t*>(words.data()), sizeof(words)};
}

bool is_aligned(const std::uint8_t* at) { return reinterpret_cast<std::uintptr_t>(at) % 4 == 0; }

// Key and the last row of a block. Spec: [RFC8439] 2.3.
Words input(const std::uint8_t* key) {
  Words out{0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
  std::memcpy(&out[4], key, 32);
  return out;
}

// Spec: [RFC8439] 2.1.
[[gnu::always_inline]] inline void quarter_round(std::uint32_t& a, std::uint32_t& b,
                                                 std::uint32_t& c, std::uint32_t& d) {
  a += b, d = std::rotl(d ^ a, 16);
  c += d, b = std::rotl(b ^ c, 12);
  a += b, d = std::rotl(d ^ a, 8);
  c += d, b = std::rotl(b ^ c, 7);
}

// text ^= word. REQUIRES: is_aligned(text)
[[gnu::always_inline]] inline void add_word(std::uint32_t word, std::uint8_t* text) {
  text = static_cast<std::uint8_t*>(__builtin_assume_aligned(text, 4));
  std::uint32_t before;
  std::memcpy(&before, text, 4);
  word ^= before;
  std::memcpy(text, &word, 4);
}

// text ^= the block that `in` makes. REQUIRES: is_aligned(text). Spec: [RFC8439] 2.3.
void add_block(const Words& in, std::uint8_t* text) {
  std::uint32_t x0 = in[0], x1 = in[1], x2 = in[2], x3 = in[3], x4 = in[4], x5 = in[5];
  std::uint32_t x6 = in[6], x7 = in[7], x8 = in[8], x9 = in[9], x10 = in[10], x11 = in[11];
  std::uint32_t x12 = in[12], x13 = in[13], x14 = in[14], x15 = in[15];
  for (int round = 0; round < 20; round += 2) {
    quarter_round(x0, x4, x8, x12);
    quarter_round(x1, x5, x9, x13);
    quarter_round(x2, x6, x10, x14);
    quarter_round(x3, x7, x11, x15);
    quarter_round(x0, x5, x10, x15);
    quarter_round(x1, x6, x11, x12);
    quarter_round(x2, x7, x8, x13);
    quarter_round(x3, x4, x9, x14);
  }
  add_word(x0 + in[0], text + 0);
  add_word(x1 + in[1], text + 4);
  add_word(x2 + in[2], text + 8);
  add_word(x3 + in[3], text + 12);
  add_word(x4 + in[4], text + 16);
  add_word(x5 + in[5], text + 20);
  add_word(x6 + in[6], text + 24);
  add_word(x7 + in[7], text + 28);
  add_word(x8 + in[8], text + 32);
  add_word(x9 + in[9], text + 36);
  add_word(x10 + in[10], text + 40);
  add_word(x11 + in[11], text + 44);
  add_word(x12 + in[12], text + 48);
  add_word(x13 + in[13], text + 52);
  add_word(x14 + in[14], text + 56);
  add_word(x15 + in[15], text + 60);
}

// text ^= the blocks from in's counter on, which counts on. Spec: [RFC8439] 2.4.
void crypt(Words& in, std::uint8_t* text, std::size_t size) {
  while (size > 0) {
    const std::size_t some = std::min(size, kBlock);
    if (some == kBlock && is_aligned(text)) {
      add_block(in, text);
    } else {
      Words block;
      std::memcpy(block.data(), text, some);
      add_block(in, bytes_of(block).data());
      std::memcpy(text, block.data(), some);
      wipe(bytes_of(block));
    }
    ++in[12];
    text += some;
    size -= some;
  }
}

// Absorbs `text`, filled up with zeros to whole blocks.
void absorb(Bytes text, Poly1305Words& mac) {
  if (is_aligned(text.data())) {
    const std::size_t whole = text.size() / Poly1305Words::kBlock * Poly1305Words::kBlock;
    mac.absorb(text.first(whole));
    text = text.subspan(whole);
  }
  while (!text.empty()) {
    alignas(4) ByteArray<Poly1305Words::kBlock> block{};
    const std::size_t some = std::min(text.size(), block.size());
    copy(text.first(some), block);
    mac.absorb(block);
    text = text.subspan(some);
  }
}

void run_one(Job& job) {
  Words in = input(job.key);
  std::memcpy(&in[13], job.nonce, 12);
  Words block{};
  add_block(in, bytes_of(block).data());
  ++in[12];
  Poly1305Words mac(Bytes(bytes_of(block)).first<32>());
  wipe(bytes_of(block));

  if (job.direction == Direction::kSeal) crypt(in, job.text, job.size);
  absorb({job.ad, job.ad_size}, mac);
  absorb({job.text, job.size}, mac);
  const std::uint64_t sizes[2] = {job.ad_size, job.size};
  mac.absorb({reinterpret_cast<const std::uint8_t*>(sizes), sizeof(sizes)});
  mac.finish(job.tag);
  if (job.direction == Direction::kOpen) crypt(in, job.text, job.size);
  wipe(bytes_of(in));
}

}  // namespace

void run_words(Job* jobs, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) run_one(jobs[i]);
}

void hchacha20(const std::uint8_t* key, const std::uint8_t* nonce, std::uint8_t* out) {
  Words in = input(key);
  std::memcpy(&in[12], nonce, 16);
  Words block{};
  add_block(in, bytes_of(block).data());
  // The rounds alone, their first and last row.
  for (std::size_t i = 0; i < block.size(); ++i) block[i] -= in[i];
  std::memcpy(out, &block[0], 16);
  std::memcpy(out + 16, &block[12], 16);
  wipe(bytes_of(in));
  wipe(bytes_of(block));
}

}  // namespace core::crypto::chacha_poly
