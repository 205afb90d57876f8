#include "core/wg/messages.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/wg/message_in_test.h"

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
    EXPECT_EQ(is_message<TypeParam>(wire), size == TypeParam::kSize) << size;
  }
}

TYPED_TEST(HandshakeMessage, HasOneTypeOnlyAndZerosAfterIt) {
  for (std::size_t byte = 0; byte < 4; ++byte) {
    for (unsigned value = 0; value < 256; ++value) {
      Buffer wire = counted(TypeParam::kSize, TestFixture::kType);
      const bool same = wire[byte] == value;
      wire[byte] = static_cast<std::uint8_t>(value);
      EXPECT_EQ(is_message<TypeParam>(wire), same) << byte << " " << value;
    }
  }
}

TYPED_TEST(HandshakeMessage, IsTheDatagramItself) {
  Buffer wire = counted(TypeParam::kSize, 0xff), expected = wire;
  auto& message = message_at<TypeParam>(MutView<TypeParam::kSize>(wire.data(), wire.size()));
  message.type.set(TypeParam::kType);
  expected[0] = TestFixture::kType;
  EXPECT_EQ(wire, expected);
  EXPECT_EQ(message_in<TypeParam>(wire), &message);
}

// Sizes and offsets from the paper's figures.
TEST(Initiation, HasItsFieldsWhereThePaperSays) {
  Buffer wire = counted(148, 1);
  auto& m = *message_in<Initiation>(wire);
  EXPECT_EQ(m.sender.get(), 0x07060504u);
  EXPECT_EQ(m.ephemeral[0], 8);
  EXPECT_EQ(m.encrypted_static[0], 40);
  EXPECT_EQ(m.encrypted_timestamp[0], 88);
  EXPECT_EQ(m.macs[0], 116);
  m.sender.set(0xaabbccddu);
  EXPECT_EQ(Buffer(wire.begin() + 3, wire.begin() + 9), (Buffer{0, 0xdd, 0xcc, 0xbb, 0xaa, 8}));
}

TEST(Response, HasItsFieldsWhereThePaperSays) {
  Buffer wire = counted(92, 2);
  const auto& m = *message_in<Response>(wire);
  EXPECT_EQ(m.sender.get(), 0x07060504u);
  EXPECT_EQ(m.receiver.get(), 0x0b0a0908u);
  EXPECT_EQ(m.ephemeral[0], 12);
  EXPECT_EQ(m.encrypted_nothing[0], 44);
  EXPECT_EQ(m.macs[0], 60);
}

TEST(CookieReply, HasItsFieldsWhereThePaperSays) {
  Buffer wire = counted(64, 3);
  const auto& m = *message_in<CookieReply>(wire);
  EXPECT_EQ(m.receiver.get(), 0x07060504u);
  EXPECT_EQ(m.nonce[0], 8);
  EXPECT_EQ(m.encrypted_cookie[0], 32);
}

TEST(TransportHeader, NeedsRoomForATag) {
  Buffer wire = counted(64, 4);
  for (std::size_t size = 0; size <= wire.size(); ++size) {
    EXPECT_EQ(is_packet(MutBytes(wire).first(size)), size >= 32) << size;
  }
  auto& m = transport_header(wire);
  EXPECT_EQ(m.receiver.get(), 0x07060504u);
  EXPECT_EQ(m.counter.get(), 0x0f0e0d0c0b0a0908u);
  m.counter.set(0x1011121314151617u);
  EXPECT_EQ(Buffer(wire.begin() + 7, wire.begin() + 17),
            (Buffer{7, 0x17, 0x16, 0x15, 0x14, 0x13, 0x12, 0x11, 0x10, 16}));
  wire[2] = 1;
  EXPECT_FALSE(is_packet(wire));
}

}  // namespace
}  // namespace core::wg
