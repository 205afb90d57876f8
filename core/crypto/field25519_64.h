// field25519.h for 64-bit processors: five limbs of 51 bits. Constant time
// unless a name says otherwise. Spec: [RFC7748] 4.1.
#ifndef CORE_CRYPTO_FIELD25519_64_H_
#define CORE_CRYPTO_FIELD25519_64_H_

#include "core/crypto/field25519_power.h"

namespace core::crypto::field64 {

using field_power::invert;
using field_power::root_power;
using field_power::square_times;

using Limb = std::uint64_t;

__extension__ using Wide = unsigned __int128;

// A number modulo p: sum of limb[i] * 2^(51 i). Limbs may exceed 51 bits: each
// function says how far. "Tight" means below 2^52.
struct Element {
  std::array<std::uint64_t, 5> limb;
};

inline constexpr std::uint64_t kMask51 = (std::uint64_t{1} << 51) - 1;
inline constexpr Element kZero{{0, 0, 0, 0, 0}};
inline constexpr Element kOne{{1, 0, 0, 0, 0}};
constexpr Element small(std::uint32_t a) { return {{a, 0, 0, 0, 0}}; }

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
  t1 += t0 >> 51;
  t2 += t1 >> 51;
  t3 += t2 >> 51;
  t4 += t3 >> 51;
  const std::uint64_t l0 =
      (static_cast<std::uint64_t>(t0) & kMask51) + 19 * static_cast<std::uint64_t>(t4 >> 51);
  out.limb[0] = l0 & kMask51;
  out.limb[1] = (static_cast<std::uint64_t>(t1) & kMask51) + (l0 >> 51);
  out.limb[2] = static_cast<std::uint64_t>(t2) & kMask51;
  out.limb[3] = static_cast<std::uint64_t>(t3) & kMask51;
  out.limb[4] = static_cast<std::uint64_t>(t4) & kMask51;
  return out;
}

// The same number, tight. Takes limbs below 2^54.
constexpr Element tight(const Element& a) {
  return carry(a.limb[0], a.limb[1], a.limb[2], a.limb[3], a.limb[4]);
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

// a * small(factor). Takes limbs below 2^54 and a factor below 2^20; tight.
constexpr Element multiply_small(const Element& a, std::uint32_t factor) {
  const auto product = [&](std::size_t i) { return static_cast<Wide>(a.limb[i]) * factor; };
  return carry(product(0), product(1), product(2), product(3), product(4));
}

// to = from where `mask` is all ones; unchanged where it is 0.
constexpr void choose(Limb mask, const Element& from, Element& to) {
  for (std::size_t i = 0; i < 5; ++i) to.limb[i] ^= mask & (to.limb[i] ^ from.limb[i]);
}

// a, b = b, a where `mask` is all ones; unchanged where it is 0.
constexpr void swap_if(Limb mask, Element& a, Element& b) {
  for (std::size_t i = 0; i < 5; ++i) {
    const std::uint64_t change = mask & (a.limb[i] ^ b.limb[i]);
    a.limb[i] ^= change;
    b.limb[i] ^= change;
  }
}

// Loads 255 bits, little-endian; bit 255 is ignored. Tight.
Element from_bytes(View<32> in);

// The canonical limbs, below 2^51 and the number below p. Limbs below 2^54.
constexpr Element canonical(const Element& a) {
  // Below 2^255 + a little, then the multiple of p that is left is 0 or 1: it
  // is 1 iff a + 19 reaches 2^255.
  Element t = tight(tight(a));
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

}  // namespace core::crypto::field64
#endif  // CORE_CRYPTO_FIELD25519_64_H_
