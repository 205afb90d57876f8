// Polynomials of ML-KEM from random bytes. Spec: [FIPS203] 4.2.2.
#ifndef CORE_CRYPTO_MLKEM_SAMPLE_H_
#define CORE_CRYPTO_MLKEM_SAMPLE_H_

#include "core/crypto/mlkem_poly.h"

namespace core::crypto::mlkem {

// The public matrix's entries `columns[i]` of `row` or, transposed, those rows
// of that column. Variable time: `rho` is public.
// Spec: [FIPS203] Algorithm 7 (SampleNTT).
enum class Matrix : std::uint8_t { kStraight, kTransposed };
void sample_row(View<32> rho, Matrix which, std::size_t row, std::span<Poly> columns);

// Small random polynomials, plain: one for each of the nonces from `nonce` on;
// at most four. Constant time.
// Spec: [FIPS203] Algorithm 8 (SamplePolyCBD_2), 4.1 (PRF_2).
void sample_noise(View<32> seed, std::size_t nonce, std::span<Poly> out);

// What the above are made of.

inline constexpr std::size_t kUniformBlock = 168;  // a block of SHAKE-128
inline constexpr std::size_t kUniformRoom = 176;   // its memory: vectors read behind it
inline constexpr std::size_t kBinomialBits = 128;

// Goes on at coefficient `next` of `plain` with the numbers below q of a block,
// and returns where it got to, at most kN. Variable time.
// Spec: [FIPS203] Algorithm 7 (SampleNTT), lines 4 to 17.
std::size_t take_uniform(View<kUniformRoom> block, std::size_t next, Poly& plain);
// Moves each coefficient to where a transformed polynomial has it.
void arrange(Poly& poly);

// Differences of sums of two bits. Constant time.
// Spec: [FIPS203] Algorithm 8 (SamplePolyCBD_2), lines 2 to 6.
void take_binomial(View<kBinomialBits> bits, Poly& plain);

}  // namespace core::crypto::mlkem
#endif  // CORE_CRYPTO_MLKEM_SAMPLE_H_
