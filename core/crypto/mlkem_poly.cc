#include "core/crypto/mlkem_portable.h"

#include "core/crypto/mlkem_zetas.h"

namespace core::crypto::mlkem::portable {
namespace {

// A coefficient on its way: vectors want it as short as it is, words would have to cut it.
using Coefficient = std::conditional_t<sizeof(void*) == 4, std::int32_t, std::int16_t>;

// a / R, small, for |a| < 2^15 q: both halves subtracted here have equal low halves.
constexpr Coefficient montgomery_reduce(std::int32_t a) {
  if constexpr (sizeof(void*) == 4) {
    // No vectors: the upper half of a product of words comes for one instruction.
    const auto m = static_cast<std::int32_t>(static_cast<std::uint32_t>(a) * (kQInverse << 16));
    return static_cast<Coefficient>((a >> 16) - ((std::int64_t{m} * kQ) >> 32));
  }
  const std::int16_t m = low_half(low_half(a) * static_cast<std::int32_t>(kQInverse));
  return static_cast<Coefficient>(high_half(a) - high_half(m * kQ));
}

// a * z, small, for any a and factor(z).
constexpr Coefficient multiply(Coefficient a, std::int16_t z) { return montgomery_reduce(a * z); }

// The reduced representative of any a.
constexpr std::int16_t reduce(Coefficient a) {
  // 20159 = round(2^26 / q)
  const int quotient = (high_half(a * 20159) + (1 << 9)) >> 10;
  return static_cast<std::int16_t>(a - quotient * kQ);
}

using Run = std::int16_t* __restrict;
using ConstRun = const std::int16_t* __restrict;

// A constant for each place of a run.
using Places = std::array<std::int16_t, 16>;

// Every `stride`-th of the zetas from `first` on.
Places places(std::size_t first, std::ptrdiff_t stride) {
  Places out;
  const std::int16_t* zeta = kZetas.at + first;
  for (std::int16_t& z : out) z = *zeta, zeta += stride;
  return out;
}

// low, high = low + z high, low - z high
inline void butterfly(Run low, Run high, const Places& z) {
  for (std::size_t i = 0; i < 16; ++i) {
    const Coefficient a = low[i], t = multiply(high[i], z[i]);
    low[i] = static_cast<std::int16_t>(a + t);
    high[i] = static_cast<std::int16_t>(a - t);
  }
}

// low, high = low + high, z (high - low)
inline void butterfly_back(Run low, Run high, const Places& z) {
  for (std::size_t i = 0; i < 16; ++i) {
    const Coefficient a = low[i], b = high[i];
    low[i] = static_cast<std::int16_t>(a + b);
    high[i] = static_cast<std::int16_t>(multiply(static_cast<Coefficient>(b - a), z[i]));
  }
}

// Where the constants of a step are among the zetas: that of the first block's first place,
// and how far it is to those of the next block and of the next place.
struct Walk {
  std::size_t first;
  std::ptrdiff_t block, place;
};

// One step: in each of the blocks every run of the lower half meets one of the upper.
template <void (*kButterfly)(Run, Run, const Places&)>
void step(Poly& poly, std::size_t blocks, Walk zetas) {
  const std::size_t half = 8 / blocks;
  std::int16_t* low = poly.at.data();
  for (std::size_t b = 0; b < blocks; ++b, zetas.first += zetas.block, low += 16 * half) {
    const Places z = places(zetas.first, zetas.place);
    for (std::size_t r = 0; r < half; ++r, low += 16) kButterfly(low, low + 16 * half, z);
  }
}

// Once for both ways, as arrange(): -O2 would have it twice.
[[gnu::noinline]] void reduce_all(Poly& poly) {
  for (std::int16_t& a : poly.at) a = reduce(a);
}

}  // namespace

[[gnu::noinline]] void arrange(Poly& poly) {
  // Swaps positions 16 a + b and 16 b + a.
  for (std::size_t a = 0; a < 16; ++a) {
    for (std::size_t b = 0; b < a; ++b) std::swap(poly.at[16 * a + b], poly.at[16 * b + a]);
  }
}

void transform(Poly& poly) {
  // Every step adds less than q: after seven, |a| < 8 q < 2^15.
  for (std::size_t blocks = 1; blocks <= 8; blocks *= 2) {
    step<butterfly>(poly, blocks, {blocks, 1, 0});
  }
  portable::arrange(poly);
  for (std::size_t blocks = 1; blocks <= 4; blocks *= 2) {
    step<butterfly>(poly, blocks, {16 * blocks, 1, static_cast<std::ptrdiff_t>(blocks)});
  }
  reduce_all(poly);
}

void transform_back(Poly& poly) {
  // The zetas of each step, from the last to the first, are minus the inverses of those of the
  // way there. Sums double with every step: reduced after three, |a| <= 16 (q / 2) < 2^15 after
  // the rest.
  for (std::size_t blocks = 4; blocks >= 1; blocks /= 2) {
    step<butterfly_back>(poly, blocks, {32 * blocks - 1, -1, -static_cast<std::ptrdiff_t>(blocks)});
  }
  portable::arrange(poly);
  reduce_all(poly);
  for (std::size_t blocks = 8; blocks >= 1; blocks /= 2) {
    step<butterfly_back>(poly, blocks, {2 * blocks - 1, -1, 0});
  }
  for (std::int16_t& a : poly.at) a = static_cast<std::int16_t>(multiply(a, kScaleBack));
}

void prepare(const Poly& poly, Factor& factor) {
  for (std::size_t pair = 0; pair < 8; ++pair) {
    ConstRun odd = poly.at.data() + 32 * pair + 16;
    Run out = factor.at.data() + 16 * pair;
    // The root of coefficients 2 i, 2 i + 1, i = 8 place + pair, is zeta 64 + i / 2, and
    // minus that if i is odd. Spec: [FIPS203] 4.3.1.
    const Places root = places(64 + pair / 2, 4);
    const auto sign = static_cast<std::int16_t>(pair % 2 == 0 ? 1 : -1);
    for (std::size_t i = 0; i < 16; ++i) {
      out[i] =
          static_cast<std::int16_t>(multiply(odd[i], static_cast<std::int16_t>(sign * root[i])));
    }
  }
}

void dot(std::span<const Poly> a, std::span<const Poly> b, std::span<const Factor> factors,
         Poly& out) {
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
  for (std::int16_t& a : poly.at) a = reduce(multiply(a, kScale));
}

void add(Poly& a, const Poly& b) {
  for (std::size_t i = 0; i < kN; ++i) {
    a.at[i] = reduce(static_cast<Coefficient>(a.at[i] + b.at[i]));
  }
}

void subtract_from(Poly& a, const Poly& b) {
  for (std::size_t i = 0; i < kN; ++i) {
    a.at[i] = reduce(static_cast<Coefficient>(b.at[i] - a.at[i]));
  }
}

void make_canonical(Poly& poly) {
  for (std::int16_t& a : poly.at) a = static_cast<std::int16_t>(a + ((a >> 15) & kQ));
}

}  // namespace core::crypto::mlkem::portable
