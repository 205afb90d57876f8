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

TEST(Writer, WritesNothingAfterTheFirstMisfit) {
  ByteArray<4> out{};
  Writer w(out);
  w.u8(1);
  w.u32_be(0x02030405);
  w.u8(9);
  EXPECT_EQ(w.finish().error(), Error::kFull);
  Writer again(out);
  again.u16_be(0x0102);
  again.u16_be(0x0304);
  ASSERT_TRUE(again.finish().ok());
  EXPECT_EQ(out, (ByteArray<4>{1, 2, 3, 4}));
}

}  // namespace
}  // namespace core
