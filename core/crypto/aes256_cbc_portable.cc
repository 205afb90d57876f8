// Constant-time AES without tables: as many blocks as fit eight words at a time, word
// b holding bit b of all their bytes. The S-box's inverse in GF(2^8) is computed in the field
// GF(((2^2)^2)^2), whose products are a few ands and xors of such words.
#include <type_traits>
#include <utility>

#include "core/crypto/aes256_cbc.h"
#include "core/crypto/words.h"

namespace core::crypto::aes256 {
namespace {

using Word = std::conditional_t<sizeof(void*) == 4, std::uint32_t, std::uint64_t>;
constexpr std::size_t kBlocks = sizeof(Word) / 2;  // at a time
constexpr std::size_t kSliceSize = 16 * kBlocks;
constexpr std::size_t kRounds = 14;

// Elements of the fields, each bit a word. The low half comes first.
using Bits2 = std::array<Word, 2>;
using Bits4 = std::array<Word, 4>;
using Bits8 = std::array<Word, 8>;

template <std::size_t N>
constexpr std::array<Word, N> sum(const std::array<Word, N>& a, const std::array<Word, N>& b) {
  std::array<Word, N> out{};
  for (std::size_t i = 0; i < N; ++i) out[i] = a[i] ^ b[i];
  return out;
}

template <std::size_t N>
constexpr std::array<Word, N / 2> low(const std::array<Word, N>& a) {
  std::array<Word, N / 2> out{};
  std::copy(a.begin(), a.begin() + N / 2, out.begin());
  return out;
}

template <std::size_t N>
constexpr std::array<Word, N / 2> high(const std::array<Word, N>& a) {
  std::array<Word, N / 2> out{};
  std::copy(a.begin() + N / 2, a.end(), out.begin());
  return out;
}

template <std::size_t N>
constexpr std::array<Word, 2 * N> join(const std::array<Word, N>& l, const std::array<Word, N>& h) {
  std::array<Word, 2 * N> out{};
  std::copy(l.begin(), l.end(), out.begin());
  std::copy(h.begin(), h.end(), out.begin() + N);
  return out;
}

// GF(4) = GF(2)[w] / (w^2 + w + 1), GF(16) = GF(4)[x] / (x^2 + x + w),
// GF(256) = GF(16)[y] / (y^2 + y + w x): times_root() multiplies by the last
// term of the field above.
constexpr Bits2 times_root(const Bits2& a) { return {a[1], a[0] ^ a[1]}; }

constexpr Bits4 times_root(const Bits4& a) {  // (l + h x) w x = h w^2 + (l + h) w x
  const Bits2 h = times_root(high(a));
  return join(times_root(h), sum(times_root(low(a)), h));
}

constexpr Bits2 product(const Bits2& a, const Bits2& b) {
  const Word hh = a[1] & b[1];
  const Word ll = a[0] & b[0];
  return {ll ^ hh, ((a[0] ^ a[1]) & (b[0] ^ b[1])) ^ ll};
}

template <std::size_t N>
constexpr std::array<Word, N> product(const std::array<Word, N>& a, const std::array<Word, N>& b) {
  const auto hh = product(high(a), high(b));
  const auto ll = product(low(a), low(b));
  const auto cross = product(sum(low(a), high(a)), sum(low(b), high(b)));
  return join(sum(ll, times_root(hh)), sum(cross, ll));
}

// a^-1, and 0 for 0: (l + h z)^-1 = (l + h + h z) / (l^2 + l h + root h^2).
constexpr Bits2 inverse(const Bits2& a) { return {a[0] ^ a[1], a[1]}; }

template <std::size_t N>
constexpr std::array<Word, N> inverse(const std::array<Word, N>& a) {
  const auto l = low(a), h = high(a);
  const auto norm = sum(product(l, sum(l, h)), times_root(product(h, h)));
  const auto scale = inverse(norm);
  return join(product(sum(l, h), scale), product(h, scale));
}

// A linear map of bytes: row b says which bits of the input make bit b.
using Map = std::array<std::uint8_t, 8>;

template <Map kMap, std::size_t... kBits>
Word row_of(const Bits8& in, std::uint8_t row, std::index_sequence<kBits...>) {
  return ((row >> kBits & 1 ? in[kBits] : Word{0}) ^ ...);
}

template <Map kMap>
Bits8 apply(const Bits8& in) {
  const auto bits = std::make_index_sequence<8>();
  return {row_of<kMap>(in, kMap[0], bits), row_of<kMap>(in, kMap[1], bits),
          row_of<kMap>(in, kMap[2], bits), row_of<kMap>(in, kMap[3], bits),
          row_of<kMap>(in, kMap[4], bits), row_of<kMap>(in, kMap[5], bits),
          row_of<kMap>(in, kMap[6], bits), row_of<kMap>(in, kMap[7], bits)};
}

constexpr std::uint8_t apply(const Map& map, std::uint8_t in) {
  std::uint8_t out = 0;
  for (std::size_t b = 0; b < 8; ++b) {
    std::uint8_t bits = map[b] & in, parity = 0;
    for (; bits != 0; bits = static_cast<std::uint8_t>(bits >> 1)) parity ^= bits & 1;
    out = static_cast<std::uint8_t>(out | parity << b);
  }
  return out;
}

// The map that takes 1 << i to images[i].
constexpr Map map_to(const std::array<std::uint8_t, 8>& images) {
  Map out{};
  for (std::size_t b = 0; b < 8; ++b) {
    for (std::size_t i = 0; i < 8; ++i) {
      out[b] = static_cast<std::uint8_t>(out[b] | ((images[i] >> b & 1) << i));
    }
  }
  return out;
}

// The map that undoes `map`.
constexpr Map undo(const Map& map) {
  std::array<std::uint8_t, 8> images{};
  for (std::size_t i = 0; i < 8; ++i) {
    for (int in = 0; in < 256; ++in) {
      const auto byte = static_cast<std::uint8_t>(in);
      if (apply(map, byte) == 1 << i) images[i] = byte;
    }
  }
  return map_to(images);
}

// First `second`, then `first`.
constexpr Map after(const Map& first, const Map& second) {
  std::array<std::uint8_t, 8> images{};
  for (std::size_t i = 0; i < 8; ++i) {
    images[i] = apply(first, apply(second, static_cast<std::uint8_t>(1 << i)));
  }
  return map_to(images);
}

constexpr Bits8 spread(std::uint8_t byte) {
  Bits8 out{};
  for (std::size_t b = 0; b < 8; ++b) out[b] = byte >> b & 1;
  return out;
}

constexpr std::uint8_t gather(const Bits8& bits) {
  std::uint8_t out = 0;
  for (std::size_t b = 0; b < 8; ++b) out = static_cast<std::uint8_t>(out | bits[b] << b);
  return out;
}

// From the field of AES to this one: x goes to a root of the polynomial of AES,
// x^8 + x^4 + x^3 + x + 1. Spec: [FIPS197] 4.2.
constexpr std::uint8_t kRoot = 0x41;
constexpr std::array<std::uint8_t, 9> kRootPowers = [] {
  std::array<std::uint8_t, 9> out{1};
  for (std::size_t i = 1; i < 9; ++i) out[i] = gather(product(spread(out[i - 1]), spread(kRoot)));
  return out;
}();
static_assert((kRootPowers[8] ^ kRootPowers[4] ^ kRootPowers[3] ^ kRoot ^ 1) == 0);

constexpr Map kToTower = [] {
  std::array<std::uint8_t, 8> images{};
  std::copy(kRootPowers.begin(), kRootPowers.begin() + 8, images.begin());
  return map_to(images);
}();

// Spec: [FIPS197] 5.1.1.
constexpr Map kAffine = {0xf1, 0xe3, 0xc7, 0x8f, 0x1f, 0x3e, 0x7c, 0xf8};
constexpr Map kFromTower = after(kAffine, undo(kToTower));

Bits8 add_63(Bits8 state) {
  for (const std::size_t bit : {0, 1, 5, 6}) state[bit] = ~state[bit];
  return state;
}

Bits8 substitute(const Bits8& state) {
  return add_63(apply<kFromTower>(inverse(apply<kToTower>(state))));
}

Bits8 substitute_back(const Bits8& state) {
  return apply<undo(kToTower)>(inverse(apply<undo(kFromTower)>(add_63(state))));
}

// Byte row + 4 column of block n is bit row + 4 column + 16 n.
constexpr Word every_16_bits(Word a) { return a * static_cast<Word>(0x0001000100010001); }

// Rows 1 to 3 move to the left by as many columns; kLeft = 3 moves them back.
template <int kLeft>
Bits8 shift_rows(Bits8 state) {
  for (Word& word : state) {
    Word out = word & every_16_bits(0x1111);
    for (int row = 1; row < 4; ++row) {
      const int by = 4 * (kLeft * row % 4);
      const Word selected = word & every_16_bits(0x1111u << row);
      const Word stays = every_16_bits(0xffffu >> by);
      out |= (selected >> by & stays) | (selected << (16 - by) & ~stays);
    }
    word = out;
  }
  return state;
}

// Every byte becomes the one kRows rows below it.
template <int kRows>
Bits8 rotate_columns(Bits8 state) {
  constexpr Word kStays = every_16_bits(0x1111u * (0xf >> kRows));
  for (Word& word : state) word = (word >> kRows & kStays) | (word << (4 - kRows) & ~kStays);
  return state;
}

// All bytes times x in the field of AES.
Bits8 times_x(const Bits8& a) {
  return {a[7], a[0] ^ a[7], a[1], a[2] ^ a[7], a[3] ^ a[7], a[4], a[5], a[6]};
}

Bits8 mix_columns(const Bits8& state) {
  const Bits8 next = rotate_columns<1>(state);
  const Bits8 pairs = sum(state, next);
  return sum(sum(times_x(pairs), next), rotate_columns<2>(pairs));
}

Bits8 mix_columns_back(const Bits8& state) {
  // The inverse matrix is the matrix times (1 + 4 (1 + row 2 below)).
  const Bits8 opposite = sum(state, rotate_columns<2>(state));
  return mix_columns(sum(state, times_x(times_x(opposite))));
}

// Bit b of byte i of the word and bit i of byte b change places.
std::uint64_t transpose(std::uint64_t a) {
  std::uint64_t t = (a ^ a >> 7) & 0x00aa00aa00aa00aa;
  a ^= t ^ t << 7;
  t = (a ^ a >> 14) & 0x0000cccc0000cccc;
  a ^= t ^ t << 14;
  t = (a ^ a >> 28) & 0x00000000f0f0f0f0;
  return a ^ t ^ t << 28;
}

// Bytes to bits, and back.
Bits8 slice(View<kSliceSize> bytes) {
  Bits8 out{};
  for (std::size_t i = 0; i < kSliceSize / 8; ++i) {
    const std::uint64_t word = transpose(load_u64_le(View<8>(bytes.data() + 8 * i, 8)));
    for (std::size_t b = 0; b < 8; ++b)
      out[b] |= static_cast<Word>(word >> (8 * b) & 0xff) << (8 * i);
  }
  return out;
}

void unslice(const Bits8& state, MutView<kSliceSize> bytes) {
  for (std::size_t i = 0; i < kSliceSize / 8; ++i) {
    std::uint64_t word = 0;
    for (std::size_t b = 0; b < 8; ++b) {
      word |= std::uint64_t{state[b] >> (8 * i) & 0xff} << (8 * b);
    }
    store_u64_le(transpose(word), MutView<8>(bytes.data() + 8 * i, 8));
  }
}

// The round keys as bits, each for every block. Wiped at the end.
// Spec: [FIPS197] 5.2.
class RoundKeys {
 public:
  explicit RoundKeys(View<32> key) {
    Secret<16 * (kRounds + 1)> words;
    const MutBytes w = words.mut();
    copy(key, w);
    Secret<kSliceSize> room;
    std::uint8_t constant = 1;
    for (std::size_t at = 32; at < w.size(); at += 4) {
      const MutBytes word = room.mut().first(4);
      const std::size_t turned = at % 32 == 0 ? 1 : 0;
      for (std::size_t i = 0; i < 4; ++i) word[i] = w[at - 4 + (i + turned) % 4];
      if (at % 16 == 0) unslice(substitute(slice(room.view())), room.mut());
      if (at % 32 == 0) {
        word[0] ^= constant;
        constant = static_cast<std::uint8_t>(constant << 1);
      }
      for (std::size_t i = 0; i < 4; ++i) w[at + i] = w[at - 32 + i] ^ word[i];
    }
    for (std::size_t round = 0; round <= kRounds; ++round) {
      for (std::size_t n = 0; n < kBlocks; ++n) {
        copy(w.subspan(16 * round, 16), room.mut().subspan(16 * n));
      }
      at_[round] = slice(room.view());
    }
  }
  ~RoundKeys() { wipe({reinterpret_cast<std::uint8_t*>(at_.data()), sizeof(at_)}); }
  RoundKeys(const RoundKeys&) = delete;
  RoundKeys& operator=(const RoundKeys&) = delete;

  const Bits8& operator[](std::size_t round) const { return at_[round]; }

 private:
  std::array<Bits8, kRounds + 1> at_;
};

void encrypt(const RoundKeys& keys, MutView<kSliceSize> blocks) {
  Bits8 state = sum(slice(blocks), keys[0]);
  for (std::size_t round = 1; round < kRounds; ++round) {
    state = sum(mix_columns(shift_rows<1>(substitute(state))), keys[round]);
  }
  unslice(sum(shift_rows<1>(substitute(state)), keys[kRounds]), blocks);
}

void decrypt(const RoundKeys& keys, MutView<kSliceSize> blocks) {
  Bits8 state = sum(slice(blocks), keys[kRounds]);
  for (std::size_t round = kRounds - 1; round > 0; --round) {
    state = mix_columns_back(sum(substitute_back(shift_rows<3>(state)), keys[round]));
  }
  unslice(sum(substitute_back(shift_rows<3>(state)), keys[0]), blocks);
}

void xor_block(Bytes from, MutBytes to) {
  for (std::size_t i = 0; i < 16; ++i) to[i] ^= from[i];
}

}  // namespace

void cbc_encrypt_portable(View<32> key, View<16> iv, MutBytes blocks) {
  const RoundKeys keys(key);
  Secret<kSliceSize> room;  // only its first block is in use: each block needs the one before
  Bytes chain = iv;
  for (std::size_t at = 0; at < blocks.size(); at += 16) {
    const MutBytes block = blocks.subspan(at, 16);
    xor_block(chain, block);
    copy(block, room.mut());
    encrypt(keys, room.mut());
    copy(room.view().first<16>(), block);
    chain = block;
  }
}

void cbc_decrypt_portable(View<32> key, View<16> iv, MutBytes blocks) {
  const RoundKeys keys(key);
  ByteArray<16> chain = to_array(iv);
  Secret<kSliceSize> room;
  for (std::size_t at = 0; at < blocks.size(); at += kSliceSize) {
    const MutBytes some = blocks.subspan(at, std::min(kSliceSize, blocks.size() - at));
    copy(some, room.mut());
    decrypt(keys, room.mut());
    for (std::size_t i = 0; i < some.size(); i += 16) {
      const auto before = to_array(View<16>(some.data() + i, 16));
      copy(room.view().subspan(i, 16), some.subspan(i));
      xor_block(chain, some.subspan(i, 16));
      chain = before;
    }
  }
}

}  // namespace core::crypto::aes256
