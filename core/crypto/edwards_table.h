// Multiples of the base point of Edwards25519, ready to be added.
#ifndef CORE_CRYPTO_EDWARDS_TABLE_H_
#define CORE_CRYPTO_EDWARDS_TABLE_H_

#include "core/crypto/field25519.h"

namespace core::crypto::edwards {

// A point with Z = 1: y + x, y - x, 2 d x y. Tight.
struct Addend {
  field25519::Element sum, difference, product;
};

inline constexpr std::size_t kWindows = 32;
inline constexpr std::size_t kMultiples = 8;

// Entry [i][j] is (j + 1) 256^i B. 30 kB.
extern const std::array<std::array<Addend, kMultiples>, kWindows> kBaseTable;

}  // namespace core::crypto::edwards
#endif  // CORE_CRYPTO_EDWARDS_TABLE_H_
