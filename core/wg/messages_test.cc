#include "core/wg/messages.h"

#include <gtest/gtest.h>

#include <vector>

namespace core::wg {
namespace {

using Buffer = std::vector<std::uint8_t>;

// 1, 2, 3, ... so that each field can be told from the others.
Buffer counted(std::size_t size, std::uint8_t type) {
  Buffer out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i);
  out[0] = type;
  out[1] = out[2] = out[3] = 0;
  return out;
}

template <class Message>
class HandshakeMessage : public testing::Test {
 public:
  static constexpr std::uint8_t kType = std::is_same_v<Message, Initiation> ? 1
                                        : std::is_same_v<Message, Response> ? 2
                                                                            : 3;
};
using Kinds = testing::Types<Initiation, Response, CookieReply>;
TYPED_TEST_SUITE(HandshakeMessage, Kinds);

TYPED_TEST(HandshakeMessage, HasOneSizeOnly) {
  for (std::size_t size = 0; size < 200; ++size) {
    Buffer wire = counted(200, TestFixture::kType);
    wire.resize(size);
    EXPECT_EQ(TypeParam::parse(wire).ok(), size == TypeParam::kSize) << size;
  }
}

TYPED_TEST(HandshakeMessage, HasOneTypeOnlyAndZerosAfterIt) {
  for (std::size_t byte = 0; byte < 4; ++byte) {
    for (unsigned value = 0; value < 256; ++value) {
      Buffer wire = counted(TypeParam::kSize, TestFixture::kType);
      const bool same = wire[byte] == value;
      wire[byte] = static_cast<std::uint8_t>(value);
      EXPECT_EQ(TypeParam::parse(wire).ok(), same) << byte << " " << value;
    }
  }
}

TYPED_TEST(HandshakeMessage, IsWrittenAsItWasRead) {
  const Buffer wire = counted(TypeParam::kSize, TestFixture::kType);
  Buffer again(TypeParam::kSize, 0xff);
  TypeParam::parse(wire)->write(MutView<TypeParam::kSize>(again.data(), again.size()));
  Buffer expected = wire;
  if (TestFixture::kType != 3) std::fill(expected.end() - 32, expected.end(), 0);  // the MACs
  EXPECT_EQ(again, expected);
}

// Sizes and offsets from the paper's figures.
TEST(Initiation, HasItsFieldsWhereThePaperSays) {
  const Buffer wire = counted(148, 1);
  const auto m = *Initiation::parse(wire);
  EXPECT_EQ(m.sender, 0x07060504u);
  EXPECT_EQ(m.ephemeral[0], 8);
  EXPECT_EQ(m.encrypted_static[0], 40);
  EXPECT_EQ(m.encrypted_timestamp[0], 88);
}

TEST(Response, HasItsFieldsWhereThePaperSays) {
  const Buffer wire = counted(92, 2);
  const auto m = *Response::parse(wire);
  EXPECT_EQ(m.sender, 0x07060504u);
  EXPECT_EQ(m.receiver, 0x0b0a0908u);
  EXPECT_EQ(m.ephemeral[0], 12);
  EXPECT_EQ(m.encrypted_nothing[0], 44);
}

TEST(CookieReply, HasItsFieldsWhereThePaperSays) {
  const Buffer wire = counted(64, 3);
  const auto m = *CookieReply::parse(wire);
  EXPECT_EQ(m.receiver, 0x07060504u);
  EXPECT_EQ(m.nonce[0], 8);
  EXPECT_EQ(m.encrypted_cookie[0], 32);
}

TEST(TransportHeader, NeedsRoomForATag) {
  Buffer wire = counted(64, 4);
  for (std::size_t size = 0; size <= wire.size(); ++size) {
    EXPECT_EQ(TransportHeader::parse(Bytes(wire).first(size)).ok(), size >= 32) << size;
  }
  const auto m = *TransportHeader::parse(wire);
  EXPECT_EQ(m.receiver, 0x07060504u);
  EXPECT_EQ(m.counter, 0x0f0e0d0c0b0a0908u);
  ByteArray<16> again;
  m.write(again);
  EXPECT_TRUE(equal_var(again, Bytes(wire).first(16)));
  wire[2] = 1;
  EXPECT_FALSE(TransportHeader::parse(wire).ok());
}

TEST(MessageType, IsOneOfFour) {
  for (unsigned first = 0; first < 256; ++first) {
    const ByteArray<4> wire{static_cast<std::uint8_t>(first)};
    EXPECT_EQ(message_type(wire).ok(), first >= 1 && first <= 4);
    EXPECT_FALSE(message_type(Bytes(wire).first(3)).ok());
  }
  EXPECT_FALSE(message_type({}).ok());
}

}  // namespace
}  // namespace core::wg
