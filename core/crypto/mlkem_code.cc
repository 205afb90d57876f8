#include "core/crypto/mlkem_portable.h"
#include "core/crypto/words.h"

namespace core::crypto::mlkem::portable {
namespace {

std::uint32_t canonical(std::int16_t a) {
  const std::int32_t wide = a;
  return static_cast<std::uint32_t>(wide + ((wide >> 31) & kQ));
}

// round(2^bits / q * a) modulo 2^bits, halves up, for canonical a. A division
// would take a time that depends on a: multiplies by 2^36 / q instead.
constexpr std::uint32_t compress_one(std::uint32_t a, std::size_t bits) {
  constexpr std::uint64_t kReciprocal = ((std::uint64_t{1} << 36) + kQ / 2) / kQ;
  const std::uint64_t numerator = (std::uint64_t{a} << bits) + kQ / 2;
  return static_cast<std::uint32_t>((numerator * kReciprocal) >> 36) & ((1u << bits) - 1);
}

// What compress_one() must be, with the division.
constexpr bool compresses_exactly(std::size_t bits) {
  for (std::uint32_t a = 0; a < kQ; ++a) {
    if (compress_one(a, bits) != (((a << bits) + kQ / 2) / kQ) % (1u << bits)) return false;
  }
  return true;
}
static_assert(compresses_exactly(1) && compresses_exactly(4) && compresses_exactly(5));
static_assert(compresses_exactly(10) && compresses_exactly(11));

}  // namespace

void encode(const Poly& transformed, MutView<kPolyBytes> out) {
  for (std::size_t i = 0; i < kN; i += 2) {
    const auto a = static_cast<std::uint32_t>(transformed.at[transformed_position(i)]);
    const auto b = static_cast<std::uint32_t>(transformed.at[transformed_position(i + 1)]);
    const std::size_t at = 3 * (i / 2);
    out[at] = static_cast<std::uint8_t>(a);
    out[at + 1] = static_cast<std::uint8_t>(a >> 8 | b << 4);
    out[at + 2] = static_cast<std::uint8_t>(b >> 4);
  }
}

bool decode(View<kPolyBytes> in, Poly& transformed) {
  std::int32_t left = 0;  // negative iff some coefficient is q or more
  for (std::size_t i = 0; i < kN; i += 2) {
    const std::size_t at = 3 * (i / 2);
    const std::int32_t a = in[at] | (in[at + 1] & 15) << 8;
    const std::int32_t b = in[at + 1] >> 4 | in[at + 2] << 4;
    left |= (kQ - 1 - a) | (kQ - 1 - b);
    transformed.at[transformed_position(i)] = static_cast<std::int16_t>(a);
    transformed.at[transformed_position(i + 1)] = static_cast<std::int16_t>(b);
  }
  return left >= 0;
}

void compress(const Poly& plain, std::size_t bits, MutBytes out) {
  std::uint8_t* byte = out.data();
  std::uint32_t pending = 0;  // bits that are not written yet, and how many
  std::size_t count = 0;
  for (const std::int16_t a : plain.at) {
    pending |= compress_one(canonical(a), bits) << count;
    for (count += bits; count >= 8; count -= 8, pending >>= 8) {
      *byte++ = static_cast<std::uint8_t>(pending);
    }
  }
}

void decompress(Bytes in, std::size_t bits, Poly& plain) {
  const std::uint8_t* byte = in.data();
  std::uint32_t pending = 0;  // bits that are not taken yet, and how many
  std::size_t count = 0;
  for (std::int16_t& a : plain.at) {
    for (; count < bits; count += 8) pending |= std::uint32_t{*byte++} << count;
    const std::uint32_t number = pending & ((1u << bits) - 1);
    a = static_cast<std::int16_t>((number * kQ + (1u << (bits - 1))) >> bits);
    pending >>= bits;
    count -= bits;
  }
}

void from_message(View<32> message, Poly& plain) { portable::decompress(message, 1, plain); }

void to_message(const Poly& plain, MutView<32> message) { portable::compress(plain, 1, message); }

std::size_t take_uniform(View<kUniformRoom> block, std::size_t next, Poly& plain) {
  const auto consider = [&](int number) {
    if (next == kN) return;
    plain.at[next] = static_cast<std::int16_t>(number);
    next += number < kQ;
  };
  for (std::size_t i = 0; i < kUniformBlock; i += 3) {
    consider(block[i] | (block[i + 1] & 15) << 8);
    consider(block[i + 1] >> 4 | block[i + 2] << 4);
  }
  return next;
}

void take_binomial(View<kBinomialBits> bits, Poly& plain) {
  constexpr std::uint32_t kEverySecond = 0x55555555;
  for (std::size_t at = 0; at < kN; at += 8) {
    const std::uint32_t word = load_u32_le(View<4>(bits.data() + at / 2, 4));
    const std::uint32_t sums = (word & kEverySecond) + ((word >> 1) & kEverySecond);
    for (std::size_t i = 0; i < 8; ++i) {
      const auto x = static_cast<std::int32_t>((sums >> (4 * i)) & 3);
      const auto y = static_cast<std::int32_t>((sums >> (4 * i + 2)) & 3);
      plain.at[at + i] = static_cast<std::int16_t>(x - y);
    }
  }
}

}  // namespace core::crypto::mlkem::portable
