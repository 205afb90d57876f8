#include "core/base/protobuf.h"

#include <gtest/gtest.h>

#include <vector>

namespace core {
namespace {

TEST(Protobuf, ReadsWhatItWrites) {
  ByteArray<64> out{};
  ProtobufWriter w(out);
  w.varint(1, 0);
  w.varint(2, UINT64_MAX);
  w.bytes(3, label("abc"));
  w.bytes(4, {});
  const auto size = w.finish();
  ASSERT_TRUE(size.ok());
  ProtobufReader r(Bytes(out).first(*size));
  const auto* f = r.next();
  ASSERT_NE(f, nullptr);
  EXPECT_EQ(f->number, 1u);
  EXPECT_EQ(f->value, 0u);
  f = r.next();
  ASSERT_NE(f, nullptr);
  EXPECT_EQ(f->value, UINT64_MAX);
  f = r.next();
  ASSERT_NE(f, nullptr);
  EXPECT_TRUE(equal_var(f->bytes, label("abc")));
  f = r.next();
  ASSERT_NE(f, nullptr);
  EXPECT_TRUE(f->bytes.empty());
  EXPECT_EQ(r.next(), nullptr);
  EXPECT_TRUE(r.ok());
}

// The examples of protobuf.dev's encoding page.
TEST(Protobuf, ReadsThePublishedExamples) {
  const ByteArray<3> a{0x08, 0x96, 0x01};
  ProtobufReader r(a);
  const auto* f = r.next();
  ASSERT_NE(f, nullptr);
  EXPECT_EQ(f->value, 150u);
  const ByteArray<9> b{0x12, 0x07, 't', 'e', 's', 't', 'i', 'n', 'g'};
  ProtobufReader s(b);
  f = s.next();
  ASSERT_NE(f, nullptr);
  EXPECT_EQ(f->number, 2u);
  EXPECT_TRUE(equal_var(f->bytes, label("testing")));
}

TEST(Protobuf, RefusesWhatDoesNotParse) {
  const std::vector<std::vector<std::uint8_t>> bad = {
      {0x08},                                                              // value missing
      {0x00, 0x01},                                                        // field 0
      {0x0b},                                                              // group
      {0x0e},                                                              // wire type 6
      {0x12, 0x02, 'a'},                                                   // one byte short
      {0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},  // huge size
      {0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02},  // 65 bits
      {0x09, 1, 2, 3},                                                     // short fixed64
      {0x0d, 1, 2, 3},                                                     // short fixed32
  };
  for (const auto& message : bad) {
    ProtobufReader r(message);
    EXPECT_EQ(r.next(), nullptr);
    EXPECT_FALSE(r.ok());
    EXPECT_EQ(r.next(), nullptr);  // and it stays so
  }
}

TEST(Protobuf, KnowsSizesBeforeItWrites) {
  for (const std::size_t size : {0u, 1u, 127u, 128u, 16383u, 16384u}) {
    std::vector<std::uint8_t> out(size + 8);
    ProtobufWriter w(out);
    w.bytes(15, std::vector<std::uint8_t>(size));
    EXPECT_EQ(*w.finish(), bytes_field_size(15, size));
  }
}

}  // namespace
}  // namespace core
