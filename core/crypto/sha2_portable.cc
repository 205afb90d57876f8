#include "core/crypto/sha2_portable.h"

#include <bit>

#include "core/crypto/words.h"

namespace core::crypto {
namespace {

// The fractional parts of the cube roots of the first 80 primes: all 64 bits for
// SHA-512, the upper 32 of the first 64 for SHA-256. Spec: [FIPS180] 4.2.2, 4.2.3.
constexpr std::uint64_t kRoundConstants[80] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
    0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
    0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
    0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
    0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
    0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
    0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
    0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
    0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
    0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
    0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
    0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
    0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
    0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
    0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817};

// The same of the square roots of the first eight. Spec: [FIPS180] 5.3.3, 5.3.5.
constexpr std::uint64_t kInitial[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                                       0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                                       0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};

// The upper bits of a constant.
template <class Word>
constexpr Word upper(std::uint64_t constant) {
  return static_cast<Word>(constant >> (64 - 8 * sizeof(Word)));
}

template <class Word>
Word big_sigma(const int (&by)[3], Word x) {
  return std::rotr(x, by[0]) ^ std::rotr(x, by[1]) ^ std::rotr(x, by[2]);
}

template <class Word>
Word small_sigma(const int (&by)[3], Word x) {
  return std::rotr(x, by[0]) ^ std::rotr(x, by[1]) ^ x >> by[2];
}

}  // namespace

template <class Function>
Sha2<Function>::Sha2() {
  for (std::size_t i = 0; i < 8; ++i) state_[i] = upper<Word>(kInitial[i]);
}

// Spec: [FIPS180] 6.2.2, 6.4.2.
template <class Function>
void Sha2<Function>::compress() {
  std::array<Word, Function::kRounds> w;
  for (std::size_t i = 0; i < 16; ++i) {
    w[i] = load_be<Word>(Bytes(block_).subspan(sizeof(Word) * i).first<sizeof(Word)>());
  }
  for (std::size_t i = 16; i < w.size(); ++i) {
    w[i] = small_sigma(Function::kSmallSigma1, w[i - 2]) + w[i - 7] +
           small_sigma(Function::kSmallSigma0, w[i - 15]) + w[i - 16];
  }
  auto [a, b, c, d, e, f, g, h] = state_;
  for (std::size_t i = 0; i < w.size(); ++i) {
    const Word t1 = h + big_sigma(Function::kBigSigma1, e) + (g ^ (e & (f ^ g))) +
                    upper<Word>(kRoundConstants[i]) + w[i];
    const Word t2 = big_sigma(Function::kBigSigma0, a) + ((a & (b | c)) | (b & c));
    h = g, g = f, f = e, e = d + t1;
    d = c, c = b, b = a, a = t1 + t2;
  }
  const State sums{a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < 8; ++i) state_[i] += sums[i];
  wipe({reinterpret_cast<std::uint8_t*>(w.data()), sizeof(w)});
}

template <class Function>
void Sha2<Function>::update(Bytes message) {
  while (!message.empty()) {
    const std::size_t at = size_ % kBlock;
    const std::size_t some = std::min(message.size(), kBlock - at);
    copy(message.first(some), MutBytes(block_).subspan(at));
    message = message.subspan(some);
    size_ += some;
    if (size_ % kBlock == 0) compress();
  }
}

template <class Function>
void Sha2<Function>::finish(MutView<kDigest> digest) {
  const std::uint64_t bits = std::uint64_t{size_} * 8;
  // A one bit, zeros, and the size in the last two words of a block.
  std::size_t at = size_ % kBlock;
  block_[at++] = 0x80;
  if (at > kBlock - 2 * sizeof(Word)) {
    wipe(MutBytes(block_).subspan(at));
    compress();
    at = 0;
  }
  wipe(MutBytes(block_).subspan(at));
  store_be(bits, MutBytes(block_).last<sizeof(bits)>());
  compress();
  for (std::size_t i = 0; i < 8; ++i) {
    store_be(state_[i], MutBytes(digest).subspan(sizeof(Word) * i).first<sizeof(Word)>());
  }
}

template class Sha2<Sha256Function>;
template class Sha2<Sha512Function>;

}  // namespace core::crypto
