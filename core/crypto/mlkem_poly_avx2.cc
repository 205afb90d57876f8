// Compiled for AVX2. Each function is the portable one of mlkem_poly.cc, which
// says what bounds hold where.
#include "core/crypto/mlkem_avx2.h"
#include "core/crypto/mlkem_avx2_runs.h"

namespace core::crypto::mlkem::avx2 {
namespace {

Vector subtract(Vector a, Vector b) { return _mm256_sub_epi16(a, b); }

Vector multiply(Vector a, Vector value, Vector quotient) {
  const Vector m = _mm256_mullo_epi16(a, quotient);
  return subtract(_mm256_mulhi_epi16(a, value), _mm256_mulhi_epi16(m, all(kQ)));
}

Vector reduce(Vector a) {
  // As (high + 2^9) >> 10: multiplies by 2^5, with rounding.
  const Vector quotient = _mm256_mulhrs_epi16(_mm256_mulhi_epi16(a, all(20159)), all(1 << 5));
  return subtract(a, _mm256_mullo_epi16(quotient, all(kQ)));
}

// The values and quotients of a step: one constant, or one for each place.
struct Factor16 {
  explicit Factor16(const Constant& z) : value(all(z.value)), quotient(all(z.quotient)) {}
  explicit Factor16(const Constants& z)
      : value(load_run(z.value, 0)), quotient(load_run(z.quotient, 0)) {}
  Vector value, quotient;
};

void butterfly(Vector& low, Vector& high, const Factor16& z) {
  const Vector t = multiply(high, z.value, z.quotient);
  high = subtract(low, t);
  low = _mm256_add_epi16(low, t);
}

void butterfly_back(Vector& low, Vector& high, const Factor16& z) {
  const Vector t = subtract(high, low);
  low = _mm256_add_epi16(low, high);
  high = multiply(t, z.value, z.quotient);
}

// The steps that pair runs, from those 8 apart to those `kLast` apart; and back.
template <int kLast, class Zetas>
[[gnu::always_inline]] inline void steps(Vector (&x)[16], const Zetas& zetas) {
  int k = 1;
  for (int half = 8; half >= kLast; half /= 2) {
    for (int start = 0; start < 16; start += 2 * half, ++k) {
      const Factor16 z(zetas.at[k]);
      for (int r = start; r < start + half; ++r) butterfly(x[r], x[r + half], z);
    }
  }
}

template <int kFirst, class Zetas>
[[gnu::always_inline]] inline void steps_back(Vector (&x)[16], const Zetas& zetas) {
  for (int half = kFirst, blocks = 8 / kFirst; half <= 8; half *= 2, blocks /= 2) {
    for (int b = 0; b < blocks; ++b) {
      const Factor16 z(zetas.at[blocks + b]);
      for (int r = 2 * half * b; r < 2 * half * b + half; ++r) butterfly_back(x[r], x[r + half], z);
    }
  }
}

// A sum of products of pairs, modulo q: 32-bit sums of places 0-3, 8-11 and of
// the others to one reduced run.
Vector montgomery_reduce(Vector low_places, Vector high_places) {
  const Vector mask = _mm256_set1_epi32(0xffff);
  const Vector low =
      _mm256_packus_epi32(_mm256_and_si256(low_places, mask), _mm256_and_si256(high_places, mask));
  const Vector high =
      _mm256_packs_epi32(_mm256_srai_epi32(low_places, 16), _mm256_srai_epi32(high_places, 16));
  const Vector m = _mm256_mullo_epi16(low, all(static_cast<std::int16_t>(kQInverse)));
  return subtract(high, _mm256_mulhi_epi16(m, all(kQ)));
}

}  // namespace

void transform(std::int16_t* poly) {
  Vector x[16];
  load_all(poly, x);
  steps<1>(x, kRunZetas);
  transpose(x);
  steps<2>(x, kPlaceZetas);
  for (int i = 0; i < 16; ++i) store_run(poly, i, reduce(x[i]));
}

void transform_back(std::int16_t* poly) {
  Vector x[16];
  load_all(poly, x);
  steps_back<2>(x, kPlaceZetasBack);
  transpose(x);
  for (int i = 0; i < 16; ++i) x[i] = reduce(x[i]);
  steps_back<1>(x, kRunZetasBack);
  const Factor16 z(constant(kScaleBack));
  for (int i = 0; i < 16; ++i) store_run(poly, i, multiply(x[i], z.value, z.quotient));
}

void prepare(const std::int16_t* poly, std::int16_t* factor) {
  for (int pair = 0; pair < 8; ++pair) {
    const Factor16 root(kRoots.at[pair]);
    store_run(factor, pair, multiply(load_run(poly, 2 * pair + 1), root.value, root.quotient));
  }
}

void dot(const std::int16_t* a, const std::int16_t* b, const std::int16_t* factors,
         std::size_t count, std::int16_t* out) {
  for (int pair = 0; pair < 8; ++pair) {
    Vector even_low = _mm256_setzero_si256(), even_high = even_low;
    Vector odd_low = even_low, odd_high = even_low;
    for (std::size_t term = 0; term < count; ++term) {
      const Vector a0 = load_run(a + kN * term, 2 * pair),
                   a1 = load_run(a + kN * term, 2 * pair + 1);
      const Vector b0 = load_run(b + kN * term, 2 * pair),
                   b1 = load_run(b + kN * term, 2 * pair + 1);
      const Vector b1_root = load_run(factors + kN / 2 * term, pair);
      const Vector a_low = _mm256_unpacklo_epi16(a0, a1), a_high = _mm256_unpackhi_epi16(a0, a1);
      const auto add_product = [](Vector& sum, Vector x, Vector y) {
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(x, y));
      };
      add_product(even_low, a_low, _mm256_unpacklo_epi16(b0, b1_root));
      add_product(even_high, a_high, _mm256_unpackhi_epi16(b0, b1_root));
      add_product(odd_low, a_low, _mm256_unpacklo_epi16(b1, b0));
      add_product(odd_high, a_high, _mm256_unpackhi_epi16(b1, b0));
    }
    store_run(out, 2 * pair, reduce(montgomery_reduce(even_low, even_high)));
    store_run(out, 2 * pair + 1, reduce(montgomery_reduce(odd_low, odd_high)));
  }
}

void scale(std::int16_t* poly) {
  const Factor16 z(constant(kScale));
  for (int i = 0; i < 16; ++i) {
    store_run(poly, i, reduce(multiply(load_run(poly, i), z.value, z.quotient)));
  }
}

void add(std::int16_t* a, const std::int16_t* b) {
  for (int i = 0; i < 16; ++i) {
    store_run(a, i, reduce(_mm256_add_epi16(load_run(a, i), load_run(b, i))));
  }
}

void subtract_from(std::int16_t* a, const std::int16_t* b) {
  for (int i = 0; i < 16; ++i) {
    store_run(a, i, reduce(subtract(load_run(b, i), load_run(a, i))));
  }
}

void make_canonical(std::int16_t* poly) {
  for (int i = 0; i < 16; ++i) {
    const Vector a = load_run(poly, i);
    store_run(poly, i, _mm256_add_epi16(a, _mm256_and_si256(_mm256_srai_epi16(a, 15), all(kQ))));
  }
}

}  // namespace core::crypto::mlkem::avx2
