#include "core/crypto/field25519.h"

namespace core::crypto::field25519 {
namespace {

std::uint64_t load_u64_le(Bytes in) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < 8; ++i) out |= std::uint64_t{in[i]} << (8 * i);
  return out;
}

Element square_times(Element a, int count) {
  for (int i = 0; i < count; ++i) a = square(a);
  return a;
}

}  // namespace

Element from_bytes(View<32> in) {
  return {{load_u64_le(in.subspan(0, 8)) & kMask51, (load_u64_le(in.subspan(6, 8)) >> 3) & kMask51,
           (load_u64_le(in.subspan(12, 8)) >> 6) & kMask51,
           (load_u64_le(in.subspan(19, 8)) >> 1) & kMask51,
           (load_u64_le(in.subspan(24, 8)) >> 12) & kMask51}};
}

ByteArray<32> to_bytes(const Element& a) {
  // Below 2^255 + a little, then the multiple of p that is left is 0 or 1: it
  // is 1 iff a + 19 reaches 2^255.
  Element t = carry(a.limb[0], a.limb[1], a.limb[2], a.limb[3], a.limb[4]);
  t = carry(t.limb[0], t.limb[1], t.limb[2], t.limb[3], t.limb[4]);
  std::uint64_t quotient = (t.limb[0] + 19) >> 51;
  for (std::size_t i = 1; i < 5; ++i) quotient = (t.limb[i] + quotient) >> 51;
  std::uint64_t carried = 19 * quotient;
  for (std::uint64_t& limb : t.limb) {
    limb += carried;
    carried = limb >> 51;
    limb &= kMask51;
  }

  const std::array<std::uint64_t, 4> words{
      t.limb[0] | (t.limb[1] << 51), (t.limb[1] >> 13) | (t.limb[2] << 38),
      (t.limb[2] >> 26) | (t.limb[3] << 25), (t.limb[3] >> 39) | (t.limb[4] << 12)};
  ByteArray<32> out;
  for (std::size_t i = 0; i < 32; ++i) {
    out[i] = static_cast<std::uint8_t>(words[i / 8] >> (8 * (i % 8)));
  }
  return out;
}

Element invert(const Element& a) {
  // a^(p - 2); names say the exponent: ones_n is 2^n - 1.
  const Element a2 = square(a);
  const Element a9 = multiply(square_times(a2, 2), a);
  const Element a11 = multiply(a9, a2);
  const Element ones_5 = multiply(square(a11), a9);
  const Element ones_10 = multiply(square_times(ones_5, 5), ones_5);
  const Element ones_20 = multiply(square_times(ones_10, 10), ones_10);
  const Element ones_40 = multiply(square_times(ones_20, 20), ones_20);
  const Element ones_50 = multiply(square_times(ones_40, 10), ones_10);
  const Element ones_100 = multiply(square_times(ones_50, 50), ones_50);
  const Element ones_200 = multiply(square_times(ones_100, 100), ones_100);
  const Element ones_250 = multiply(square_times(ones_200, 50), ones_50);
  return multiply(square_times(ones_250, 5), a11);
}

}  // namespace core::crypto::field25519
