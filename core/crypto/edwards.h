// Where Curve25519 (the u of X25519) and Edwards25519 (the y of XEdDSA) meet.
// Spec: [RFC7748] 4.1, [XEdDSA] 2.3.
#ifndef CORE_CRYPTO_EDWARDS_H_
#define CORE_CRYPTO_EDWARDS_H_

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace core::crypto {

// The encoded Edwards point with y = (u - 1) / (u + 1) and the given sign bit
// (0 or 1). Bit 255 of `u` is ignored and `u` is taken modulo p. Does not check
// that the point is on the curve. Constant time but for the error.
// Errors: kBadKey if u = -1, which has no such point.
Result<ByteArray<32>> edwards_from_u(View<32> u, std::uint8_t sign);

}  // namespace core::crypto
#endif  // CORE_CRYPTO_EDWARDS_H_
