#include "core/crypto/ct.h"

#include <gtest/gtest.h>

#include "core/base/result.h"

namespace core::crypto {
namespace {

TEST(ConstantTime, EqualMeansEqual) {
  ByteArray<40> a{}, b{};
  EXPECT_TRUE(ct_equal(a, b));
  EXPECT_TRUE(ct_equal({}, {}));
  EXPECT_FALSE(ct_equal(a, Bytes(b).first(39)));
  for (std::size_t bit = 0; bit < 320; ++bit) {
    b[bit / 8] = static_cast<std::uint8_t>(1 << (bit % 8));
    EXPECT_FALSE(ct_equal(a, b));
    b[bit / 8] = 0;
  }
}

TEST(ConstantTime, CopiesOrDoesNot) {
  const ByteArray<3> from{1, 2, 3};
  ByteArray<3> to{7, 8, 9};
  ct_copy_if(0, from, to);
  EXPECT_EQ(to, (ByteArray<3>{7, 8, 9}));
  ct_copy_if(0xff, from, to);
  EXPECT_EQ(to, from);
  EXPECT_DEATH(ct_copy_if(0, Bytes(from).first(2), to), "");
}

}  // namespace
}  // namespace core::crypto
