// By Montgomery's multiplication, in the words that the processor multiplies best.
#include "core/crypto/scalar25519.h"

#include <bit>

namespace core::crypto::scalar25519 {
namespace {

static_assert(std::endian::native == std::endian::little);

#ifdef __SIZEOF_INT128__
using Word = std::uint64_t;
__extension__ using Wide = unsigned __int128;
#else
using Word = std::uint32_t;
using Wide = std::uint64_t;
#endif

constexpr std::size_t kBits = 8 * sizeof(Word);
constexpr std::size_t kWords = 256 / kBits;
using Number = std::array<Word, kWords>;  // least significant word first

constexpr Word low(Wide a) { return static_cast<Word>(a); }
constexpr Word high(Wide a) { return static_cast<Word>(a >> kBits); }

constexpr Number kL = [] {
  constexpr std::array<std::uint64_t, 4> kParts{0x5812631a5cf5d3ed, 0x14def9dea2f79cd6, 0,
                                                0x1000000000000000};
  Number out{};
  for (std::size_t i = 0; i < kWords; ++i) {
    out[i] = static_cast<Word>(kParts[i * kBits / 64] >> (i * kBits % 64));
  }
  return out;
}();

// a - L if that is not negative, else a.
constexpr Number subtract_l(const Number& a) {
  Number difference{};
  Word borrowed = 0;
  for (std::size_t i = 0; i < kWords; ++i) {
    const Wide wide = Wide{a[i]} - kL[i] - borrowed;
    difference[i] = low(wide);
    borrowed = high(wide) & 1;
  }
  Word mask = 0 - borrowed;                                     // all ones iff a < L
  if (!std::is_constant_evaluated()) __asm__("" : "+r"(mask));  // or there would be a branch
  Number out{};
  for (std::size_t i = 0; i < kWords; ++i) out[i] = difference[i] ^ (mask & (difference[i] ^ a[i]));
  return out;
}

// a + b, without what overflows.
constexpr Number sum(const Number& a, const Number& b) {
  Number out{};
  Word carried = 0;
  for (std::size_t i = 0; i < kWords; ++i) {
    const Wide wide = Wide{a[i]} + b[i] + carried;
    out[i] = low(wide);
    carried = high(wide);
  }
  return out;
}

// 2^exponent modulo L.
constexpr Number power_of_two(std::size_t exponent) {
  Number out{1};
  for (std::size_t i = 0; i < exponent; ++i) out = subtract_l(sum(out, out));
  return out;
}
constexpr Number kR = power_of_two(256), kRSquared = power_of_two(512);
constexpr Number kHalfOfR = power_of_two(255);

// (2^255 - 1) / 2 modulo L, which is 2^254 + (L - 1) / 2.
constexpr Number kHalfOfOnes = [] {
  Number half{};
  for (std::size_t i = 0; i < kWords; ++i) {
    half[i] = kL[i] >> 1 | (i + 1 < kWords ? kL[i + 1] << (kBits - 1) : 0);
  }
  return subtract_l(sum(power_of_two(254), half));
}();

// -1 / L modulo 2^kBits: each step doubles how many of its bits are right.
constexpr Word kNegativeInverse = [] {
  Word inverse = 1;
  for (std::size_t right = 1; right < kBits; right *= 2) inverse *= 2 - kL[0] * inverse;
  return 0 - inverse;
}();

// a * b / 2^256 modulo L, below 2 L. REQUIRES: b is below L.
Number multiply(const Number& a, const Number& b) {
  Number sum{};  // below 2 L after each step
  for (const Word word : a) {
    // sum = (sum + word * b + factor * L) / 2^kBits, where the factor makes the
    // lowest word zero.
    const Word factor = (sum[0] + word * b[0]) * kNegativeInverse;
    Word carried = 0, carried_l = 0;
    for (std::size_t i = 0; i < kWords; ++i) {
      const Wide with_b = Wide{word} * b[i] + sum[i] + carried;
      const Wide with_l = Wide{factor} * kL[i] + low(with_b) + carried_l;
      if (i > 0) sum[i - 1] = low(with_l);
      carried = high(with_b);
      carried_l = high(with_l);
    }
    sum[kWords - 1] = carried + carried_l;
  }
  return sum;
}

Number load(View<32> bytes) {
  Number out;
  std::memcpy(out.data(), bytes.data(), 32);
  return out;
}

// The bytes of a number that is below 4 L, modulo L. Wipes it.
Secret<32> finish(Number& number) {
  for (int i = 0; i < 3; ++i) number = subtract_l(number);
  const MutBytes bytes(reinterpret_cast<std::uint8_t*>(number.data()), 32);
  Secret<32> out{View<32>(bytes)};
  wipe(bytes);
  return out;
}

}  // namespace

Secret<32> reduce(View<64> wide) {
  // (upper half) * 2^256 + lower half
  Number out =
      sum(multiply(load(wide.last<32>()), kRSquared), multiply(load(wide.first<32>()), kR));
  return finish(out);
}

Secret<32> reduce(View<32> number) {
  Number out = multiply(load(number), kR);
  return finish(out);
}

Secret<32> signs(View<32> number) {
  // Twice what is returned, less 2^255 - 1, is `number`.
  Number out = sum(multiply(load(number), kHalfOfR), kHalfOfOnes);
  return finish(out);
}

Secret<32> multiply_add(View<32> a, View<32> b, View<32> c) {
  Number out = sum(multiply(multiply(load(a), load(b)), kRSquared), load(c));
  return finish(out);
}

}  // namespace core::crypto::scalar25519
