#include "core/crypto/edwards.h"

#include "core/crypto/edwards_table.h"
#include "core/crypto/scalar25519.h"

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

// What is chosen of a table: reads all of it.
Addend lookup(const std::array<Addend, kEntries>& table, Choice choice) {
  Addend out = table[0];
  for (std::uint32_t j = 1; j < kEntries; ++j) {
    const Limb mask = mask_equal(choice.entry, j);
    choose(mask, table[j].sum, out.sum);
    choose(mask, table[j].difference, out.difference);
    choose(mask, table[j].product, out.product);
  }
  const Limb mask = mask_equal(choice.negative & 1, 1);
  swap_if(mask, out.sum, out.difference);
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
  const Secret<32> signs = scalar25519::signs(scalar);
  out = kNeutral;
  for (std::size_t offset = kStride; offset-- > 0;) {
    twice(out, Next::kAny);
    for (std::size_t table = 0; table < kTables; ++table) {
      const Addend addend =
          lookup(kBaseTable[table], choice(signs.view(), kStride * table + offset));
      add_to(out, addend, add(out.z, out.z), table + 1 < kTables ? Next::kAny : Next::kTwice);
    }
  }
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
