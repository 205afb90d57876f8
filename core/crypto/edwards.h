// The group of Edwards25519, -x^2 + y^2 = 1 + d x^2 y^2, which is Curve25519 in
// other coordinates: u = (1 + y) / (1 - y).
// Spec: [RFC7748] 4.1, [RFC8032] 5.1.
#ifndef CORE_CRYPTO_EDWARDS_H_
#define CORE_CRYPTO_EDWARDS_H_

#include "core/base/bytes.h"
#include "core/crypto/field25519.h"

namespace core::crypto::edwards {

// x = X / Z, y = Y / Z, x y = T / Z. Coordinates are tight.
struct Point {
  field25519::Element x, y, z, t;
};

// scalar * B, B being the base point; t is not set. Constant time.
// The result holds what a secret scalar leads to: wipe() it when that matters.
void multiply_base(View<32> scalar, Point& out);

// The encoding of a point, and those of two for the price of one inversion.
// Constant time. Spec: [RFC8032] 5.1.2.
ByteArray<32> encode(const Point& point);
std::array<ByteArray<32>, 2> encode_two(const Point& a, const Point& b);

// u of a point: u of scalar * B is the X25519 public key of `scalar`. Constant
// time.
ByteArray<32> to_u(const Point& point);

void wipe_point(Point& point);

// A point with Z = 1, ready to be added: y + x, y - x, 2 d x y. Tight.
struct Addend {
  field25519::Element sum, difference, product;
};

// What is done next with a result: a doubling needs no t, which is not set then.
enum class Next : std::uint8_t { kAny, kTwice };

// X / Z = e / g, Y / Z = h / f.
inline void complete(const field25519::Element& e, const field25519::Element& f,
                     const field25519::Element& g, const field25519::Element& h, Next next,
                     Point& out) {
  out.x = multiply(e, f);
  out.y = multiply(g, h);
  out.z = multiply(f, g);
  if (next != Next::kTwice) out.t = multiply(e, h);
}

// a += b, where twice_z is 2 a.z, or that times Z of `b` if it is not 1. Constant time.
inline void add_to(Point& a, const Addend& b, const field25519::Element& twice_z, Next next) {
  const auto p = multiply(subtract(a.y, a.x), b.difference);
  const auto q = multiply(add(a.y, a.x), b.sum);
  const auto r = multiply(a.t, b.product);
  complete(subtract(q, p), subtract(twice_z, r), add(twice_z, r), add(q, p), next, a);
}

// a += a. Constant time.
inline void twice(Point& a, Next next) {
  const auto xx = square(a.x), yy = square(a.y), zz = square(a.z);
  const auto h = add(xx, yy);
  const auto g = subtract(yy, xx);
  complete(subtract(square(add(a.x, a.y)), h), subtract(add(xx, add(zz, zz)), yy), g, h, next, a);
}

}  // namespace core::crypto::edwards
#endif  // CORE_CRYPTO_EDWARDS_H_
