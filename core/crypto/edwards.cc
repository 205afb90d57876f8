#include "core/crypto/edwards.h"

#include "core/crypto/edwards_table.h"

namespace core::crypto {

using namespace field25519;

Result<ByteArray<32>> edwards_from_u(View<32> u, std::uint8_t sign) {
  const Element x = from_bytes(u);
  const Element denominator = add(x, kOne);
  if (to_bytes(denominator) == ByteArray<32>{}) return Error::kBadKey;
  ByteArray<32> point = to_bytes(multiply(subtract(x, kOne), invert(denominator)));
  point[31] = static_cast<std::uint8_t>(point[31] | (sign << 7));
  return point;
}

namespace edwards {
namespace {

constexpr Point kNeutral{kZero, kOne, kOne, kZero};

// a += b
void add_to(Point& a, const Addend& b) {
  const Element p = multiply(subtract(a.y, a.x), b.difference);
  const Element q = multiply(add(a.y, a.x), b.sum);
  const Element r = multiply(a.t, b.product);
  const Element twice_z = add(a.z, a.z);
  const Element e = subtract(q, p), f = subtract(twice_z, r);
  const Element g = add(twice_z, r), h = add(q, p);
  a = {multiply(e, f), multiply(g, h), multiply(f, g), multiply(e, h)};
}

void twice(Point& a) {
  const Element xx = square(a.x), yy = square(a.y), zz = square(a.z);
  const Element h = add(xx, yy);
  const Element e = subtract(square(add(a.x, a.y)), h);
  const Element g = subtract(yy, xx);
  const Element f = subtract(add(xx, add(zz, zz)), yy);
  a = {multiply(e, f), multiply(g, h), multiply(f, g), multiply(e, h)};
}

// All ones iff a == b, else 0, and the compiler must not know that: it would
// make a branch of it.
Limb mask_equal(std::uint32_t a, std::uint32_t b) {
  const std::uint32_t difference = a ^ b;  // below 2^31
  Limb mask = Limb{0} - ((difference - 1) >> 31);
  __asm__("" : "+r"(mask));
  return mask;
}

// digit * 16^(kStride window) B for a digit from -8 to 8: reads the whole row.
Addend lookup(std::size_t window, std::int32_t digit) {
  const auto negative_bit = static_cast<std::uint32_t>(digit) >> 31;
  const auto size = static_cast<std::uint32_t>((digit ^ -static_cast<std::int32_t>(negative_bit)) +
                                               static_cast<std::int32_t>(negative_bit));
  Addend out{kOne, kOne, kZero};
  for (std::uint32_t j = 0; j < kMultiples; ++j) {
    const Limb mask = mask_equal(size, j + 1);
    choose(mask, kBaseTable[window][j].sum, out.sum);
    choose(mask, kBaseTable[window][j].difference, out.difference);
    choose(mask, kBaseTable[window][j].product, out.product);
  }
  const Limb mask = mask_equal(negative_bit, 1);
  const Element sum = out.sum;
  choose(mask, out.difference, out.sum);
  choose(mask, sum, out.difference);
  choose(mask, subtract(kZero, out.product), out.product);
  return out;
}

}  // namespace

void multiply_base(View<32> scalar, Point& out) {
  // 64 digits from -8 to 8, base 16.
  std::array<std::int8_t, 64> digits;
  std::int32_t carried = 0;
  for (std::size_t i = 0; i < 64; ++i) {
    const std::int32_t digit = (scalar[i / 2] >> (4 * (i % 2)) & 15) + carried;
    carried = i == 63 ? 0 : (digit + 8) >> 4;
    digits[i] = static_cast<std::int8_t>(digit - 16 * carried);
  }
  out = kNeutral;
  for (std::size_t offset = kStride; offset-- > 0;) {
    for (std::size_t i = offset; i < 64; i += kStride) add_to(out, lookup(i / kStride, digits[i]));
    if (offset == 0) break;
    for (int doubling = 0; doubling < 4; ++doubling) twice(out);
  }
  wipe({reinterpret_cast<std::uint8_t*>(digits.data()), digits.size()});
}

std::array<ByteArray<32>, 2> encode_two(const Point& a, const Point& b) {
  const Element inverse = invert(multiply(a.z, b.z));
  const auto encode = [&](const Point& point, const Element& other_z) {
    const Element inverse_z = multiply(inverse, other_z);
    const auto x = to_bytes(multiply(point.x, inverse_z));
    auto y = to_bytes(multiply(point.y, inverse_z));
    y[31] = static_cast<std::uint8_t>(y[31] | x[0] << 7);
    return y;
  };
  return {encode(a, b.z), encode(b, a.z)};
}

ByteArray<32> to_u(const Point& point) {
  return to_bytes(multiply(add(point.z, point.y), invert(subtract(point.z, point.y))));
}

void wipe_point(Point& point) { wipe({reinterpret_cast<std::uint8_t*>(&point), sizeof(point)}); }

}  // namespace edwards
}  // namespace core::crypto
