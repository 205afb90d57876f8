// Arithmetic modulo p = 2^255 - 19 in five limbs of 51 bits. Constant time
// unless a name says otherwise. Spec: [RFC7748] 4.1.
#ifndef CORE_CRYPTO_FIELD25519_H_
#define CORE_CRYPTO_FIELD25519_H_

#include "core/base/bytes.h"

namespace core::crypto::field25519 {

__extension__ using Wide = unsigned __int128;

// A number modulo p: sum of limb[i] * 2^(51 i). Limbs may exceed 51 bits: each
// function says how far. "Tight" means below 2^52.
struct Element {
  std::array<std::uint64_t, 5> limb;
};

inline constexpr std::uint64_t kMask51 = (std::uint64_t{1} << 51) - 1;
inline constexpr Element kZero{{0, 0, 0, 0, 0}};
inline constexpr Element kOne{{1, 0, 0, 0, 0}};

// a + b: tight inputs give limbs below 2^53.
constexpr Element add(const Element& a, const Element& b) {
  Element out{};
  for (std::size_t i = 0; i < 5; ++i) out.limb[i] = a.limb[i] + b.limb[i];
  return out;
}

// a - b + 4p: a with limbs below 2^53 and b below 2^52.9 give limbs below 2^54.
constexpr Element subtract(const Element& a, const Element& b) {
  Element out{};
  out.limb[0] = a.limb[0] + (4 * (kMask51 - 18) - b.limb[0]);
  for (std::size_t i = 1; i < 5; ++i) out.limb[i] = a.limb[i] + (4 * kMask51 - b.limb[i]);
  return out;
}

// Brings five wide sums below 2^52, folding what is above 2^255 back in.
constexpr Element carry(Wide t0, Wide t1, Wide t2, Wide t3, Wide t4) {
  Element out{};
  t1 += static_cast<std::uint64_t>(t0 >> 51);
  t2 += static_cast<std::uint64_t>(t1 >> 51);
  t3 += static_cast<std::uint64_t>(t2 >> 51);
  t4 += static_cast<std::uint64_t>(t3 >> 51);
  const std::uint64_t l0 =
      (static_cast<std::uint64_t>(t0) & kMask51) + 19 * static_cast<std::uint64_t>(t4 >> 51);
  out.limb[0] = l0 & kMask51;
  out.limb[1] = (static_cast<std::uint64_t>(t1) & kMask51) + (l0 >> 51);
  out.limb[2] = static_cast<std::uint64_t>(t2) & kMask51;
  out.limb[3] = static_cast<std::uint64_t>(t3) & kMask51;
  out.limb[4] = static_cast<std::uint64_t>(t4) & kMask51;
  return out;
}

// a * b. Takes limbs below 2^54; tight.
constexpr Element multiply(const Element& a, const Element& b) {
  const auto [a0, a1, a2, a3, a4] = a.limb;
  const auto [b0, b1, b2, b3, b4] = b.limb;
  const std::uint64_t c1 = 19 * b1, c2 = 19 * b2, c3 = 19 * b3, c4 = 19 * b4;
  const auto product = [](std::uint64_t x, std::uint64_t y) { return static_cast<Wide>(x) * y; };
  return carry(
      product(a0, b0) + product(a1, c4) + product(a2, c3) + product(a3, c2) + product(a4, c1),
      product(a0, b1) + product(a1, b0) + product(a2, c4) + product(a3, c3) + product(a4, c2),
      product(a0, b2) + product(a1, b1) + product(a2, b0) + product(a3, c4) + product(a4, c3),
      product(a0, b3) + product(a1, b2) + product(a2, b1) + product(a3, b0) + product(a4, c4),
      product(a0, b4) + product(a1, b3) + product(a2, b2) + product(a3, b1) + product(a4, b0));
}

// a * a. Takes limbs below 2^54; tight.
constexpr Element square(const Element& a) {
  const auto [a0, a1, a2, a3, a4] = a.limb;
  const std::uint64_t d0 = 2 * a0, d1 = 2 * a1, d2 = 2 * a2;
  const std::uint64_t c3 = 19 * a3, c4 = 19 * a4;
  const auto product = [](std::uint64_t x, std::uint64_t y) { return static_cast<Wide>(x) * y; };
  return carry(product(a0, a0) + product(d1, c4) + product(d2, c3),
               product(d0, a1) + product(d2, c4) + product(a3, c3),
               product(d0, a2) + product(a1, a1) + product(2 * a3, c4),
               product(d0, a3) + product(d1, a2) + product(a4, c4),
               product(d0, a4) + product(d1, a3) + product(a2, a2));
}

// a squared `count` times. As square().
constexpr Element square_times(Element a, int count) {
  for (int i = 0; i < count; ++i) a = square(a);
  return a;
}

// a^(2^252 - 3), the power that square roots are made of; times a^2 to the
// eighth it is a^(p - 2). Takes limbs below 2^54; tight.
constexpr Element root_power(const Element& a) {
  // Names say the exponent: ones_n is 2^n - 1.
  const Element a9 = multiply(square_times(a, 3), a);
  const Element a11 = multiply(a9, square(a));
  const Element ones_5 = multiply(square(a11), a9);
  const Element ones_10 = multiply(square_times(ones_5, 5), ones_5);
  const Element ones_20 = multiply(square_times(ones_10, 10), ones_10);
  const Element ones_40 = multiply(square_times(ones_20, 20), ones_20);
  const Element ones_50 = multiply(square_times(ones_40, 10), ones_10);
  const Element ones_100 = multiply(square_times(ones_50, 50), ones_50);
  const Element ones_200 = multiply(square_times(ones_100, 100), ones_100);
  const Element ones_250 = multiply(square_times(ones_200, 50), ones_50);
  return multiply(square_times(ones_250, 2), a);
}

// 1 / a, and 0 for 0. Takes limbs below 2^54; tight.
constexpr Element invert(const Element& a) {
  // p - 2 = 8 (2^252 - 3) + 3
  return multiply(square_times(root_power(a), 3), multiply(square(a), a));
}

// Loads 255 bits, little-endian; bit 255 is ignored. Tight.
Element from_bytes(View<32> in);

// The canonical limbs, below 2^51 and the number below p. Limbs below 2^54.
constexpr Element canonical(const Element& a) {
  // Below 2^255 + a little, then the multiple of p that is left is 0 or 1: it
  // is 1 iff a + 19 reaches 2^255.
  Element t = carry(a.limb[0], a.limb[1], a.limb[2], a.limb[3], a.limb[4]);
  t = carry(t.limb[0], t.limb[1], t.limb[2], t.limb[3], t.limb[4]);
  std::uint64_t quotient = (t.limb[0] + 19) >> 51;
  for (std::size_t i = 1; i < 5; ++i) quotient = (t.limb[i] + quotient) >> 51;
  std::uint64_t carried = 19 * quotient;
  for (std::uint64_t& limb : t.limb) {
    limb += carried;
    carried = limb >> 51;
    limb &= kMask51;
  }
  return t;
}

// The canonical encoding. Takes limbs below 2^54.
ByteArray<32> to_bytes(const Element& a);

}  // namespace core::crypto::field25519
#endif  // CORE_CRYPTO_FIELD25519_H_
