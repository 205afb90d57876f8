#include "core/base/result.h"

#include <gtest/gtest.h>

#include <memory>

namespace core {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return Error::kMalformed;
  return n / 2;
}

Result<int> quarter(int n) {
  const int once = TRY(half(n));
  return half(once);
}

Status must_be_even(int n) {
  TRY(half(n));
  return {};
}

TEST(Result, HoldsAValueOrAnError) {
  const auto good = half(8);
  ASSERT_TRUE(good.ok());
  EXPECT_TRUE(static_cast<bool>(good));
  EXPECT_EQ(*good, 4);
  const auto bad = half(7);
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.error(), Error::kMalformed);
}

TEST(Result, MovesItsValueOut) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(5);
  EXPECT_EQ(**result, 5);
  const auto taken = *std::move(result);
  EXPECT_EQ(*taken, 5);
}

TEST(Result, IsCopiedAsBytesIfItsValueIs) {
  static_assert(std::is_trivially_copyable_v<Result<std::size_t>>);
  static_assert(sizeof(Result<std::size_t>) == 2 * sizeof(std::size_t));
  static_assert(!std::is_copy_constructible_v<Result<std::unique_ptr<int>>>);
  const auto good = half(8), copied = good;
  EXPECT_EQ(*copied, 4);
  const auto bad = half(7), copied_bad = bad;
  EXPECT_EQ(copied_bad.error(), Error::kMalformed);
}

TEST(Try, ReturnsTheErrorOrGivesTheValue) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(7).error(), Error::kMalformed);
  EXPECT_EQ(quarter(6).error(), Error::kMalformed);
  EXPECT_TRUE(must_be_even(2).ok());
  EXPECT_EQ(must_be_even(3).error(), Error::kMalformed);
}

TEST(ResultDeathTest, TrapsOnWhatIsNotThere) {
  EXPECT_DEATH((void)*half(7), "");
  EXPECT_DEATH((void)half(8).error(), "");
  EXPECT_DEATH((void)Status().error(), "");
  EXPECT_DEATH(CHECK(1 > 2), "");
}

}  // namespace
}  // namespace core
