// Constants of Edwards25519, and multiples of its base point, ready to be added.
#ifndef CORE_CRYPTO_EDWARDS_TABLE_H_
#define CORE_CRYPTO_EDWARDS_TABLE_H_

#include "core/crypto/edwards.h"

namespace core::crypto::edwards {

// -x^2 + y^2 = 1 + d x^2 y^2. Tight. Spec: [RFC8032] 5.1.
extern const field25519::Element kD, kTwoD, kRootOfMinusOne;

// A comb of kTeeth bits, each kColumns above the one below, takes a scalar's bits column
// by column. Every bit is a sign: that of 2^i B, i being its place.
inline constexpr std::size_t kTeeth = 5;
inline constexpr std::size_t kColumns = 51;

// There is a table for every kStride-th column; doublings make up for the others. A small
// device has one table, of 1.5 kB instead of 32.
inline constexpr std::size_t kStride = sizeof(field25519::Limb) == 4 ? kColumns : 3;
inline constexpr std::size_t kTables = kColumns / kStride;

// Entry [i][j] is what column kStride * i adds if the signs of its lower teeth are the bits
// of j, a 1 being a plus, and the highest is a plus. Its negative is what the opposite signs add.
inline constexpr std::uint32_t kEntries = 1 << (kTeeth - 1);
extern const std::array<std::array<Addend, kEntries>, kTables> kBaseTable;

// Which entry, and whether its negative: all ones or 0.
struct Choice {
  std::uint32_t entry, negative;
};

// What `column` adds, given the signs of a scalar. Constant time.
inline Choice choice(View<32> signs, std::size_t column) {
  std::uint32_t bits = 0;
  for (std::size_t tooth = kTeeth; tooth-- > 0;) {
    const std::size_t place = column + kColumns * tooth;
    bits = bits << 1 | (signs[place / 8] >> (place % 8) & 1u);
  }
  const std::uint32_t negative = bits / kEntries - 1;
  return {(bits ^ negative) % kEntries, negative};
}

}  // namespace core::crypto::edwards
#endif  // CORE_CRYPTO_EDWARDS_TABLE_H_
