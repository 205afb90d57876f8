// The group of Edwards25519, -x^2 + y^2 = 1 + d x^2 y^2, which is Curve25519 in
// other coordinates: u = (1 + y) / (1 - y).
// Spec: [RFC7748] 4.1, [RFC8032] 5.1, [XEdDSA] 2.3.
#ifndef CORE_CRYPTO_EDWARDS_H_
#define CORE_CRYPTO_EDWARDS_H_

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/crypto/field25519.h"

namespace core::crypto {

// The encoded Edwards point with y = (u - 1) / (u + 1) and the given sign bit
// (0 or 1). Bit 255 of `u` is ignored and `u` is taken modulo p. Does not check
// that the point is on the curve. Constant time but for the error.
// Errors: kBadKey if u = -1, which has no such point.
Result<ByteArray<32>> edwards_from_u(View<32> u, std::uint8_t sign);

namespace edwards {

// x = X / Z, y = Y / Z, x y = T / Z. Coordinates are tight.
struct Point {
  field25519::Element x, y, z, t;
};

// scalar * B, B being the base point; `scalar` is below 2^255. Constant time.
// The result holds what a secret scalar leads to: wipe() it when that matters.
void multiply_base(View<32> scalar, Point& out);

// The encodings of two points, for the price of one inversion. Constant time.
std::array<ByteArray<32>, 2> encode_two(const Point& a, const Point& b);

// u of a point: u of scalar * B is the X25519 public key of `scalar`. Constant
// time.
ByteArray<32> to_u(const Point& point);

void wipe_point(Point& point);

}  // namespace edwards
}  // namespace core::crypto
#endif  // CORE_CRYPTO_EDWARDS_H_
