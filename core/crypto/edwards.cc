#include "core/crypto/edwards.h"

#include "core/crypto/edwards_table.h"

namespace core::crypto::edwards {

using namespace field25519;

namespace {

constexpr Point kNeutral{kZero, kOne, kOne, kZero};

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

ByteArray<32> encode_with(const Point& point, const Element& inverse_z) {
  const auto x = to_bytes(multiply(point.x, inverse_z));
  auto y = to_bytes(multiply(point.y, inverse_z));
  y[31] = static_cast<std::uint8_t>(y[31] | x[0] << 7);
  return y;
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
    for (std::size_t i = offset; i < 64; i += kStride) {
      add_to(out, lookup(i / kStride, digits[i]), add(out.z, out.z), Next::kAny);
    }
    if (offset == 0) break;
    for (int doubling = 1; doubling <= 4; ++doubling) {
      twice(out, doubling < 4 ? Next::kTwice : Next::kAny);
    }
  }
  wipe({reinterpret_cast<std::uint8_t*>(digits.data()), digits.size()});
}

ByteArray<32> encode(const Point& point) { return encode_with(point, invert(point.z)); }

std::array<ByteArray<32>, 2> encode_two(const Point& a, const Point& b) {
  const Element inverse = invert(multiply(a.z, b.z));
  return {encode_with(a, multiply(inverse, b.z)), encode_with(b, multiply(inverse, a.z))};
}

ByteArray<32> to_u(const Point& point) {
  return to_bytes(multiply(add(point.z, point.y), invert(subtract(point.z, point.y))));
}

void wipe_point(Point& point) { wipe({reinterpret_cast<std::uint8_t*>(&point), sizeof(point)}); }

}  // namespace core::crypto::edwards
