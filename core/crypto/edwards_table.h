// Constants of Edwards25519, and multiples of its base point, ready to be added.
#ifndef CORE_CRYPTO_EDWARDS_TABLE_H_
#define CORE_CRYPTO_EDWARDS_TABLE_H_

#include "core/crypto/edwards.h"

namespace core::crypto::edwards {

// -x^2 + y^2 = 1 + d x^2 y^2. Tight. Spec: [RFC8032] 5.1.
extern const field25519::Element kD, kTwoD, kRootOfMinusOne;

// The table has every kStride-th of the 64 digits of a scalar, base 16. A small
// device trades room for doublings: 6 kB instead of 30.
inline constexpr std::size_t kStride = sizeof(field25519::Limb) == 4 ? 8 : 2;
inline constexpr std::size_t kWindows = 64 / kStride;
inline constexpr std::size_t kMultiples = 8;

// Entry [i][j] is (j + 1) 16^(kStride i) B.
extern const std::array<std::array<Addend, kMultiples>, kWindows> kBaseTable;

}  // namespace core::crypto::edwards
#endif  // CORE_CRYPTO_EDWARDS_TABLE_H_
