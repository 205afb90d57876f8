#include "core/crypto/mlkem_poly.h"

#include "core/base/result.h"

namespace core::crypto::mlkem {
namespace {

constexpr std::int32_t kR = 1 << 16;        // the Montgomery factor
constexpr std::uint32_t kQInverse = 62209;  // q^-1 modulo R
static_assert((kQInverse * kQ) % kR == 1);

// The reduced representative, for constants.
constexpr std::int16_t reduced(std::int64_t a) {
  std::int64_t r = a % kQ;
  if (r > kQ / 2) r -= kQ;
  if (r < -(kQ / 2)) r += kQ;
  return static_cast<std::int16_t>(r);
}

constexpr std::int16_t low_half(std::int32_t a) { return static_cast<std::int16_t>(a & 0xffff); }
constexpr std::int16_t high_half(std::int32_t a) { return static_cast<std::int16_t>(a >> 16); }

// A constant factor z, ready to multiply by: z * R mod q, and that times q^-1
// mod R.
struct Constant {
  std::int16_t value, quotient;
};

constexpr Constant constant(std::int64_t z) {
  const std::int16_t value = reduced(reduced(z) * std::int64_t{kR});
  return {value, low_half(value * static_cast<std::int32_t>(kQInverse))};
}

// a * z, small, for any a: |a z R| < 2^15 q, and both halves subtracted here
// have equal low halves.
constexpr std::int16_t multiply(std::int16_t a, std::int16_t value, std::int16_t quotient) {
  const std::int16_t m = low_half(a * quotient);
  return static_cast<std::int16_t>(high_half(a * value) - high_half(m * kQ));
}

// The reduced representative of any a.
constexpr std::int16_t reduce(std::int16_t a) {
  // 20159 = round(2^26 / q)
  const int quotient = (high_half(a * 20159) + (1 << 9)) >> 10;
  return static_cast<std::int16_t>(a - quotient * kQ);
}

// a / R, small, for |a| < 2^15 q.
constexpr std::int16_t montgomery_reduce(std::int32_t a) {
  const std::int16_t m = low_half(low_half(a) * static_cast<std::int32_t>(kQInverse));
  return high_half(a - m * kQ);
}

constexpr std::int64_t power(std::int64_t base, std::size_t exponent) {
  std::int64_t out = 1;
  for (std::size_t i = 0; i < exponent; ++i) out = out * base % kQ;
  return out;
}

constexpr std::size_t reverse_7_bits(std::size_t i) {
  std::size_t out = 0;
  for (int bit = 0; bit < 7; ++bit) out |= ((i >> bit) & 1) << (6 - bit);
  return out;
}

// zeta^BitRev7(k), zeta = 17. Spec: [FIPS203] 4.3.
constexpr std::int64_t zeta(std::size_t k) { return power(17, reverse_7_bits(k)); }

// Sixteen constants, one for each place of a run.
struct Constants {
  std::array<std::int16_t, 16> value, quotient;
};

// Steps 1 to 4 pair whole runs: run r with run r + half, half = 8, 4, 2, 1.
// One constant for each pair of blocks; entry k is zeta k.
constexpr auto kRunZetas = [] {
  std::array<Constant, 16> out{};
  for (std::size_t k = 1; k < 16; ++k) out[k] = constant(zeta(k));
  return out;
}();

// Steps 5 to 7, after the transposition: step s pairs runs c and c + half,
// half = 8, 4, 2, and place r of the run belongs to block 16 r + c.
// Entry blocks + b, b < blocks = 1, 2, 4: zeta (16 + r) * blocks + b.
constexpr auto kPlaceZetas = [] {
  std::array<Constants, 8> out{};
  for (std::size_t blocks = 1; blocks <= 4; blocks *= 2) {
    for (std::size_t b = 0; b < blocks; ++b) {
      for (std::size_t r = 0; r < 16; ++r) {
        const Constant c = constant(zeta((16 + r) * blocks + b));
        out[blocks + b].value[r] = c.value;
        out[blocks + b].quotient[r] = c.quotient;
      }
    }
  }
  return out;
}();

// The roots of the products: zeta^(2 BitRev7(i) + 1) for the pair of
// coefficients 2 i, 2 i + 1 = 16 r + c, i = 8 r + c / 2; entry c / 2, place r.
constexpr auto kRoots = [] {
  std::array<Constants, 8> out{};
  for (std::size_t i = 0; i < 128; ++i) {
    const Constant c = constant(power(17, 2 * reverse_7_bits(i) + 1));
    out[i % 8].value[i / 8] = c.value;
    out[i % 8].quotient[i / 8] = c.quotient;
  }
  return out;
}();

constexpr Constant kScale = constant(kR);  // * 2^16
// / 128, and * 2^16 for the product that came before, * 2^16 for this one.
constexpr Constant kScaleBack = constant(power(128, kQ - 2) * kR % kQ);

using Run = std::int16_t* __restrict;
using ConstRun = const std::int16_t* __restrict;

// low, high = low + z high, low - z high
inline void butterfly(Run low, Run high, std::int16_t value, std::int16_t quotient) {
  for (std::size_t i = 0; i < 16; ++i) {
    const std::int16_t t = multiply(high[i], value, quotient);
    high[i] = static_cast<std::int16_t>(low[i] - t);
    low[i] = static_cast<std::int16_t>(low[i] + t);
  }
}

inline void butterfly(Run low, Run high, ConstRun values, ConstRun quotients) {
  for (std::size_t i = 0; i < 16; ++i) {
    const std::int16_t t = multiply(high[i], values[i], quotients[i]);
    high[i] = static_cast<std::int16_t>(low[i] - t);
    low[i] = static_cast<std::int16_t>(low[i] + t);
  }
}

// low, high = low + high, z (high - low)
inline void butterfly_back(Run low, Run high, std::int16_t value, std::int16_t quotient) {
  for (std::size_t i = 0; i < 16; ++i) {
    const auto t = static_cast<std::int16_t>(high[i] - low[i]);
    low[i] = static_cast<std::int16_t>(low[i] + high[i]);
    high[i] = multiply(t, value, quotient);
  }
}

inline void butterfly_back(Run low, Run high, ConstRun values, ConstRun quotients) {
  for (std::size_t i = 0; i < 16; ++i) {
    const auto t = static_cast<std::int16_t>(high[i] - low[i]);
    low[i] = static_cast<std::int16_t>(low[i] + high[i]);
    high[i] = multiply(t, values[i], quotients[i]);
  }
}

// Swaps positions 16 a + b and 16 b + a.
void transpose(Poly& poly) {
  for (std::size_t a = 0; a < 16; ++a) {
    for (std::size_t b = 0; b < a; ++b) std::swap(poly.at[16 * a + b], poly.at[16 * b + a]);
  }
}

void reduce_all(Poly& poly) {
  for (std::int16_t& a : poly.at) a = reduce(a);
}

}  // namespace

void transform(Poly& poly) {
  std::int16_t* const at = poly.at.data();
  // Every step adds less than q: after seven, |a| < 8 q < 2^15.
  for (std::size_t half = 8, k = 1; half >= 1; half /= 2) {
    for (std::size_t start = 0; start < 16; start += 2 * half, ++k) {
      for (std::size_t r = start; r < start + half; ++r) {
        butterfly(at + 16 * r, at + 16 * (r + half), kRunZetas[k].value, kRunZetas[k].quotient);
      }
    }
  }
  transpose(poly);
  for (std::size_t half = 8, k = 1; half >= 2; half /= 2) {
    for (std::size_t start = 0; start < 16; start += 2 * half, ++k) {
      for (std::size_t c = start; c < start + half; ++c) {
        butterfly(at + 16 * c, at + 16 * (c + half), kPlaceZetas[k].value.data(),
                  kPlaceZetas[k].quotient.data());
      }
    }
  }
  reduce_all(poly);
}

void transform_back(Poly& poly) {
  std::int16_t* const at = poly.at.data();
  // The standard multiplies by zeta k, k falling. Here -zeta^-1 of the way
  // there: zeta^BitRev7(k) for a block is minus the inverse of the constant of
  // the mirrored block, so the same tables are read backwards. Sums double with
  // every step: reduced after three, |a| <= 16 (q / 2) < 2^15 after the rest.
  for (std::size_t half = 2, blocks = 4; half <= 8; half *= 2, blocks /= 2) {
    for (std::size_t b = 0; b < blocks; ++b) {
      for (std::size_t c = 2 * half * b; c < 2 * half * b + half; ++c) {
        // Mirrored: block 16 r + b to block (15 - r) and (blocks - 1 - b).
        std::array<std::int16_t, 16> values, quotients;
        const Constants& mirrored = kPlaceZetas[blocks + blocks - 1 - b];
        std::reverse_copy(mirrored.value.begin(), mirrored.value.end(), values.begin());
        std::reverse_copy(mirrored.quotient.begin(), mirrored.quotient.end(), quotients.begin());
        butterfly_back(at + 16 * c, at + 16 * (c + half), values.data(), quotients.data());
      }
    }
  }
  transpose(poly);
  reduce_all(poly);
  for (std::size_t half = 1, blocks = 8; half <= 8; half *= 2, blocks /= 2) {
    for (std::size_t b = 0; b < blocks; ++b) {
      const Constant z = kRunZetas[blocks + blocks - 1 - b];
      for (std::size_t r = 2 * half * b; r < 2 * half * b + half; ++r) {
        butterfly_back(at + 16 * r, at + 16 * (r + half), z.value, z.quotient);
      }
    }
  }
  for (std::int16_t& a : poly.at) a = multiply(a, kScaleBack.value, kScaleBack.quotient);
}

void prepare(const Poly& poly, Factor& factor) {
  for (std::size_t pair = 0; pair < 8; ++pair) {
    ConstRun odd = poly.at.data() + 32 * pair + 16;
    Run out = factor.at.data() + 16 * pair;
    const Constants& root = kRoots[pair];
    for (std::size_t i = 0; i < 16; ++i) out[i] = multiply(odd[i], root.value[i], root.quotient[i]);
  }
}

void dot(std::span<const Poly> a, std::span<const Poly> b, std::span<const Factor> factors,
         Poly& out) {
  CHECK(a.size() <= 4 && b.size() == a.size() && factors.size() == a.size());
  // (a0 + a1 X) (b0 + b1 X) modulo X^2 - root. At most 8 products below q * q:
  // less than 2^15 q.
  for (std::size_t pair = 0; pair < 8; ++pair) {
    std::array<std::int32_t, 16> even{}, odd{};
    for (std::size_t term = 0; term < a.size(); ++term) {
      ConstRun a0 = a[term].at.data() + 32 * pair;
      ConstRun a1 = a0 + 16;
      ConstRun b0 = b[term].at.data() + 32 * pair;
      ConstRun b1 = b0 + 16;
      ConstRun b1_root = factors[term].at.data() + 16 * pair;
      for (std::size_t i = 0; i < 16; ++i) {
        even[i] += a0[i] * b0[i] + a1[i] * b1_root[i];
        odd[i] += a0[i] * b1[i] + a1[i] * b0[i];
      }
    }
    for (std::size_t i = 0; i < 16; ++i) {
      out.at[32 * pair + i] = reduce(montgomery_reduce(even[i]));
      out.at[32 * pair + 16 + i] = reduce(montgomery_reduce(odd[i]));
    }
  }
}

void scale(Poly& poly) {
  for (std::int16_t& a : poly.at) a = reduce(multiply(a, kScale.value, kScale.quotient));
}

void add(Poly& a, const Poly& b) {
  for (std::size_t i = 0; i < kN; ++i) {
    a.at[i] = reduce(static_cast<std::int16_t>(a.at[i] + b.at[i]));
  }
}

void subtract_from(Poly& a, const Poly& b) {
  for (std::size_t i = 0; i < kN; ++i) {
    a.at[i] = reduce(static_cast<std::int16_t>(b.at[i] - a.at[i]));
  }
}

void make_canonical(Poly& poly) {
  for (std::int16_t& a : poly.at) a = static_cast<std::int16_t>(a + ((a >> 15) & kQ));
}

}  // namespace core::crypto::mlkem
