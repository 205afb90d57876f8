// The two representations of the field against each other, and against what
// must hold in any field.
#include <gtest/gtest.h>
#include <sodium.h>

#include "core/crypto/field25519_32.h"
#include "core/crypto/field25519_64.h"
#include "core/crypto/x25519_ladder.h"
#include "test/vectors.h"

namespace core::crypto {
namespace {

using test::hex_array;

// What both representations say of one computation must be equal.
struct Pair {
  field32::Element narrow;
  field64::Element wide;

  explicit Pair(View<32> bytes)
      : narrow(field32::from_bytes(bytes)), wide(field64::from_bytes(bytes)) {}
  template <class Function>
  ByteArray<32> both(Function&& function) const {
    const auto out = field32::to_bytes(function(narrow));
    EXPECT_EQ(out, field64::to_bytes(function(wide)));
    return out;
  }
};

// Numbers at which carries begin and end, and some without a pattern.
std::vector<ByteArray<32>> specimens() {
  std::vector<ByteArray<32>> out;
  for (const int fill : {0x00, 0xff, 0x80, 0x7f, 0x01}) {
    ByteArray<32> bytes;
    bytes.fill(static_cast<std::uint8_t>(fill));
    out.push_back(bytes);
  }
  for (const int last : {0, 1, 2, 18, 19, 20, 36, 37, 38, 39}) {  // around 0, p and 2^255
    ByteArray<32> low{};
    low[0] = static_cast<std::uint8_t>(last);
    out.push_back(low);
    ByteArray<32> high;
    high.fill(0xff);
    high[0] = static_cast<std::uint8_t>(0xff - last);
    out.push_back(high);
    high[31] = 0x7f;
    out.push_back(high);
  }
  for (std::size_t word = 0; word < 8; ++word) {  // one word all ones, and all but one
    ByteArray<32> bytes{};
    for (std::size_t i = 0; i < 4; ++i) bytes[4 * word + i] = 0xff;
    out.push_back(bytes);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(~byte);
    out.push_back(bytes);
  }
  ByteArray<32> state{1};
  for (int i = 0; i < 60; ++i) {
    crypto_hash_sha256(state.data(), state.data(), state.size());
    out.push_back(state);
  }
  return out;
}

TEST(Field25519, RepresentationsAgreeOnOneArgument) {
  for (const auto& bytes : specimens()) {
    const Pair a(bytes);
    const auto encoded = a.both([](const auto& x) { return x; });
    EXPECT_EQ(Pair(encoded).both([](const auto& x) { return x; }), encoded);
    a.both([](const auto& x) { return square(x); });
    a.both([](const auto& x) { return multiply_small(x, 121665); });
    a.both([](const auto& x) { return multiply_small(x, (1u << 20) - 1); });
    a.both([](const auto& x) { return root_power(x); });
    a.both([](const auto& x) { return tight(x); });
    const auto one = a.both([](const auto& x) { return multiply(x, invert(x)); });
    EXPECT_EQ(one[0], encoded == ByteArray<32>{} ? 0 : 1);
    EXPECT_TRUE(std::all_of(one.begin() + 1, one.end(), [](auto byte) { return byte == 0; }));
  }
}

TEST(Field25519, RepresentationsAgreeOnTwoArguments) {
  const auto numbers = specimens();
  for (const auto& left : numbers) {
    for (const auto& right : numbers) {
      const Pair a(left), b(right);
      const auto with = [&](auto&& function) {
        const auto narrow = field32::to_bytes(function(a.narrow, b.narrow));
        EXPECT_EQ(narrow, field64::to_bytes(function(a.wide, b.wide)));
        return narrow;
      };
      with([](const auto& x, const auto& y) { return add(x, y); });
      with([](const auto& x, const auto& y) { return subtract(x, y); });
      const auto product = with([](const auto& x, const auto& y) { return multiply(x, y); });
      EXPECT_EQ(with([](const auto& x, const auto& y) { return multiply(y, x); }), product);
      // (x + y)(x - y) = x^2 - y^2, with the loosest limbs that callers make.
      EXPECT_EQ(
          with([](const auto& x, const auto& y) { return multiply(add(x, y), subtract(x, y)); }),
          with([](const auto& x, const auto& y) { return subtract(square(x), square(y)); }));
    }
  }
}

// The 32-bit form takes every number below 2^256, which from_bytes() does not
// give: those from 2^255 on come of sums.
TEST(Field25519, WordsMayHoldAnyNumber) {
  field32::Element all{};
  all.limb.fill(0xffffffff);  // 2^256 - 1, that is 37
  EXPECT_EQ(field32::to_bytes(all)[0], 37);
  EXPECT_EQ(field32::to_bytes(add(all, all))[0], 74);
  EXPECT_EQ(to_bytes(square(all)), to_bytes(field32::small(37 * 37)));
  EXPECT_EQ(to_bytes(multiply(all, all)), to_bytes(field32::small(37 * 37)));
  EXPECT_EQ(to_bytes(subtract(all, all)), ByteArray<32>{});
  EXPECT_EQ(to_bytes(add(subtract(field32::kZero, all), all)), ByteArray<32>{});
  EXPECT_EQ(to_bytes(subtract(field32::kZero, field32::kOne)),
            hex_array<32>("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"));
}

TEST(Field25519, ChoosesByMask) {
  const Pair a(specimens()[40]), b(specimens()[41]);
  auto narrow = a.narrow;
  choose(0u, b.narrow, narrow);
  EXPECT_EQ(narrow.limb, a.narrow.limb);
  choose(~0u, b.narrow, narrow);
  EXPECT_EQ(narrow.limb, b.narrow.limb);
  auto wide = a.wide;
  choose(~std::uint64_t{0}, b.wide, wide);
  EXPECT_EQ(wide.limb, b.wide.limb);
}

template <class Element>
ByteArray<32> by_ladder(View<32> scalar, const Element& u) {
  Element x, z;
  x25519_ladder(scalar, u, x, z);
  return to_bytes(multiply(x, invert(z)));
}

TEST(Field25519, LaddersAgreeWithLibsodium) {
  const auto numbers = specimens();
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    auto scalar = numbers[(i + 7) % numbers.size()];
    scalar[0] &= 248;
    scalar[31] = static_cast<std::uint8_t>((scalar[31] & 127) | 64);
    ByteArray<32> expected{};
    // Leaves zeros for points of low order, and says so.
    const int low_order =
        crypto_scalarmult_curve25519(expected.data(), scalar.data(), numbers[i].data());
    EXPECT_EQ(low_order != 0, expected == ByteArray<32>{});
    EXPECT_EQ(by_ladder(scalar, field32::from_bytes(numbers[i])), expected) << i;
    EXPECT_EQ(by_ladder(scalar, field64::from_bytes(numbers[i])), expected) << i;
  }
}

}  // namespace
}  // namespace core::crypto
