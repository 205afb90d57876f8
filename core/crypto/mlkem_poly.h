// Polynomials of ML-KEM: Z_q[X] / (X^256 + 1), q = 3329. Everything here is
// constant time in the coefficients.
// Spec: [FIPS203] 4.2, 4.3.
//
// A polynomial is either plain, coefficient i at position i, or transformed.
// The transform here is that of the standard, with its output at other
// positions: coefficient 16 r + c at position 16 c + r. So each step of it, and
// each product, works on runs of 16 coefficients, which compilers turn into
// vector instructions.
#ifndef CORE_CRYPTO_MLKEM_POLY_H_
#define CORE_CRYPTO_MLKEM_POLY_H_

#include "core/base/bytes.h"

namespace core::crypto::mlkem {

inline constexpr std::int32_t kQ = 3329;
inline constexpr std::size_t kN = 256;

// "Reduced" means the representative in [-q/2, q/2], "small" one in (-q, q),
// "canonical" the one in [0, q).
struct Poly {
  alignas(32) std::array<std::int16_t, kN> at;
};

// Where coefficient i of a transformed polynomial is.
constexpr std::size_t transformed_position(std::size_t i) { return 16 * (i % 16) + i / 16; }

// Plain to transformed, in place. Takes small, gives reduced coefficients.
// Spec: [FIPS203] Algorithm 9 (NTT).
void transform(Poly& poly);

// Transformed to plain, in place, times 2^16. Takes reduced, gives small
// coefficients. Spec: [FIPS203] Algorithm 10 (NTT^-1).
void transform_back(Poly& poly);

// What add_product() needs to know of its second factor: its odd coefficients,
// times the roots they meet. Small.
struct Factor {
  alignas(32) std::array<std::int16_t, kN / 2> at;
};
void prepare(const Poly& poly, Factor& factor);

// out = sum of a[i] * b[i] / 2^16, transformed and reduced. `a` is canonical or
// reduced, `b` reduced, factors[i] of b[i]. `out` may be one of `a`. At most
// four terms. Spec: [FIPS203] Algorithms 11, 12.
void dot(std::span<const Poly> a, std::span<const Poly> b, std::span<const Factor> factors,
         Poly& out);

// poly * 2^16, reduced. Takes any coefficients.
void scale(Poly& poly);

// a += b. Takes small coefficients; gives reduced ones.
void add(Poly& a, const Poly& b);
// a = b - a. Takes small coefficients; gives reduced ones.
void subtract_from(Poly& a, const Poly& b);

// From reduced to canonical coefficients.
void make_canonical(Poly& poly);

}  // namespace core::crypto::mlkem
#endif  // CORE_CRYPTO_MLKEM_POLY_H_
