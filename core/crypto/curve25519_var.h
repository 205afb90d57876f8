// Public points of Curve25519, in variable time: for verifying signatures and
// checking keys. Spec: [RFC8032] 5.1, [RFC7748] 4.1.
#ifndef CORE_CRYPTO_CURVE25519_VAR_H_
#define CORE_CRYPTO_CURVE25519_VAR_H_

#include "core/base/result.h"
#include "core/crypto/edwards.h"

namespace core::crypto::edwards {

// The point with Z = 1, y = (u - 1) / (u + 1) and x of which the lowest bit is 0. Bit 255 of
// `u` is ignored and `u` is taken modulo p. Errors: kBadKey if there is none: u is 0, -1,
// or that of a point on the twist. Spec: [XEdDSA] 2.3, [RFC8032] 5.1.3.
Result<Point> from_u_var(View<32> u);

Point negative(const Point& point);

// out = b * B - a * point, B being the base point; t is not set. `a` is below 2^253.
void multiply_subtract_var(View<32> b, View<32> a, const Point& point, Point& out);

// True iff 8 * point is the neutral element.
bool has_small_order_var(Point point);

}  // namespace core::crypto::edwards
#endif  // CORE_CRYPTO_CURVE25519_VAR_H_
