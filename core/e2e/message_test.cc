#include "core/e2e/message.h"

#include <gtest/gtest.h>

#include "core/base/protobuf.h"
#include "core/e2e/two_peers_test.h"

namespace core::e2e {
namespace {

// The parts of a message, to put together rightly and wrongly.
struct Fields {
  Buffer bytes;
  explicit Fields(std::uint8_t version) : bytes{version} {}
  Fields& number(std::uint32_t field, std::uint64_t value) {
    Buffer out(16);
    ProtobufWriter w(out);
    w.varint(field, value);
    return add(w.written());
  }
  Fields& bytes_field(std::uint32_t field, const Buffer& value) {
    Buffer out(value.size() + 16);
    ProtobufWriter w(out);
    w.bytes(field, value);
    return add(w.written());
  }
  Fields& add(Bytes more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
    return *this;
  }
};

Buffer key(std::uint8_t type = 5) {
  Buffer out(33, 0x11);
  out[0] = type;
  return out;
}

Buffer whisper(std::uint8_t version = 0x44) {
  return Fields(version)
      .bytes_field(1, key())
      .number(2, 7)
      .number(3, 3)
      .bytes_field(4, Buffer(16))
      .add(Buffer(8))
      .bytes;
}

Fields pre_key(std::uint8_t version = 0x44) {
  Fields out(version);
  out.number(1, 1).bytes_field(2, key()).bytes_field(3, key()).bytes_field(4, whisper(version));
  return out;
}

Error error_of(const Buffer& in) {
  const auto message = SignalMessage::parse(in);
  return message ? Error::kOutOfOrder : message.error();
}
Error pre_key_error(const Buffer& in) {
  const auto message = PreKeyMessage::parse(in);
  return message ? Error::kOutOfOrder : message.error();
}

TEST(SignalMessage, ParsesItsFields) {
  const auto in = whisper();
  const auto message = SignalMessage::parse(in);
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->version, 4);
  EXPECT_EQ(message->counter, 7u);
  EXPECT_EQ(message->previous_counter, 3u);
  EXPECT_EQ(message->ciphertext.size(), 16u);
  EXPECT_TRUE(message->pq_ratchet.empty());
  EXPECT_EQ(message->authenticated.size(), in.size() - 8);
}

TEST(SignalMessage, LooksOnlyAtTheHighHalfOfTheVersion) {
  for (const int low : {0, 3, 4, 15}) {
    EXPECT_EQ(SignalMessage::parse(whisper(static_cast<std::uint8_t>(0x30 | low)))->version, 3);
    EXPECT_EQ(SignalMessage::parse(whisper(static_cast<std::uint8_t>(0x40 | low)))->version, 4);
    EXPECT_EQ(error_of(whisper(static_cast<std::uint8_t>(0x20 | low))), Error::kBadVersion);
    EXPECT_EQ(error_of(whisper(static_cast<std::uint8_t>(0x50 | low))), Error::kBadVersion);
  }
}

TEST(SignalMessage, RefusesEveryTruncation) {
  // Cut off the end the MAC is what is left before: only the sizes tell.
  const auto in = whisper();
  for (std::size_t size = 0; size < in.size(); ++size)
    EXPECT_EQ(error_of(Buffer(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(size))),
              Error::kMalformed)
        << size;
}

TEST(SignalMessage, RefusesWrongFields) {
  const Buffer mac(8), block(16);
  const auto base = [] { return Fields(0x44); };
  // Missing: key, counter, ciphertext.
  EXPECT_EQ(error_of(base().number(2, 0).bytes_field(4, block).add(mac).bytes), Error::kMalformed);
  EXPECT_EQ(error_of(base().bytes_field(1, key()).bytes_field(4, block).add(mac).bytes),
            Error::kMalformed);
  EXPECT_EQ(error_of(base().bytes_field(1, key()).number(2, 0).add(mac).bytes), Error::kMalformed);
  // Wrong: type byte, sizes, wire types, a counter of 33 bits.
  EXPECT_EQ(
      error_of(base().bytes_field(1, key(6)).number(2, 0).bytes_field(4, block).add(mac).bytes),
      Error::kBadKey);
  const auto good = [&] { return base().bytes_field(1, key()).number(2, 0).bytes_field(4, block); };
  EXPECT_EQ(error_of(good().add(mac).bytes), Error::kOutOfOrder);  // that is: it parsed
  EXPECT_EQ(error_of(good().bytes_field(1, Buffer(32)).add(mac).bytes), Error::kMalformed);
  EXPECT_EQ(error_of(good().bytes_field(1, Buffer(34)).add(mac).bytes), Error::kMalformed);
  EXPECT_EQ(error_of(good().number(1, 5).add(mac).bytes), Error::kMalformed);
  EXPECT_EQ(error_of(good().number(2, std::uint64_t{1} << 32).add(mac).bytes), Error::kMalformed);
  EXPECT_EQ(error_of(good().bytes_field(2, block).add(mac).bytes), Error::kMalformed);
  EXPECT_EQ(error_of(good().bytes_field(3, block).add(mac).bytes), Error::kMalformed);
  EXPECT_EQ(error_of(good().number(4, 1).add(mac).bytes), Error::kMalformed);
  EXPECT_EQ(error_of(good().bytes_field(4, Buffer(15)).add(mac).bytes), Error::kMalformed);
  EXPECT_EQ(error_of(good().bytes_field(4, {}).add(mac).bytes), Error::kMalformed);
  EXPECT_EQ(error_of(good().number(5, 1).add(mac).bytes), Error::kMalformed);
  EXPECT_EQ(error_of(good().bytes_field(6, Buffer(35)).add(mac).bytes), Error::kMalformed);
  EXPECT_EQ(error_of(good().bytes_field(6, {}).add(mac).bytes), Error::kMalformed);
  // Unknown fields are nobody's business; the last of two counts.
  EXPECT_EQ(error_of(good().number(99, 1).bytes_field(98, block).add(mac).bytes),
            Error::kOutOfOrder);
  EXPECT_EQ(SignalMessage::parse(good().number(2, 9).add(mac).bytes)->counter, 9u);
  EXPECT_EQ(error_of(base()
                         .bytes_field(1, Buffer(32))
                         .bytes_field(1, key())
                         .number(2, 0)
                         .bytes_field(4, block)
                         .add(mac)
                         .bytes),
            Error::kOutOfOrder);
}

TEST(SignalMessage, OpensWhatWasSealedAndNothingElse) {
  const PublicKey alice = serialized(ByteArray<32>{1}), bob = serialized(ByteArray<32>{2});
  const Secret<32> seed(ByteArray<32>{3});
  const MessageKeys keys(seed, {}), other(seed, ByteArray<32>{4});
  const Route there{alice, bob}, back{bob, alice};
  const Buffer pq(37, 0x55);
  const SignalHeader header{.version = 4,
                            .ratchet_key = alice,
                            .counter = 300,
                            .previous_counter = 70000,
                            .pq_ratchet = pq};
  Buffer out(signal_message_size(header, 5));
  ASSERT_EQ(*seal_signal_message(header, keys, there, bytes_of("hello"), out), out.size());
  const auto message = SignalMessage::parse(out);
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->counter, 300u);
  EXPECT_EQ(message->previous_counter, 70000u);
  EXPECT_TRUE(equal_var(message->pq_ratchet, pq));
  Buffer text(16, 0xaa);
  EXPECT_EQ(message->open(other, there, text).error(), Error::kBadTag);
  EXPECT_EQ(text, Buffer(16));
  EXPECT_EQ(message->open(keys, back, text).error(), Error::kBadTag);
  EXPECT_EQ(*message->open(keys, there, text), 5u);
  EXPECT_TRUE(equal_var(Bytes(text).first(5), bytes_of("hello")));
}

TEST(PreKeyMessage, ParsesWithAndWithoutAKem) {
  auto in = pre_key(0x34).number(6, 2).bytes;
  auto message = PreKeyMessage::parse(in);
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->version, 3);
  EXPECT_EQ(message->pre_key_id, 1u);
  EXPECT_EQ(message->registration_id, 0u);
  EXPECT_FALSE(message->kem_pre_key_id.has_value());
  in = pre_key().number(5, 9).number(6, 2).number(7, 3).bytes_field(8, Buffer(1569)).bytes;
  message = PreKeyMessage::parse(in);
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->version, 4);
  EXPECT_EQ(message->registration_id, 9u);
  EXPECT_EQ(message->kem_pre_key_id, 3u);
}

TEST(PreKeyMessage, RefusesWrongFields) {
  const Buffer kem(1569);
  EXPECT_EQ(pre_key_error({}), Error::kMalformed);
  EXPECT_EQ(pre_key_error({0x44}), Error::kMalformed);
  EXPECT_EQ(pre_key_error({0x24}), Error::kBadVersion);
  EXPECT_EQ(pre_key_error(pre_key().number(6, 2).bytes), Error::kMalformed);  // no KEM
  EXPECT_EQ(pre_key_error(pre_key().number(6, 2).number(7, 3).bytes), Error::kMalformed);
  EXPECT_EQ(pre_key_error(pre_key(0x34).number(6, 2).number(7, 3).bytes), Error::kMalformed);
  EXPECT_EQ(pre_key_error(pre_key().number(6, 2).bytes_field(8, kem).bytes), Error::kMalformed);
  EXPECT_EQ(pre_key_error(pre_key().number(7, 3).bytes_field(8, kem).bytes), Error::kMalformed);
  const auto good = [&] { return pre_key().number(6, 2).number(7, 3).bytes_field(8, kem); };
  EXPECT_EQ(pre_key_error(good().bytes), Error::kOutOfOrder);  // that is: it parsed
  EXPECT_EQ(pre_key_error(good().bytes_field(8, Buffer(1568)).bytes), Error::kMalformed);
  EXPECT_EQ(pre_key_error(good().bytes_field(2, key(4)).bytes), Error::kBadKey);
  EXPECT_EQ(pre_key_error(good().bytes_field(3, key(4)).bytes), Error::kBadKey);
  EXPECT_EQ(pre_key_error(good().bytes_field(4, whisper(0x34)).bytes), Error::kBadVersion);
  EXPECT_EQ(pre_key_error(good().bytes_field(4, {}).bytes), Error::kMalformed);
  EXPECT_EQ(pre_key_error(good().number(1, std::uint64_t{1} << 32).bytes), Error::kMalformed);
  EXPECT_EQ(pre_key_error(good().number(5, std::uint64_t{1} << 32).bytes), Error::kMalformed);
  EXPECT_EQ(pre_key_error(good().bytes_field(6, kem).bytes), Error::kMalformed);
}

TEST(PreKeyMessage, RefusesEveryTruncation) {
  const auto in = pre_key().number(6, 2).number(7, 3).bytes_field(8, Buffer(1569)).bytes;
  for (std::size_t size = 0; size < in.size(); ++size)
    EXPECT_FALSE(
        PreKeyMessage::parse(Buffer(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(size)))
            .ok())
        << size;
}

}  // namespace
}  // namespace core::e2e
