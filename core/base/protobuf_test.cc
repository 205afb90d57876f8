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

TEST(Protobuf, ReadsNumbersUpToTheLargest) {
  ByteArray<32> out{};
  ProtobufWriter w(out);
  w.varint(0x1fffffff, 1);
  ProtobufReader r(w.written());
  const auto* f = r.next();
  ASSERT_NE(f, nullptr);
  EXPECT_EQ(f->number, 0x1fffffffu);
  const std::vector<std::uint8_t> above = {0x80, 0x80, 0x80, 0x80, 0x10, 0x01};  // 2^29
  ProtobufReader s(above);
  EXPECT_EQ(s.next(), nullptr);
  EXPECT_FALSE(s.ok());
  const std::vector<std::uint8_t> wide = {0x88, 0x80, 0x80, 0x80, 0x80, 0x01, 0x01};  // 2^32 + 1
  ProtobufReader t(wide);
  EXPECT_EQ(t.next(), nullptr);
}

TEST(Protobuf, ReadsFixedFieldsLeastSignificantByteFirst) {
  const ByteArray<14> in{0x09, 1, 2, 3, 4, 5, 6, 7, 0x88, 0x15, 1, 2, 3, 0x84};
  ProtobufReader r(in);
  const auto* f = r.next();
  ASSERT_NE(f, nullptr);
  EXPECT_EQ(f->type, WireType::kFixed64);
  EXPECT_EQ(f->value, 0x8807060504030201u);
  f = r.next();
  ASSERT_NE(f, nullptr);
  EXPECT_EQ(f->type, WireType::kFixed32);
  EXPECT_EQ(f->value, 0x84030201u);
  EXPECT_EQ(r.next(), nullptr);
  EXPECT_TRUE(r.ok());
}

TEST(Protobuf, TakesVarintsOfAnyLengthUpToTen) {
  struct Case {
    std::vector<std::uint8_t> bytes;
    std::uint64_t value;
  };
  const Case cases[] = {{{0x00}, 0},
                        {{0x7f}, 127},
                        {{0x80, 0x01}, 128},
                        {{0x81, 0x80, 0x80, 0x00}, 1},  // longer than it needs to be
                        {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, UINT64_MAX}};
  for (const auto& c : cases) {
    for (std::size_t size = 0; size < c.bytes.size(); ++size) {
      Bytes in = Bytes(c.bytes).first(size);
      std::uint64_t value = 77;
      EXPECT_FALSE(take_varint(in, value));
      EXPECT_EQ(value, 77u);
      EXPECT_EQ(in.size(), size);
    }
    Bytes in = c.bytes;
    std::uint64_t value = 77;
    EXPECT_TRUE(take_varint(in, value));
    EXPECT_EQ(value, c.value);
    EXPECT_TRUE(in.empty());
  }
  const std::vector<std::uint8_t> eleven(11, 0x80);
  Bytes in = eleven;
  std::uint64_t value = 0;
  EXPECT_FALSE(take_varint(in, value));
}

TEST(ProtobufFields, TakesWhatIsOfItsTypeAndOfARepeatedOneTheLast) {
  ByteArray<64> out{};
  ProtobufWriter w(out);
  w.varint(1, 7);
  w.varint(2, UINT64_MAX);
  w.bytes(3, label("abc"));
  w.varint(9, 1);  // unknown
  w.varint(1, UINT32_MAX);
  std::optional<std::uint32_t> id, absent;
  std::uint64_t number = 0;
  Bytes text;
  ProtobufFields fields(w.written());
  while (const auto field = fields.next()) {
    switch (field) {
      case 1: fields.u32(id); break;
      case 2: fields.u64(number); break;
      case 3: fields.bytes(text); break;
      case 4: fields.u32(absent); break;
      default: break;
    }
  }
  EXPECT_TRUE(fields.ok());
  EXPECT_EQ(id, UINT32_MAX);
  EXPECT_EQ(number, UINT64_MAX);
  EXPECT_TRUE(equal_var(text, label("abc")));
  EXPECT_FALSE(absent);
}

TEST(ProtobufFields, RefusesAnotherTypeAndALargerNumber) {
  const std::vector<std::vector<std::uint8_t>> numbers = {
      {0x0a, 0x00},                                // bytes
      {0x0d, 1, 2, 3, 4},                          // fixed32
      {0x08, 0x80, 0x80, 0x80, 0x80, 0x10},        // 2^32
      {0x0a, 0x00, 0x08, 0x01},                    // also if a good one follows
      {0x08, 0x01, 0x08},                          // a good one, and one cut short
      {0x08, 0x80, 0x80, 0x80, 0x80, 0x10, 0x00},  // field 0 after it
  };
  for (const auto& message : numbers) {
    std::uint32_t value = 0;
    ProtobufFields fields(message);
    while (fields.next() != 0) fields.u32(value);
    EXPECT_FALSE(fields.ok());
  }
  const ByteArray<2> number{0x08, 0x01};
  Bytes text;
  ProtobufFields fields(number);
  while (fields.next() != 0) fields.bytes(text);
  EXPECT_FALSE(fields.ok());
  EXPECT_TRUE(text.empty());
}

TEST(Protobuf, KnowsItsRoomAndStopsAtTheEnd) {
  ByteArray<8> out{};
  ProtobufWriter w(MutBytes(out).first(6));
  EXPECT_EQ(w.room(), 6u);
  w.bytes(1, label("ab"));
  EXPECT_EQ(w.room(), 2u);
  EXPECT_TRUE(w.reserve(1, 3).empty());
  EXPECT_EQ(w.room(), 0u);
  w.varint(2, 1);
  EXPECT_EQ(w.finish().error(), Error::kFull);
  EXPECT_EQ(out[6], 0);
  EXPECT_EQ(out[7], 0);
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
