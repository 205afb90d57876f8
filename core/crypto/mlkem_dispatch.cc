// Chooses the arithmetic of ML-KEM for the processor at hand.
#include "core/base/result.h"
#include "core/crypto/cpu.h"
#include "core/crypto/mlkem_avx2.h"
#include "core/crypto/mlkem_portable.h"

namespace core::crypto::mlkem {
namespace {

#ifdef GINNEL_MLKEM_AVX2
constexpr bool kBuilt = true;
#else
constexpr bool kBuilt = false;  // then nothing may refer to namespace avx2
#endif

}  // namespace

void transform(Poly& poly) {
  if constexpr (kBuilt) {
    if (cpu::has_avx2()) return avx2::transform(poly.at.data());
  }
  return portable::transform(poly);
}

void transform_back(Poly& poly) {
  if constexpr (kBuilt) {
    if (cpu::has_avx2()) return avx2::transform_back(poly.at.data());
  }
  return portable::transform_back(poly);
}

void prepare(const Poly& poly, Factor& factor) {
  if constexpr (kBuilt) {
    if (cpu::has_avx2()) return avx2::prepare(poly.at.data(), factor.at.data());
  }
  return portable::prepare(poly, factor);
}

void dot(std::span<const Poly> a, std::span<const Poly> b, std::span<const Factor> factors,
         Poly& out) {
  CHECK(a.size() <= 4 && b.size() == a.size() && factors.size() == a.size());
  static_assert(sizeof(Poly) == kN * sizeof(std::int16_t) && sizeof(Factor) == sizeof(Poly) / 2);
  if constexpr (kBuilt) {
    if (cpu::has_avx2())
      return avx2::dot(a.front().at.data(), b.front().at.data(), factors.front().at.data(),
                       a.size(), out.at.data());
  }
  return portable::dot(a, b, factors, out);
}

void scale(Poly& poly) {
  if constexpr (kBuilt) {
    if (cpu::has_avx2()) return avx2::scale(poly.at.data());
  }
  return portable::scale(poly);
}

void add(Poly& a, const Poly& b) {
  if constexpr (kBuilt) {
    if (cpu::has_avx2()) return avx2::add(a.at.data(), b.at.data());
  }
  return portable::add(a, b);
}

void subtract_from(Poly& a, const Poly& b) {
  if constexpr (kBuilt) {
    if (cpu::has_avx2()) return avx2::subtract_from(a.at.data(), b.at.data());
  }
  return portable::subtract_from(a, b);
}

void make_canonical(Poly& poly) {
  if constexpr (kBuilt) {
    if (cpu::has_avx2()) return avx2::make_canonical(poly.at.data());
  }
  return portable::make_canonical(poly);
}

void encode(const Poly& transformed, MutView<kPolyBytes> out) {
  if constexpr (kBuilt) {
    if (cpu::has_avx2()) return avx2::encode(transformed.at.data(), out.data());
  }
  return portable::encode(transformed, out);
}

bool decode(View<kPolyBytes> in, Poly& transformed) {
  if constexpr (kBuilt) {
    if (cpu::has_avx2()) return avx2::decode(in.data(), transformed.at.data());
  }
  return portable::decode(in, transformed);
}

void compress(const Poly& plain, std::size_t bits, MutBytes out) {
  CHECK((bits == 4 || bits == 5 || bits == 10 || bits == 11) && out.size() == 32 * bits);
  if constexpr (kBuilt) {
    if (cpu::has_avx2()) return avx2::compress(plain.at.data(), bits, out.data());
  }
  return portable::compress(plain, bits, out);
}

void decompress(Bytes in, std::size_t bits, Poly& plain) {
  CHECK((bits == 4 || bits == 5 || bits == 10 || bits == 11) && in.size() == 32 * bits);
  if constexpr (kBuilt) {
    if (cpu::has_avx2()) return avx2::decompress(in.data(), bits, plain.at.data());
  }
  return portable::decompress(in, bits, plain);
}

void from_message(View<32> message, Poly& plain) {
  if constexpr (kBuilt) {
    if (cpu::has_avx2()) return avx2::from_message(message.data(), plain.at.data());
  }
  return portable::from_message(message, plain);
}

void to_message(const Poly& plain, MutView<32> message) {
  if constexpr (kBuilt) {
    if (cpu::has_avx2()) return avx2::to_message(plain.at.data(), message.data());
  }
  return portable::to_message(plain, message);
}

std::size_t take_uniform(View<kUniformRoom> block, std::size_t next, Poly& plain) {
  if constexpr (kBuilt) {
    if (cpu::has_avx2()) return avx2::take_uniform(block.data(), next, plain.at.data());
  }
  return portable::take_uniform(block, next, plain);
}

void arrange(Poly& poly) {
  if constexpr (kBuilt) {
    if (cpu::has_avx2()) return avx2::arrange(poly.at.data());
  }
  return portable::arrange(poly);
}

void take_binomial(View<kBinomialBits> bits, Poly& plain) {
  if constexpr (kBuilt) {
    if (cpu::has_avx2()) return avx2::take_binomial(bits.data(), plain.at.data());
  }
  return portable::take_binomial(bits, plain);
}

}  // namespace core::crypto::mlkem
