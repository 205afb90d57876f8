#include "core/crypto/x25519_ifma.h"

#include <immintrin.h>

namespace core::crypto {
namespace {

using Vector = __m256i;  // four 64-bit lanes

// Four field elements, one in each lane, each in five limbs of 51 bits. All
// limbs are below 2^52 between steps: the instruction takes no more.
struct Four {
  Vector limb[5];
};

Vector all(std::uint64_t a) { return _mm256_set1_epi64x(static_cast<long long>(a)); }

constexpr std::uint64_t kMask51 = (std::uint64_t{1} << 51) - 1;

Vector times_19(Vector a) {
  return _mm256_add_epi64(_mm256_add_epi64(_mm256_slli_epi64(a, 4), _mm256_slli_epi64(a, 1)), a);
}

// Limbs below 2^61 become limbs below 2^51 + 2^15.
Four carry(const Vector* a) {
  const Vector mask = all(kMask51);
  Vector up[5];
  Four out;
  for (int i = 0; i < 5; ++i) up[i] = _mm256_srli_epi64(a[i], 51);
  out.limb[0] = _mm256_add_epi64(_mm256_and_si256(a[0], mask), times_19(up[4]));
  for (int i = 1; i < 5; ++i) {
    out.limb[i] = _mm256_add_epi64(_mm256_and_si256(a[i], mask), up[i - 1]);
  }
  return out;
}

// Lane by lane. The instruction adds the low or high 52 bits of a product; as
// limbs are 51 bits apart, the high ones count twice.
Four multiply(const Four& a, const Four& b) {
  Vector low[9], high[9];
  for (int i = 0; i < 9; ++i) low[i] = high[i] = _mm256_setzero_si256();
  for (int i = 0; i < 5; ++i) {
    for (int j = 0; j < 5; ++j) {
      low[i + j] = _mm256_madd52lo_epu64(low[i + j], a.limb[i], b.limb[j]);
      high[i + j] = _mm256_madd52hi_epu64(high[i + j], a.limb[i], b.limb[j]);
    }
  }
  Vector sums[10];  // below 15 * 2^52
  sums[0] = low[0];
  for (int i = 1; i < 9; ++i) sums[i] = _mm256_add_epi64(low[i], _mm256_slli_epi64(high[i - 1], 1));
  sums[9] = _mm256_slli_epi64(high[8], 1);
  Vector folded[5];
  for (int i = 0; i < 5; ++i) folded[i] = _mm256_add_epi64(sums[i], times_19(sums[i + 5]));
  return carry(folded);
}

// a + 121665 b, lane by lane.
Four add_multiple(const Four& a, const Four& b) {
  const Vector factor = all(121665);
  Vector sums[5], high[5];
  for (int i = 0; i < 5; ++i) {
    sums[i] = _mm256_madd52lo_epu64(a.limb[i], b.limb[i], factor);
    high[i] =
        _mm256_slli_epi64(_mm256_madd52hi_epu64(_mm256_setzero_si256(), b.limb[i], factor), 1);
  }
  sums[0] = _mm256_add_epi64(sums[0], times_19(high[4]));
  for (int i = 1; i < 5; ++i) sums[i] = _mm256_add_epi64(sums[i], high[i - 1]);
  return carry(sums);
}

// Lanes of `a` with those of `b` added (lanes 0 and 2) or subtracted (1 and 3).
Four add_and_subtract(const Four& a, const Four& b) {
  Vector sums[5];
  for (int i = 0; i < 5; ++i) {
    const Vector twice_p = all(2 * (i == 0 ? kMask51 - 18 : kMask51));
    const Vector minus = _mm256_sub_epi64(twice_p, b.limb[i]);
    sums[i] = _mm256_add_epi64(a.limb[i], _mm256_blend_epi32(b.limb[i], minus, 0xcc));
  }
  return carry(sums);
}

template <int kOrder>
Four permute(const Four& a) {
  Four out;
  for (int i = 0; i < 5; ++i) out.limb[i] = _mm256_permute4x64_epi64(a.limb[i], kOrder);
  return out;
}

// The lanes that `order` says, at a cost that does not depend on it.
Four permute(const Four& a, Vector order) {
  Four out;
  for (int i = 0; i < 5; ++i) out.limb[i] = _mm256_permutexvar_epi64(order, a.limb[i]);
  return out;
}

// Lanes of `b` where the mask has two ones, else of `a`.
template <int kMask>
Four blend(const Four& a, const Four& b) {
  Four out;
  for (int i = 0; i < 5; ++i) out.limb[i] = _mm256_blend_epi32(a.limb[i], b.limb[i], kMask);
  return out;
}

constexpr int order(int a, int b, int c, int d) { return a | b << 2 | c << 4 | d << 6; }

}  // namespace

void x25519_ladder_ifma(const std::uint8_t* scalar, const std::uint64_t* u, std::uint64_t* x,
                        std::uint64_t* z) {
  // Names as in the RFC. Lanes: x_2, z_2, x_3, z_3.
  Four state, factor;
  for (int i = 0; i < 5; ++i) {
    const long long one = i == 0, limb = static_cast<long long>(u[i]);
    state.limb[i] = _mm256_setr_epi64x(one, 0, limb, one);
    factor.limb[i] = _mm256_setr_epi64x(one, one, one, limb);
  }
  const Vector order_x = _mm256_setr_epi64x(0, 0, 2, 2);
  const Vector order_z = _mm256_setr_epi64x(1, 1, 3, 3);
  std::uint64_t previous = 0;
  for (int t = 254; t >= 0; --t) {
    const std::uint64_t bit = scalar[t / 8] >> (t % 8) & 1;
    const Vector swap = all(2 * (bit ^ previous));  // 2 exchanges the halves
    previous = bit;
    const Four abcd = add_and_subtract(permute(state, _mm256_xor_si256(order_x, swap)),
                                       permute(state, _mm256_xor_si256(order_z, swap)));
    // AA, BB, DA, CB
    const Four products =
        multiply(permute<order(0, 1, 3, 2)>(abcd), permute<order(0, 1, 0, 1)>(abcd));
    const Four aa_da = permute<order(0, 0, 2, 2)>(products);
    const Four bb_cb = permute<order(1, 1, 3, 3)>(products);
    const Four sums = add_and_subtract(aa_da, bb_cb);  // -, E, DA + CB, DA - CB
    const Four multiple = add_multiple(aa_da, sums);   // -, AA + a24 E, -, -
    const Four left = blend<0x03>(sums, products);
    const Four right = blend<0x0c>(blend<0x03>(sums, bb_cb), multiple);
    // AA BB, E (AA + a24 E), (DA + CB)^2, and x_1 (DA - CB)^2
    state = multiply(multiply(left, right), factor);
  }
  state = permute(state, _mm256_xor_si256(_mm256_setr_epi64x(0, 1, 2, 3), all(2 * previous)));

  alignas(32) std::uint64_t lanes[4];
  for (int i = 0; i < 5; ++i) {
    _mm256_store_si256(reinterpret_cast<Vector*>(lanes), state.limb[i]);
    x[i] = lanes[0];
    z[i] = lanes[1];
  }
}

}  // namespace core::crypto
