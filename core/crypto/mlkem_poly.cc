#include "core/crypto/mlkem_portable.h"

#include "core/base/result.h"
#include "core/crypto/mlkem_zetas.h"

namespace core::crypto::mlkem::portable {
namespace {

// a * z, small, for any a: |a z R| < 2^15 q, and both halves subtracted here
// have equal low halves.
constexpr std::int16_t multiply(std::int16_t a, std::int16_t value, std::int16_t quotient) {
  if constexpr (sizeof(void*) == 4) {
    // No vectors: the upper half of a product of words comes for one instruction.
    const auto m = static_cast<std::int32_t>(static_cast<std::uint32_t>(a * quotient) << 16);
    return static_cast<std::int16_t>(high_half(a * value) - ((std::int64_t{m} * kQ) >> 32));
  }
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

void reduce_all(Poly& poly) {
  for (std::int16_t& a : poly.at) a = reduce(a);
}

}  // namespace

void arrange(Poly& poly) {
  // Swaps positions 16 a + b and 16 b + a.
  for (std::size_t a = 0; a < 16; ++a) {
    for (std::size_t b = 0; b < a; ++b) std::swap(poly.at[16 * a + b], poly.at[16 * b + a]);
  }
}

void transform(Poly& poly) {
  std::int16_t* const at = poly.at.data();
  // Every step adds less than q: after seven, |a| < 8 q < 2^15.
  for (std::size_t half = 8, k = 1; half >= 1; half /= 2) {
    for (std::size_t start = 0; start < 16; start += 2 * half, ++k) {
      for (std::size_t r = start; r < start + half; ++r) {
        butterfly(at + 16 * r, at + 16 * (r + half), kRunZetas.at[k].value,
                  kRunZetas.at[k].quotient);
      }
    }
  }
  portable::arrange(poly);
  for (std::size_t half = 8, k = 1; half >= 2; half /= 2) {
    for (std::size_t start = 0; start < 16; start += 2 * half, ++k) {
      for (std::size_t c = start; c < start + half; ++c) {
        butterfly(at + 16 * c, at + 16 * (c + half), kPlaceZetas.at[k].value,
                  kPlaceZetas.at[k].quotient);
      }
    }
  }
  reduce_all(poly);
}

void transform_back(Poly& poly) {
  std::int16_t* const at = poly.at.data();
  // Sums double with every step: reduced after three, |a| <= 16 (q / 2) < 2^15
  // after the rest.
  for (std::size_t half = 2, blocks = 4; half <= 8; half *= 2, blocks /= 2) {
    for (std::size_t b = 0; b < blocks; ++b) {
      const Constants& z = kPlaceZetasBack.at[blocks + b];
      for (std::size_t c = 2 * half * b; c < 2 * half * b + half; ++c) {
        butterfly_back(at + 16 * c, at + 16 * (c + half), z.value, z.quotient);
      }
    }
  }
  portable::arrange(poly);
  reduce_all(poly);
  for (std::size_t half = 1, blocks = 8; half <= 8; half *= 2, blocks /= 2) {
    for (std::size_t b = 0; b < blocks; ++b) {
      const Constant z = kRunZetasBack.at[blocks + b];
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
    const Constants& root = kRoots.at[pair];
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

}  // namespace core::crypto::mlkem::portable
