// Constant-time AES without tables: as many blocks as fit eight words at a time, word
// b holding bit b of all their bytes. The S-box's inverse in GF(2^8) is computed in the field
// GF(((2^2)^2)^2), whose products are a few ands and xors of such words.
#include <type_traits>

#include "core/crypto/aes256_cbc.h"
#include "core/crypto/words.h"

namespace core::crypto::aes256 {
namespace {

using Word = std::conditional_t<sizeof(void*) == 4, std::uint32_t, std::uint64_t>;
constexpr std::size_t kBlocks = sizeof(Word) / 2;  // at a time
constexpr std::size_t kSliceSize = 16 * kBlocks;
constexpr std::size_t kRounds = 14;

// Word b has bit b of every byte: byte row + 4 column of block n is bit row + 4 column + 16 n.
using State = std::array<Word, 8>;

// GF(4) = GF(2)[w] / (w^2 + w + 1), GF(16) = GF(4)[x] / (x^2 + x + w),
// GF(256) = GF(16)[y] / (y^2 + y + w x). An element is low + high w, x or y; each bit is a word.
template <class Half>
struct Pair {
  Half low, high;
};
using Bits2 = Pair<Word>;
using Bits4 = Pair<Bits2>;
using Bits8 = Pair<Bits4>;

constexpr Word sum(Word a, Word b) { return a ^ b; }

template <class Half>
[[gnu::always_inline]] constexpr Pair<Half> sum(const Pair<Half>& a, const Pair<Half>& b) {
  return {sum(a.low, b.low), sum(a.high, b.high)};
}

// Times the last term of the field above.
constexpr Bits2 times_root(const Bits2& a) { return {a.high, a.low ^ a.high}; }

constexpr Bits4 times_root(const Bits4& a) {  // (l + h x) w x = h w^2 + (l + h) w x
  const Bits2 h = times_root(a.high);
  return {times_root(h), sum(times_root(a.low), h)};
}

constexpr Bits2 product(const Bits2& a, const Bits2& b) {
  const Word hh = a.high & b.high;
  const Word ll = a.low & b.low;
  return {ll ^ hh, ((a.low ^ a.high) & (b.low ^ b.high)) ^ ll};
}

template <class Half>
constexpr Pair<Half> product(const Pair<Half>& a, const Pair<Half>& b) {
  const Half hh = product(a.high, b.high);
  const Half ll = product(a.low, b.low);
  const Half cross = product(sum(a.low, a.high), sum(b.low, b.high));
  return {sum(ll, times_root(hh)), sum(cross, ll)};
}

constexpr Bits2 square(const Bits2& a) { return {a.low ^ a.high, a.high}; }

constexpr Bits4 square(const Bits4& a) {  // (l + h x)^2 = l^2 + w h^2 + h^2 x
  const Bits2 hh = square(a.high);
  return {sum(square(a.low), times_root(hh)), hh};
}

// a^-1, and 0 for 0: (l + h z)^-1 = (l + h + h z) / (l^2 + l h + root h^2).
constexpr Bits2 inverse(const Bits2& a) { return square(a); }

template <class Half>
constexpr Pair<Half> inverse(const Pair<Half>& a) {
  const Half both = sum(a.low, a.high);
  const Half norm = sum(product(a.low, both), times_root(square(a.high)));
  const Half scale = inverse(norm);
  return {product(both, scale), product(a.high, scale)};
}

// A linear map of bytes: row b says which bits of the input make bit b.
using Map = std::array<std::uint8_t, 8>;

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

constexpr Bits8 to_pairs(const State& a) {
  return {{{a[0], a[1]}, {a[2], a[3]}}, {{a[4], a[5]}, {a[6], a[7]}}};
}

constexpr State to_words(const Bits8& a) {
  const auto& [l, h] = a;
  return {l.low.low, l.low.high, l.high.low, l.high.high,
          h.low.low, h.low.high, h.high.low, h.high.high};
}

constexpr State spread(std::uint8_t byte) {
  State out{};
  for (std::size_t b = 0; b < 8; ++b) out[b] = byte >> b & 1;
  return out;
}

constexpr std::uint8_t gather(const State& bits) {
  std::uint8_t out = 0;
  for (std::size_t b = 0; b < 8; ++b) out = static_cast<std::uint8_t>(out | bits[b] << b);
  return out;
}

constexpr std::uint8_t product(std::uint8_t a, std::uint8_t b) {
  return gather(to_words(product(to_pairs(spread(a)), to_pairs(spread(b)))));
}

// From the field of AES to this one: x goes to a root of the polynomial of AES,
// x^8 + x^4 + x^3 + x + 1. Spec: [FIPS197] 4.2.
constexpr std::uint8_t kRoot = 0x41;
constexpr std::array<std::uint8_t, 9> kRootPowers = [] {
  std::array<std::uint8_t, 9> out{1};
  for (std::size_t i = 1; i < 9; ++i) out[i] = product(out[i - 1], kRoot);
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

// A map of bytes: the linear one, then a sum with `added`.
struct Affine {
  Map map;
  std::uint8_t added;
};

void apply(const Affine& affine, State& state) {
  const State in = state;
  for (std::size_t b = 0; b < 8; ++b) {
    Word out = Word{0} - (affine.added >> b & 1);
    for (std::size_t i = 0; i < 8; ++i) {
      if ((affine.map[b] >> i & 1) != 0) out ^= in[i];
    }
    state[b] = out;
  }
}

// The S-box and its inverse: the inverse in the field between two maps.
struct Box {
  Affine before, after;
};
constexpr Box kBox{{kToTower, 0}, {kFromTower, 0x63}};
constexpr Box kBoxBack{{undo(kFromTower), apply(undo(kFromTower), 0x63)}, {undo(kToTower), 0}};

void substitute(const Box& box, State& state) {
  apply(box.before, state);
  state = to_words(inverse(to_pairs(state)));
  apply(box.after, state);
}

constexpr Word every_16_bits(Word a) { return a * static_cast<Word>(0x0001000100010001); }

// All bytes of the rows whose bits of `rows` are set move to the left by `columns`.
void shift_rows(unsigned rows, unsigned columns, State& state) {
  const Word selected = every_16_bits(0x1111u * rows);
  const Word stays = every_16_bits(0xffffu >> 4 * columns);
  for (Word& word : state) {
    const Word moved = (word >> 4 * columns & stays) | (word << (16 - 4 * columns) & ~stays);
    word ^= (word ^ moved) & selected;
  }
}

// Rows 1 to 3 move to the left by as many columns, and back.
void shift_rows(State& state) {
  shift_rows(0b1010, 1, state);
  shift_rows(0b1100, 2, state);
}

void shift_rows_back(State& state) {
  shift_rows(0b1010, 3, state);
  shift_rows(0b1100, 2, state);
}

// Every byte becomes the one kRows rows below it.
template <int kRows>
Word rotate_columns(Word word) {
  constexpr Word kStays = every_16_bits(0x1111u * (0xf >> kRows));
  return (word >> kRows & kStays) | (word << (4 - kRows) & ~kStays);
}

// to += a times x, in the field of AES.
void add_times_x(const State& a, State& to) {
  for (std::size_t b = 0; b < 8; ++b) to[b] ^= a[(b + 7) % 8];
  for (const std::size_t b : {1, 3, 4}) to[b] ^= a[7];
}

void mix_columns(State& state) {
  State pairs;
  for (std::size_t b = 0; b < 8; ++b) {
    const Word next = rotate_columns<1>(state[b]);
    pairs[b] = state[b] ^ next;
    state[b] = next ^ rotate_columns<2>(pairs[b]);
  }
  add_times_x(pairs, state);
}

void mix_columns_back(State& state) {
  // The inverse matrix is the matrix times (1 + 4 (1 + row 2 below)).
  State opposite, twice{};
  for (std::size_t b = 0; b < 8; ++b) opposite[b] = state[b] ^ rotate_columns<2>(state[b]);
  add_times_x(opposite, twice);
  add_times_x(twice, state);
  mix_columns(state);
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
State slice(View<kSliceSize> bytes) {
  State out{};
  for (std::size_t i = 0; i < kSliceSize / 8; ++i) {
    std::uint64_t word = transpose(load_u64_le(View<8>(bytes.data() + 8 * i, 8)));
    for (Word& bits : out) {
      bits |= static_cast<Word>(word & 0xff) << (8 * i);
      word >>= 8;
    }
  }
  return out;
}

void unslice(const State& state, MutView<kSliceSize> bytes) {
  for (std::size_t i = 0; i < kSliceSize / 8; ++i) {
    std::uint64_t word = 0;
    for (std::size_t b = 8; b-- > 0;) word = word << 8 | (state[b] >> (8 * i) & 0xff);
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
      if (at % 16 == 0) {
        State state = slice(room.view());
        substitute(kBox, state);
        unslice(state, room.mut());
      }
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

  void add(std::size_t round, State& state) const {
    for (std::size_t b = 0; b < 8; ++b) state[b] ^= at_[round][b];
  }

 private:
  std::array<State, kRounds + 1> at_;
};

void encrypt(const RoundKeys& keys, MutView<kSliceSize> blocks) {
  State state = slice(blocks);
  keys.add(0, state);
  for (std::size_t round = 1; round <= kRounds; ++round) {
    substitute(kBox, state);
    shift_rows(state);
    if (round < kRounds) mix_columns(state);
    keys.add(round, state);
  }
  unslice(state, blocks);
}

void decrypt(const RoundKeys& keys, MutView<kSliceSize> blocks) {
  State state = slice(blocks);
  keys.add(kRounds, state);
  for (std::size_t round = kRounds; round-- > 0;) {
    shift_rows_back(state);
    substitute(kBoxBack, state);
    keys.add(round, state);
    if (round > 0) mix_columns_back(state);
  }
  unslice(state, blocks);
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
