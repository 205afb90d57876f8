// The arithmetic of ML-KEM in plain C++: each function as its namesake in
// mlkem_poly.h, mlkem_code.h or mlkem_sample.h, and what others are tested against.
#ifndef CORE_CRYPTO_MLKEM_PORTABLE_H_
#define CORE_CRYPTO_MLKEM_PORTABLE_H_

#include "core/crypto/mlkem_code.h"
#include "core/crypto/mlkem_poly.h"
#include "core/crypto/mlkem_sample.h"

namespace core::crypto::mlkem::portable {

void transform(Poly& poly);
void transform_back(Poly& poly);
void prepare(const Poly& poly, Factor& factor);
void dot(std::span<const Poly> a, std::span<const Poly> b, std::span<const Factor> factors,
         Poly& out);
void scale(Poly& poly);
void add(Poly& a, const Poly& b);
void subtract_from(Poly& a, const Poly& b);
void make_canonical(Poly& poly);

void encode(const Poly& transformed, MutView<kPolyBytes> out);
bool decode(View<kPolyBytes> in, Poly& transformed);
void compress(const Poly& plain, std::size_t bits, MutBytes out);
void decompress(Bytes in, std::size_t bits, Poly& plain);
void from_message(View<32> message, Poly& plain);
void to_message(const Poly& plain, MutView<32> message);

std::size_t take_uniform(View<kUniformRoom> block, std::size_t next, Poly& plain);
void arrange(Poly& poly);
void take_binomial(View<kBinomialBits> bits, Poly& plain);

}  // namespace core::crypto::mlkem::portable
#endif  // CORE_CRYPTO_MLKEM_PORTABLE_H_
