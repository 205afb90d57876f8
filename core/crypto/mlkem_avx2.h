// The arithmetic of ML-KEM in AVX2: each function as its namesake in
// mlkem_poly.h, mlkem_code.h or mlkem_sample.h. Built where the compiler targets
// x86-64 (GINNEL_MLKEM_AVX2); mlkem_dispatch.cc chooses at run time.
// REQUIRES in all: cpu::has_avx2()
#ifndef CORE_CRYPTO_MLKEM_AVX2_H_
#define CORE_CRYPTO_MLKEM_AVX2_H_

#include <cstddef>
#include <cstdint>

// Plain pointers to 256 coefficients, 128 of a Factor, aligned to 32 bytes: the
// file shares no inline function with others.
namespace core::crypto::mlkem::avx2 {

void transform(std::int16_t* poly);
void transform_back(std::int16_t* poly);
void prepare(const std::int16_t* poly, std::int16_t* factor);
// The sums of `count` products; a term's polynomials follow one another.
void dot(const std::int16_t* a, const std::int16_t* b, const std::int16_t* factors,
         std::size_t count, std::int16_t* out);
void scale(std::int16_t* poly);
void add(std::int16_t* a, const std::int16_t* b);
void subtract_from(std::int16_t* a, const std::int16_t* b);
void make_canonical(std::int16_t* poly);

void encode(const std::int16_t* transformed, std::uint8_t* out);
bool decode(const std::uint8_t* in, std::int16_t* transformed);
void compress(const std::int16_t* plain, std::size_t bits, std::uint8_t* out);
void decompress(const std::uint8_t* in, std::size_t bits, std::int16_t* plain);
void from_message(const std::uint8_t* message, std::int16_t* plain);
void to_message(const std::int16_t* plain, std::uint8_t* message);

std::size_t take_uniform(const std::uint8_t* block, std::size_t next, std::int16_t* plain);
void arrange(std::int16_t* poly);
void take_binomial(const std::uint8_t* bits, std::int16_t* plain);

}  // namespace core::crypto::mlkem::avx2
#endif  // CORE_CRYPTO_MLKEM_AVX2_H_
