// The constants of ML-KEM's transform, for all code that does it: tables that
// the compiler computes. Spec: [FIPS203] 4.3, Appendix A.
#ifndef CORE_CRYPTO_MLKEM_ZETAS_H_
#define CORE_CRYPTO_MLKEM_ZETAS_H_

#include "core/crypto/mlkem_poly.h"

namespace core::crypto::mlkem {

inline constexpr std::int32_t kR = 1 << 16;        // the Montgomery factor
inline constexpr std::uint32_t kQInverse = 62209;  // q^-1 modulo R
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

// A constant factor z as what it is multiplied by: z * R mod q.
constexpr std::int16_t factor(std::int64_t z) { return reduced(reduced(z) * std::int64_t{kR}); }

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

// A table of N. No std::array: files that are compiled for one kind of processor
// share no inline function with others.
template <class T, std::size_t N>
struct Table {
  T at[N];
};

// Entry k is zeta k. Each step of the transform takes those of its blocks: entry blocks + b for
// block b, blocks = 1, 2, 4, ... 64.
inline constexpr auto kZetas = [] {
  Table<std::int16_t, 128> out{};
  for (std::size_t k = 0; k < 128; ++k) out.at[k] = factor(zeta(k));
  return out;
}();

inline constexpr std::int16_t kScale = factor(kR);  // * 2^16
// / 128, and * 2^16 for the product that came before, * 2^16 for this one.
inline constexpr std::int16_t kScaleBack = factor(power(128, kQ - 2) * kR % kQ);

// The same constants as vectors want them: with the lower half of their product by q^-1
// beside them, and sixteen of them side by side, one for each place of a run.

struct Constant {
  std::int16_t value, quotient;
};

constexpr Constant constant(std::int16_t value) {
  return {value, low_half(value * static_cast<std::int32_t>(kQInverse))};
}

struct Constants {
  alignas(32) std::int16_t value[16];
  alignas(32) std::int16_t quotient[16];
};

// Steps 1 to 4 pair whole runs: run r with run r + half, half = 8, 4, 2, 1.
// One constant for each pair of blocks; entry k is zeta k.
inline constexpr auto kRunZetas = [] {
  Table<Constant, 16> out{};
  for (std::size_t k = 1; k < 16; ++k) out.at[k] = constant(kZetas.at[k]);
  return out;
}();

// Steps 5 to 7, after the transposition: step s pairs runs c and c + half,
// half = 8, 4, 2, and place r of the run belongs to block 16 r + c.
// Entry blocks + b, b < blocks = 1, 2, 4: zeta (16 + r) * blocks + b.
inline constexpr auto kPlaceZetas = [] {
  Table<Constants, 8> out{};
  for (std::size_t blocks = 1; blocks <= 4; blocks *= 2) {
    for (std::size_t b = 0; b < blocks; ++b) {
      for (std::size_t r = 0; r < 16; ++r) {
        const Constant c = constant(kZetas.at[(16 + r) * blocks + b]);
        out.at[blocks + b].value[r] = c.value;
        out.at[blocks + b].quotient[r] = c.quotient;
      }
    }
  }
  return out;
}();

// The way back. The standard multiplies by zeta k, k falling. Here -zeta^-1 of
// the way there: zeta^BitRev7(k) for a block is minus the inverse of the constant
// of the mirrored block. Block 16 r + b is mirrored at block (15 - r) and
// (blocks - 1 - b).
inline constexpr auto kRunZetasBack = [] {
  Table<Constant, 16> out{};
  for (std::size_t blocks = 1; blocks <= 8; blocks *= 2) {
    for (std::size_t b = 0; b < blocks; ++b) {
      out.at[blocks + b] = kRunZetas.at[blocks + blocks - 1 - b];
    }
  }
  return out;
}();

inline constexpr auto kPlaceZetasBack = [] {
  Table<Constants, 8> out{};
  for (std::size_t blocks = 1; blocks <= 4; blocks *= 2) {
    for (std::size_t b = 0; b < blocks; ++b) {
      for (std::size_t r = 0; r < 16; ++r) {
        const Constants& mirrored = kPlaceZetas.at[blocks + blocks - 1 - b];
        out.at[blocks + b].value[r] = mirrored.value[15 - r];
        out.at[blocks + b].quotient[r] = mirrored.quotient[15 - r];
      }
    }
  }
  return out;
}();

// The roots of the products: zeta^(2 BitRev7(i) + 1) for the pair of
// coefficients 2 i, 2 i + 1 = 16 r + c, i = 8 r + c / 2; entry c / 2, place r.
inline constexpr auto kRoots = [] {
  Table<Constants, 8> out{};
  for (std::size_t i = 0; i < 128; ++i) {
    const Constant c = constant(factor(power(17, 2 * reverse_7_bits(i) + 1)));
    out.at[i % 8].value[i / 8] = c.value;
    out.at[i % 8].quotient[i / 8] = c.quotient;
  }
  return out;
}();

}  // namespace core::crypto::mlkem
#endif  // CORE_CRYPTO_MLKEM_ZETAS_H_
