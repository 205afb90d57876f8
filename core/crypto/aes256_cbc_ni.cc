// Compiled for AES-NI: as in keccak_avx2.cc, only what needs no inline function
// of another header.
#include <wmmintrin.h>

#include "core/crypto/aes256_cbc.h"

namespace core::crypto::aes256 {
namespace {

using Block = __m128i;
constexpr int kRounds = 14;

Block load(const std::uint8_t* from) {
  return _mm_loadu_si128(reinterpret_cast<const Block*>(from));
}

void store(std::uint8_t* to, Block block) { _mm_storeu_si128(reinterpret_cast<Block*>(to), block); }

// Words 3, 2, 1, 0 become the sums of words up to them.
Block running_sum(Block a) {
  a = _mm_xor_si128(a, _mm_slli_si128(a, 4));
  return _mm_xor_si128(a, _mm_slli_si128(a, 8));
}

// Two steps of the key schedule. Spec: [FIPS197] 5.2.
template <int kConstant>
void expand(Block* keys) {
  const Block rotated = _mm_shuffle_epi32(_mm_aeskeygenassist_si128(keys[1], kConstant), 0xff);
  keys[2] = _mm_xor_si128(running_sum(keys[0]), rotated);
  if constexpr (kConstant != 0x40) {
    const Block plain = _mm_shuffle_epi32(_mm_aeskeygenassist_si128(keys[2], 0), 0xaa);
    keys[3] = _mm_xor_si128(running_sum(keys[1]), plain);
  }
}

// The round keys; wiped at the end.
struct RoundKeys {
  explicit RoundKeys(const std::uint8_t* key) {
    at[0] = load(key);
    at[1] = load(key + 16);
    expand<0x01>(at);
    expand<0x02>(at + 2);
    expand<0x04>(at + 4);
    expand<0x08>(at + 6);
    expand<0x10>(at + 8);
    expand<0x20>(at + 10);
    expand<0x40>(at + 12);
  }
  ~RoundKeys() {
    for (Block& key : at) key = _mm_setzero_si128();
    __asm__ volatile("" : : "r"(at) : "memory");
  }
  RoundKeys(const RoundKeys&) = delete;
  RoundKeys& operator=(const RoundKeys&) = delete;

  // For the equivalent inverse cipher. Spec: [FIPS197] 5.3.5.
  void invert() {
    for (int i = 1; i < kRounds; ++i) at[i] = _mm_aesimc_si128(at[i]);
  }

  Block at[kRounds + 1];
};

// Decrypts kCount blocks at once, as the instruction takes several cycles.
template <int kCount>
Block decrypt(const RoundKeys& keys, Block chain, std::uint8_t* at) {
  Block in[kCount], work[kCount];
  for (int i = 0; i < kCount; ++i) {
    in[i] = load(at + 16 * i);
    work[i] = _mm_xor_si128(in[i], keys.at[kRounds]);
  }
  for (int round = kRounds - 1; round > 0; --round) {
    for (int i = 0; i < kCount; ++i) work[i] = _mm_aesdec_si128(work[i], keys.at[round]);
  }
  for (int i = 0; i < kCount; ++i) {
    work[i] = _mm_aesdeclast_si128(work[i], keys.at[0]);
    store(at + 16 * i, _mm_xor_si128(work[i], chain));
    chain = in[i];
  }
  return chain;
}

}  // namespace

void cbc_encrypt_ni(View<32> key, View<16> iv, MutBytes blocks) {
  const RoundKeys keys(key.data());
  Block chain = load(iv.data());
  std::uint8_t* at = blocks.data();
  for (std::size_t left = blocks.size() / 16; left > 0; --left, at += 16) {
    chain = _mm_xor_si128(_mm_xor_si128(chain, load(at)), keys.at[0]);
    for (int round = 1; round < kRounds; ++round) chain = _mm_aesenc_si128(chain, keys.at[round]);
    chain = _mm_aesenclast_si128(chain, keys.at[kRounds]);
    store(at, chain);
  }
}

void cbc_decrypt_ni(View<32> key, View<16> iv, MutBytes blocks) {
  RoundKeys keys(key.data());
  keys.invert();
  Block chain = load(iv.data());
  std::uint8_t* at = blocks.data();
  std::size_t left = blocks.size() / 16;
  for (; left >= 8; left -= 8, at += 128) chain = decrypt<8>(keys, chain, at);
  for (; left >= 4; left -= 4, at += 64) chain = decrypt<4>(keys, chain, at);
  for (; left > 0; --left, at += 16) chain = decrypt<1>(keys, chain, at);
}

}  // namespace core::crypto::aes256
