#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "core/base/reader.h"
#include "core/base/writer.h"

namespace core {
namespace {

TEST(Secret, IsWiped) {
  alignas(Secret<32>) unsigned char place[sizeof(Secret<32>)];
  auto* secret = new (place) Secret<32>();
  std::fill(secret->mut().begin(), secret->mut().end(), std::uint8_t{0xa5});
  Secret<32> moved = std::move(*secret);
  EXPECT_EQ(moved.view()[0], 0xa5);
  for (const unsigned char b : place) EXPECT_EQ(b, 0);  // when moved from
  *secret = std::move(moved);
  EXPECT_EQ(secret->view()[31], 0xa5);
  secret->~Secret<32>();
  for (std::size_t i = 0; i < sizeof(place); ++i)
    EXPECT_EQ(*const_cast<volatile unsigned char*>(&place[i]), 0);
}

TEST(Secret, ClonesVisiblyAndSurvivesMovingToItself) {
  Secret<4> secret(ByteArray<4>{1, 2, 3, 4});
  const Secret<4> copied = secret.clone();
  EXPECT_TRUE(equal_var(copied.view(), secret.view()));
  auto& same = secret;
  secret = std::move(same);
  EXPECT_TRUE(equal_var(copied.view(), secret.view()));
  static_assert(!std::is_copy_constructible_v<Secret<4>> && !std::is_copy_assignable_v<Secret<4>>);
}

TEST(Bytes, CompareByContentAndSize) {
  EXPECT_TRUE(equal_var({}, {}));
  EXPECT_TRUE(equal_var(label("ab"), label("ab")));
  EXPECT_FALSE(equal_var(label("ab"), label("ac")));
  EXPECT_FALSE(equal_var(label("ab"), label("abc")));
  EXPECT_FALSE(equal_var(label("abc"), label("ab")));
}

TEST(Bytes, CopyWithinOneBuffer) {
  ByteArray<5> buffer{1, 2, 3, 4, 5};
  copy(Bytes(buffer).first(4), MutBytes(buffer).subspan(1));
  EXPECT_EQ(buffer, (ByteArray<5>{1, 1, 2, 3, 4}));
  EXPECT_DEATH(copy(buffer, MutBytes(buffer).first(4)), "");
}

TEST(Reader, ReadsFieldsInOrderAndKnowsTheEnd) {
  const ByteArray<15> in{1, 0x12, 0x34, 1, 2, 3, 4, 4, 3, 2, 1, 9, 9, 7, 7};
  Reader r(in);
  EXPECT_EQ(r.u8(), 1);
  EXPECT_EQ(r.u16_be(), 0x1234);
  EXPECT_EQ(r.u32_be(), 0x01020304u);
  EXPECT_EQ(r.u32_le(), 0x01020304u);
  EXPECT_FALSE(r.finished());
  EXPECT_EQ(r.take<2>()[1], 9);
  EXPECT_EQ(r.rest().size(), 2u);
  EXPECT_TRUE(r.finished());
}

TEST(Reader, StaysFailedAfterAShortRead) {
  const ByteArray<3> in{1, 2, 3};
  Reader r(in);
  EXPECT_EQ(r.u32_be(), 0u);
  EXPECT_EQ(r.u8(), 0);  // although there is a byte
  EXPECT_TRUE(r.take(std::size_t{1}).empty());
  EXPECT_FALSE(r.ok());
  EXPECT_FALSE(r.finished());
}

TEST(Reader, ReadsLargeNumbersAndSpans) {
  const ByteArray<12> in{1, 2, 3, 4, 5, 6, 7, 0xff, 0xfe, 0xff, 0xff, 0xff};
  Reader r(in);
  EXPECT_EQ(r.u64_be(), 0x01020304050607ffu);
  EXPECT_EQ(r.remaining(), 4u);
  EXPECT_EQ(r.u32_be(), 0xfeffffffu);
  EXPECT_TRUE(r.finished());
  EXPECT_TRUE(r.take(std::size_t{0}).empty());
  EXPECT_TRUE(r.finished());
  EXPECT_EQ(r.u8(), 0);
  EXPECT_FALSE(r.ok());
  EXPECT_EQ(r.remaining(), 0u);
  EXPECT_TRUE(r.rest().empty());
}

TEST(Writer, WritesNothingAfterTheFirstMisfit) {
  ByteArray<4> out{};
  Writer w(out);
  w.u8(1);
  w.u32_be(0x02030405);
  w.u8(9);
  EXPECT_EQ(w.finish().error(), Error::kFull);
  EXPECT_EQ(w.room(), 0u);
  EXPECT_EQ(w.written().size(), 1u);
  EXPECT_EQ(out, (ByteArray<4>{1}));
  Writer again(out);
  again.u16_be(0x0102);
  again.u16_be(0x0304);
  ASSERT_TRUE(again.finish().ok());
  EXPECT_EQ(out, (ByteArray<4>{1, 2, 3, 4}));
  ByteArray<8> wide{};
  Writer third(wide);
  third.u64_be(0xf1f2f3f4f5f6f7f8);
  EXPECT_TRUE(third.ok());
  EXPECT_EQ(third.room(), 0u);
  EXPECT_EQ(wide, (ByteArray<8>{0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8}));
}

}  // namespace
}  // namespace core
