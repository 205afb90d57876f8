// The table is computed by the compiler, from the definition of the curve.
#include "core/crypto/edwards_table.h"

#include <bit>

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

constexpr Point twice(Point point, std::size_t times) {
  for (std::size_t i = 0; i < times; ++i) point = sum(point, point);
  return point;
}

}  // namespace

constexpr std::array<std::array<Addend, kEntries>, kTables> kBaseTable = [] {
  std::array<Point, kTeeth> teeth{kBase};
  for (std::size_t i = 1; i < kTeeth; ++i) teeth[i] = twice(teeth[i - 1], kColumns);
  constexpr std::size_t kCount = kTables * kEntries;
  std::array<Point, kCount> points{};
  std::array<Element, kCount + 1> products{};  // of the Z so far
  products[0] = kOne;
  for (std::size_t i = 0; i < kCount; ++i) {
    const std::size_t entry = i % kEntries;
    if (entry == 0) {
      points[i] = teeth[kTeeth - 1];
      for (std::size_t tooth = 0; tooth < kTeeth - 1; ++tooth) {
        const Point& added = teeth[tooth];
        points[i] = sum(points[i], {negative(added.x), added.y, added.z, negative(added.t)});
      }
    } else {
      // One minus becomes a plus.
      const auto tooth = static_cast<std::size_t>(std::countr_zero(entry));
      points[i] = sum(points[i - (entry & -entry)], twice(teeth[tooth], 1));
    }
    products[i + 1] = multiply(products[i], points[i].z);
    if (entry == kEntries - 1) {
      for (Point& tooth : teeth) tooth = twice(tooth, kStride);
    }
  }
  std::array<std::array<Addend, kEntries>, kTables> out{};
  Element inverse = invert(products[kCount]);
  for (std::size_t i = kCount; i-- > 0;) {
    const Element inverse_z = multiply(inverse, products[i]);
    inverse = multiply(inverse, points[i].z);
    const Element x = multiply(points[i].x, inverse_z), y = multiply(points[i].y, inverse_z);
    out[i / kEntries][i % kEntries] = {tight(add(y, x)), tight(subtract(y, x)),
                                       multiply(multiply(x, y), kTwoD)};
  }
  return out;
}();

}  // namespace core::crypto::edwards
