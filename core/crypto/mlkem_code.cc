#include "core/crypto/mlkem_code.h"

#include "core/base/result.h"
#include "core/crypto/keccak.h"
#include "core/crypto/words.h"

namespace core::crypto::mlkem {
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

// Four sponges over equal seeds that end in different bytes.
class FourSponges {
 public:
  ~FourSponges() {
    wipe({reinterpret_cast<std::uint8_t*>(states_.lanes.data()), sizeof(states_.lanes)});
  }

  // Absorbs seed || tails[i], a whole message of less than a block.
  void absorb(std::size_t rate, View<32> seed, std::span<const std::uint16_t> tails,
              std::size_t tail_size) {
    states_.lanes.fill(0);
    for (std::size_t s = 0; s < tails.size(); ++s) {
      for (std::size_t i = 0; i < 4; ++i) {
        states_.lanes[4 * i + s] = load_u64_le(View<8>(seed.data() + 8 * i, 8));
      }
      // The tail, then the suffix of SHAKE with the first bit of padding.
      states_.lanes[16 + s] = tails[s] | std::uint64_t{0x1f} << (8 * tail_size);
      states_.lanes[4 * (rate / 8 - 1) + s] ^= std::uint64_t{1} << 63;
    }
    count_ = tails.size();
  }

  // Makes the next block of all of them.
  void next_block() { keccak::permute4(states_, count_); }

  // Word i of the block of sponge s.
  std::uint64_t word(std::size_t s, std::size_t i) const { return states_.lanes[4 * i + s]; }

 private:
  keccak::FourStates states_;
  std::size_t count_ = 0;
};

constexpr std::size_t kShake128Rate = 168;
constexpr std::size_t kShake256Rate = 136;

// Continues at coefficient `next` with the candidates of one block; returns
// where it got to.
std::size_t take_candidates(const FourSponges& sponges, std::size_t s, std::size_t next,
                            Poly& poly) {
  const auto consider = [&](std::uint64_t candidate) {
    const auto d = static_cast<std::int16_t>(candidate & 0xfff);
    poly.at[transformed_position(next)] = d;
    next += d < kQ;
  };
  for (std::size_t i = 0; i < kShake128Rate / 8; i += 3) {
    const std::uint64_t a = sponges.word(s, i);
    const std::uint64_t b = sponges.word(s, i + 1);
    const std::uint64_t c = sponges.word(s, i + 2);
    // 192 bits are sixteen candidates.
    const std::array<std::uint64_t, 4> parts{a, a >> 60 | b << 4, b >> 56 | c << 8, c >> 52};
    const std::array<std::size_t, 4> counts{5, 5, 5, 1};
    for (std::size_t part = 0; part < 4; ++part) {
      for (std::size_t k = 0; k < counts[part]; ++k) {
        if (next == kN) return next;
        consider(parts[part] >> (12 * k));
      }
    }
  }
  return next;
}

// Differences of sums of two bits, sixteen to a word.
void centered_binomial(std::uint64_t bits, std::int16_t* out) {
  constexpr std::uint64_t kEverySecond = 0x5555555555555555;
  const std::uint64_t sums = (bits & kEverySecond) + ((bits >> 1) & kEverySecond);
  for (std::size_t i = 0; i < 16; ++i) {
    const auto x = static_cast<std::int32_t>((sums >> (4 * i)) & 3);
    const auto y = static_cast<std::int32_t>((sums >> (4 * i + 2)) & 3);
    out[i] = static_cast<std::int16_t>(x - y);
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

void sample_row(View<32> rho, Matrix which, std::size_t row, std::span<Poly> columns) {
  CHECK(columns.size() <= 4);
  // The seed of entry i, j ends in j, i.
  std::array<std::uint16_t, 4> tails;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    tails[i] = static_cast<std::uint16_t>(which == Matrix::kStraight ? row << 8 | i : i << 8 | row);
  }
  FourSponges sponges;
  sponges.absorb(kShake128Rate, rho, std::span(tails).first(columns.size()), 2);
  std::array<std::size_t, 4> done{};
  for (bool all = false; !all;) {
    sponges.next_block();
    all = true;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      done[i] = take_candidates(sponges, i, done[i], columns[i]);
      all = all && done[i] == kN;
    }
  }
}

void sample_noise(View<32> seed, std::size_t nonce, std::span<Poly> out) {
  CHECK(out.size() <= 4);
  std::array<std::uint16_t, 4> tails;
  for (std::size_t i = 0; i < out.size(); ++i) tails[i] = static_cast<std::uint16_t>(nonce + i);
  FourSponges sponges;
  sponges.absorb(kShake256Rate, seed, std::span(tails).first(out.size()), 1);
  sponges.next_block();
  for (std::size_t s = 0; s < out.size(); ++s) {
    for (std::size_t i = 0; i < kN / 16; ++i) {
      centered_binomial(sponges.word(s, i), out[s].at.data() + 16 * i);
    }
  }
}

}  // namespace core::crypto::mlkem
