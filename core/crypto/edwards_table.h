// Multiples of the base point of Edwards25519, ready to be added.
#ifndef CORE_CRYPTO_EDWARDS_TABLE_H_
#define CORE_CRYPTO_EDWARDS_TABLE_H_

#include "core/crypto/field25519.h"

namespace core::crypto::edwards {

// A point with Z = 1: y + x, y - x, 2 d x y. Tight.
struct Addend {
  field25519::Element sum, difference, product;
};

// The table has every kStride-th of the 64 digits of a scalar, base 16. A small
// device trades room for doublings: 6 kB instead of 30.
inline constexpr std::size_t kStride = sizeof(field25519::Limb) == 4 ? 8 : 2;
inline constexpr std::size_t kWindows = 64 / kStride;
inline constexpr std::size_t kMultiples = 8;

// Entry [i][j] is (j + 1) 16^(kStride i) B.
extern const std::array<std::array<Addend, kMultiples>, kWindows> kBaseTable;

}  // namespace core::crypto::edwards
#endif  // CORE_CRYPTO_EDWARDS_TABLE_H_
