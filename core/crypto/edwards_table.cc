// The table is computed by the compiler, from the definition of the curve.
#include "core/crypto/edwards_table.h"

namespace core::crypto::edwards {
namespace {

using namespace field25519;

constexpr Element negative(const Element& a) { return subtract(kZero, a); }
constexpr bool equal(const Element& a, const Element& b) {
  return canonical(a).limb == canonical(b).limb;
}

}  // namespace

constexpr Element kD = multiply(negative(small(121665)), invert(small(121666)));
constexpr Element kTwoD = tight(add(kD, kD));
// 2^((p - 1) / 4)
constexpr Element kRootOfMinusOne = multiply(square(root_power(small(2))), small(2));

namespace {

// y = 4 / 5 and the even x. Spec: [RFC8032] 5.1.
constexpr Point kBase = [] {
  const Element y = multiply(small(4), invert(small(5)));
  const Element yy = square(y);
  const Element xx = multiply(subtract(yy, kOne), invert(add(multiply(kD, yy), kOne)));
  // xx^((p + 3) / 8), or that times the root of -1.
  Element x = multiply(root_power(xx), xx);
  if (!equal(square(x), xx)) x = multiply(x, kRootOfMinusOne);
  if ((canonical(x).limb[0] & 1) != 0) x = tight(negative(x));
  return Point{x, y, kOne, multiply(x, y)};
}();

// a + b, for any two points.
constexpr Point sum(const Point& a, const Point& b) {
  const Element p = multiply(subtract(a.y, a.x), subtract(b.y, b.x));
  const Element q = multiply(add(a.y, a.x), add(b.y, b.x));
  const Element r = multiply(multiply(a.t, kTwoD), b.t);
  const Element zz = multiply(a.z, b.z);
  const Element twice_zz = add(zz, zz);
  const Element e = subtract(q, p), f = subtract(twice_zz, r);
  const Element g = add(twice_zz, r), h = add(q, p);
  return {multiply(e, f), multiply(g, h), multiply(f, g), multiply(e, h)};
}

}  // namespace

constexpr std::array<std::array<Addend, kMultiples>, kWindows> kBaseTable = [] {
  constexpr std::size_t kCount = kWindows * kMultiples;
  std::array<Point, kCount> points{};
  std::array<Element, kCount + 1> products{};  // of the Z so far
  products[0] = kOne;
  Point start = kBase;
  for (std::size_t i = 0; i < kCount; ++i) {
    points[i] = i % kMultiples == 0 ? start : sum(points[i - 1], start);
    products[i + 1] = multiply(products[i], points[i].z);
    if (i % kMultiples == kMultiples - 1) {
      start = points[i];  // times 8 already
      for (std::size_t doubling = 3; doubling < 4 * kStride; ++doubling) start = sum(start, start);
    }
  }
  std::array<std::array<Addend, kMultiples>, kWindows> out{};
  Element inverse = invert(products[kCount]);
  for (std::size_t i = kCount; i-- > 0;) {
    const Element inverse_z = multiply(inverse, products[i]);
    inverse = multiply(inverse, points[i].z);
    const Element x = multiply(points[i].x, inverse_z), y = multiply(points[i].y, inverse_z);
    out[i / kMultiples][i % kMultiples] = {tight(add(y, x)), tight(subtract(y, x)),
                                           multiply(multiply(x, y), kTwoD)};
  }
  return out;
}();

}  // namespace core::crypto::edwards
