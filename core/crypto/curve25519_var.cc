#include "core/crypto/curve25519_var.h"

#include "core/crypto/edwards_table.h"
#include "core/crypto/scalar25519.h"
#include "core/crypto/x25519.h"

namespace core::crypto {

using namespace field25519;

namespace {

bool equal_elements_var(const Element& a, const Element& b) { return to_bytes(a) == to_bytes(b); }

// 1 / sqrt(a), either of the two; false if a is 0 or not a square. Takes a tight element.
bool inverse_root_var(const Element& a, Element& out) {
  out = root_power(a);
  const Element ratio = multiply(square(out), a);  // 1 or -1 if `a` is a square
  if (equal_elements_var(ratio, kOne)) return true;
  out = multiply(out, edwards::kRootOfMinusOne);
  return equal_elements_var(subtract(kZero, ratio), kOne);
}

// sqrt(a), the same way.
bool root_var(const Element& a, Element& out) {
  const bool is_square = inverse_root_var(a, out);
  out = multiply(out, a);
  return is_square;
}

}  // namespace

namespace edwards {
namespace {

constexpr Point kNeutral{kZero, kOne, kOne, kZero};

// The digits of a scalar below 2^253, base 2: most are 0, the others odd and below 16, so
// that of any five of them at most one is not 0.
class Digits {
 public:
  static constexpr std::size_t kCount = 254;

  explicit Digits(View<32> scalar) {
    const auto bit = [&](std::size_t i) { return scalar[i / 8] >> (i % 8) & 1; };
    int carried = 0;
    for (std::size_t i = 0; i < kCount; ++i) {
      if (bit(i) == carried) continue;
      int digit = carried;
      for (std::size_t k = 0; k < kWidth && i + k < kCount; ++k) digit += bit(i + k) << k;
      carried = digit >> (kWidth - 1);
      at_[i] = static_cast<std::int8_t>(digit - (carried << kWidth));
      i += kWidth - 1;
    }
  }
  int operator[](std::size_t i) const { return at_[i]; }

 private:
  static constexpr std::size_t kWidth = 5;

  std::array<std::int8_t, kCount> at_{};
};

// The same point with Z that is not 1.
struct Multiple {
  Addend addend;
  Element z;
};

Multiple multiple(const Point& a) {
  return {{tight(add(a.y, a.x)), tight(subtract(a.y, a.x)), multiply(a.t, kTwoD)}, a.z};
}

Addend negative(const Addend& a) {
  return {a.difference, a.sum, tight(subtract(kZero, a.product))};
}

// point, 3 point, 5 point, ... 15 point
using OddMultiples = std::array<Multiple, 8>;

void make_odd_multiples(const Point& point, OddMultiples& out) {
  Point sum = point;
  twice(sum, Next::kAny);
  const Multiple step = multiple(sum);
  sum = point;
  out[0] = multiple(sum);
  for (std::size_t i = 1; i < out.size(); ++i) {
    add_to(sum, step.addend, multiply(add(sum.z, sum.z), step.z), Next::kAny);
    out[i] = multiple(sum);
  }
}

}  // namespace

Result<Point> from_u_var(View<32> bytes) {
  // y = (u - 1) / (u + 1), so x^2 = (y^2 - 1) / (d y^2 + 1) is -4 u / below. One root gives
  // x and y: that of the inverse of x^2 (below (u + 1))^2.
  const Element u = from_bytes(bytes);
  const Element minus = tight(subtract(u, kOne)), plus = tight(add(u, kOne));
  const Element above = multiply(u, tight(subtract(kZero, small(4))));
  const Element below = tight(add(multiply(kD, square(minus)), square(plus)));
  const Element above_plus = multiply(above, plus), below_plus = multiply(below, plus);
  Element root;
  if (!inverse_root_var(multiply(above_plus, below_plus), root)) return Error::kBadKey;
  Element x = multiply(above_plus, root);
  const Element inverse_plus = multiply(multiply(square(root), above), below_plus);
  const Element y = multiply(minus, inverse_plus);
  if ((to_bytes(x)[0] & 1) != 0) x = tight(subtract(kZero, x));
  return Point{x, y, kOne, multiply(x, y)};
}

Point negative(const Point& point) {
  return {tight(subtract(kZero, point.x)), point.y, point.z, tight(subtract(kZero, point.t))};
}

void multiply_subtract_var(View<32> b, View<32> a, const Point& point, Point& out) {
  const Secret<32> signs = scalar25519::signs(b);
  const Digits digits(a);
  OddMultiples multiples;
  make_odd_multiples(point, multiples);
  out = kNeutral;
  for (std::size_t i = Digits::kCount; i-- > 0;) {
    const Next after_a = i < kStride ? Next::kAny : Next::kTwice;
    const int digit = digits[i];
    twice(out, digit != 0 ? Next::kAny : after_a);
    if (digit != 0) {
      const auto& [addend, z] = multiples[static_cast<std::size_t>(digit < 0 ? -digit : digit) / 2];
      add_to(out, digit < 0 ? addend : negative(addend), multiply(add(out.z, out.z), z), after_a);
    }
    if (i >= kStride) continue;
    for (std::size_t table = 0; table < kTables; ++table) {
      const auto [entry, is_negative] = choice(signs.view(), kStride * table + i);
      const Addend& addend = kBaseTable[table][entry];
      add_to(out, is_negative != 0 ? negative(addend) : addend, add(out.z, out.z),
             table + 1 < kTables ? Next::kAny : Next::kTwice);
    }
  }
}

bool has_small_order_var(Point point) {
  for (int doubling = 0; doubling < 3; ++doubling) twice(point, Next::kTwice);
  return to_bytes(point.x) == ByteArray<32>{} && equal_elements_var(point.y, point.z);
}

}  // namespace edwards

namespace {

// u becomes that of a point of which it was the double; false if there is none.
// There are two, u and 1 / u: either both are doubles themselves or neither is.
// REQUIRES: `u` is a square and not 0. Tight.
bool halve_var(Element& u) {
  // Let h = (w + 1 / w) / 2 for the half's w. Doubling it gives h^2 - 1 = 2 u (h + A / 2),
  // so h = u + r or u - r, where r^2 = u^2 + A u + 1; one of them has the root.
  const Element uu_au = multiply(u, tight(add(u, small(486662))));
  Element r, root;
  if (!root_var(tight(add(uu_au, kOne)), r)) return false;
  Element h = tight(add(u, r));
  if (!root_var(tight(subtract(square(h), kOne)), root)) {
    h = tight(subtract(u, r));
    if (!root_var(tight(subtract(square(h), kOne)), root)) return false;
  }
  u = tight(add(h, root));
  return true;
}

}  // namespace

bool x25519_is_prime_order_var(View<32> public_key) {
  Element u = from_bytes(public_key);
  if (!equal_var(to_bytes(u), public_key) || to_bytes(u) == ByteArray<32>{}) return false;
  // The group is cyclic of order 8 L: the points of order L, and the neutral one, are
  // those that are eight times a point. A point is twice another iff its u is a square,
  // which is for u^2 + A u + 1 to be one too: else it is on the twist.
  Element root;
  return root_var(u, root) && halve_var(u) && halve_var(u) && root_var(u, root);
}

}  // namespace core::crypto
