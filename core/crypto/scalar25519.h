// Numbers modulo L, the order of the base point of Edwards25519:
// 2^252 + 27742317777372353535851937790883648493. Little-endian; constant time.
// Spec: [RFC8032] 5.1.
#ifndef CORE_CRYPTO_SCALAR25519_H_
#define CORE_CRYPTO_SCALAR25519_H_

#include "core/base/bytes.h"

namespace core::crypto::scalar25519 {

// The number below L that any number is modulo L.
Secret<32> reduce(View<64> wide);
Secret<32> reduce(View<32> number);

// The number, below L, of which each bit stands for a sign: set for + 2^i and else - 2^i, i
// from 0 to 254. They add up to `number` modulo L, which may be any number.
Secret<32> signs(View<32> number);

// a * b + c modulo L, below L. REQUIRES: all three are below L.
Secret<32> multiply_add(View<32> a, View<32> b, View<32> c);

}  // namespace core::crypto::scalar25519
#endif  // CORE_CRYPTO_SCALAR25519_H_
