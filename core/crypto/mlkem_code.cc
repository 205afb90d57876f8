#include "core/base/result.h"
#include "core/crypto/mlkem_portable.h"
#include "core/crypto/words.h"

namespace core::crypto::mlkem::portable {
namespace {

// Keeps the compiler from knowing that `mask` is 0 or all ones, and from
// making a branch of that.
std::uint32_t hidden(std::uint32_t mask) {
  __asm__("" : "+r"(mask));
  return mask;
}

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

// Eight numbers of kBits bits to and from kBits bytes, little-endian.
template <std::size_t kBits>
void pack_eight(const std::uint32_t* in, std::uint8_t* out) {
  std::uint64_t bits = 0;
  std::size_t held = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    bits |= std::uint64_t{in[i]} << held;
    for (held += kBits; held >= 8; held -= 8, bits >>= 8) *out++ = static_cast<std::uint8_t>(bits);
  }
}

template <std::size_t kBits>
void unpack_eight(const std::uint8_t* in, std::uint32_t* out) {
  std::uint64_t bits = 0;
  std::size_t held = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    for (; held < kBits; held += 8) bits |= std::uint64_t{*in++} << held;
    out[i] = static_cast<std::uint32_t>(bits) & ((1u << kBits) - 1);
    bits >>= kBits;
    held -= kBits;
  }
}

template <std::size_t kBits>
void compress_to(const Poly& plain, std::uint8_t* out) {
  for (std::size_t i = 0; i < kN; i += 8, out += kBits) {
    std::array<std::uint32_t, 8> numbers;
    for (std::size_t k = 0; k < 8; ++k) {
      numbers[k] = compress_one(canonical(plain.at[i + k]), kBits);
    }
    pack_eight<kBits>(numbers.data(), out);
  }
}

template <std::size_t kBits>
void decompress_from(const std::uint8_t* in, Poly& plain) {
  for (std::size_t i = 0; i < kN; i += 8, in += kBits) {
    std::array<std::uint32_t, 8> numbers;
    unpack_eight<kBits>(in, numbers.data());
    for (std::size_t k = 0; k < 8; ++k) {
      plain.at[i + k] = static_cast<std::int16_t>((numbers[k] * kQ + (1u << (kBits - 1))) >> kBits);
    }
  }
}

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
  CHECK(out.size() == 32 * bits);
  switch (bits) {
    case 4: return compress_to<4>(plain, out.data());
    case 5: return compress_to<5>(plain, out.data());
    case 10: return compress_to<10>(plain, out.data());
    case 11: return compress_to<11>(plain, out.data());
    default: CHECK(false);
  }
}

void decompress(Bytes in, std::size_t bits, Poly& plain) {
  CHECK(in.size() == 32 * bits);
  switch (bits) {
    case 4: return decompress_from<4>(in.data(), plain);
    case 5: return decompress_from<5>(in.data(), plain);
    case 10: return decompress_from<10>(in.data(), plain);
    case 11: return decompress_from<11>(in.data(), plain);
    default: CHECK(false);
  }
}

void from_message(View<32> message, Poly& plain) {
  for (std::size_t i = 0; i < kN; ++i) {
    const std::uint32_t mask = hidden(0u - ((message[i / 8] >> (i % 8)) & 1u));
    plain.at[i] = static_cast<std::int16_t>(mask & ((kQ + 1) / 2));
  }
}

void to_message(const Poly& plain, MutView<32> message) {
  for (std::size_t i = 0; i < 32; ++i) {
    std::uint32_t byte = 0;
    for (std::size_t bit = 0; bit < 8; ++bit) {
      byte |= compress_one(canonical(plain.at[8 * i + bit]), 1) << bit;
    }
    message[i] = static_cast<std::uint8_t>(byte);
  }
}

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
  constexpr std::uint64_t kEverySecond = 0x5555555555555555;
  for (std::size_t at = 0; at < kN; at += 16) {
    const std::uint64_t word = load_u64_le(View<8>(bits.data() + at / 2, 8));
    const std::uint64_t sums = (word & kEverySecond) + ((word >> 1) & kEverySecond);
    for (std::size_t i = 0; i < 16; ++i) {
      const auto x = static_cast<std::int32_t>((sums >> (4 * i)) & 3);
      const auto y = static_cast<std::int32_t>((sums >> (4 * i + 2)) & 3);
      plain.at[at + i] = static_cast<std::int16_t>(x - y);
    }
  }
}

}  // namespace core::crypto::mlkem::portable
