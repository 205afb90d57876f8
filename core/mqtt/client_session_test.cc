// What survives a connection, and what happens when there is no room.
#include "core/mqtt/conversation_test.h"

namespace core::mqtt {
namespace {

constexpr const char* kNew = "2003 00 00 00";
constexpr const char* kResumed = "2003 01 00 00";

// "t" with a one-byte payload, packet identifier below 256.
std::string publish_hex(std::string_view first, unsigned id, char payload) {
  ByteArray<9> b{
      0, 7, 0, 1, 't', 0, static_cast<std::uint8_t>(id), 0, static_cast<std::uint8_t>(payload)};
  b[0] = test::hex(first)[0];
  return test::to_hex(b);
}

class SessionTest : public Conversation {
 protected:
  // Sends what there is to send after next_event() has given nothing.
  void settle() {
    const auto event = client.next_event(now);
    ASSERT_TRUE(event.ok());
    EXPECT_FALSE(event->has_value());
  }
};

TEST_F(SessionTest, AResumedSessionGetsTheMessagesAgainWithDup) {
  connect();
  for (const char* payload : {"a", "b", "c"}) publish(payload);
  client.output_sent(client.output().size());
  hear_as<PublishAcked>("40020002");
  reconnect(kResumed);
  settle();
  expect_says(publish_hex("3a", 1, 'a') + publish_hex("3a", 3, 'c'));
  EXPECT_EQ(client.counters().resent, 2u);
  EXPECT_EQ(hear_as<PublishAcked>("40020003").packet_id, 3);
  EXPECT_EQ(hear_as<PublishAcked>("40020001").packet_id, 1);
  EXPECT_EQ(client.unacknowledged(), 0u);
}

TEST_F(SessionTest, ANewSessionGetsThemAsNewMessages) {
  connect();
  for (const char* payload : {"a", "b"}) publish(payload);
  client.output_sent(client.output().size());
  reconnect(kNew);
  settle();
  expect_says(publish_hex("32", 1, 'a') + publish_hex("32", 2, 'b'));
  // Once with DUP, once without: each connection decides anew.
  reconnect(kResumed);
  settle();
  expect_says(publish_hex("3a", 1, 'a') + publish_hex("3a", 2, 'b'));
  reconnect(kNew);
  settle();
  expect_says(publish_hex("32", 1, 'a') + publish_hex("32", 2, 'b'));
}

TEST_F(SessionTest, NewMessagesWaitUntilTheOldOnesAreOut) {
  connect();
  publish("a");
  client.output_sent(client.output().size());
  reconnect(kResumed);
  const auto early = client.publish({.topic = bytes("t")}, now);
  ASSERT_FALSE(early.ok());
  EXPECT_EQ(early.error(), Error::kFull);
  settle();
  EXPECT_EQ(publish("b"), 2);
  expect_says(publish_hex("3a", 1, 'a') + publish_hex("32", 2, 'b'));
}

TEST_F(SessionTest, WhatWasNeverSentHasNoDup) {
  connect();
  for (const char* payload : {"a", "b", "c"}) publish(payload);
  client.output_sent(9 + 1);  // the first, and a byte of the second
  reconnect(kResumed);
  settle();
  expect_says(publish_hex("3a", 1, 'a') + publish_hex("3a", 2, 'b') + publish_hex("32", 3, 'c'));
}

TEST_F(SessionTest, ACutBeforeConnackKeepsTheMessagesToo) {
  connect();
  publish("a");
  client.transport_closed();
  ASSERT_TRUE(client.connect({.client_id = bytes("c")}, now).ok());
  client.output_sent(client.output().size() / 2);
  EXPECT_EQ(client.unacknowledged(), 1u);
  reconnect(kResumed);
  settle();
  expect_says(publish_hex("32", 1, 'a'));
}

TEST_F(SessionTest, NothingElseSurvives) {
  connect();
  const Subscription s{.filter = bytes("a")};
  ASSERT_TRUE(client.subscribe({&s, 1}, now).ok());
  ASSERT_TRUE(client.publish({.topic = bytes("t"), .qos = Qos::kAtMostOnce}, now).ok());
  hear_as<Message>("3206 000174 0005 00");
  client.transport_closed();
  EXPECT_TRUE(client.output().empty());
  EXPECT_FALSE(client.acknowledge(5, now).ok());
  connect({}, kResumed);
  settle();
  EXPECT_TRUE(client.output().empty());
  EXPECT_FALSE(client.acknowledge(5, now).ok());
  hear_nothing("9004 0001 00 00");  // an answer to the lost SUBSCRIBE
  // The server sends the message again; its identifier is free.
  EXPECT_TRUE(hear_as<Message>("3a06 000174 0005 00").duplicate);
  EXPECT_TRUE(client.acknowledge(5, now).ok());
}

TEST_F(SessionTest, AnAliasDiesWithItsConnection) {
  connect({.topic_alias_maximum = 1});
  hear_as<Message>("3007 000174 03 230001");
  client.transport_closed();
  connect({.topic_alias_maximum = 1}, kResumed);
  expect_refused("3006 0000 03 230001", Error::kOutOfOrder, "e00182");
}

TEST_F(SessionTest, HalfAPacketDiesWithItsConnection) {
  connect();
  hear_nothing("3006 0001");
  reconnect(kNew);
  hear_as<Message>("3006 000174 00 6161");
}

TEST_F(SessionTest, ForgottenMessagesAreNotSent) {
  connect();
  publish("a");
  client.transport_closed();
  client.forget_messages();
  EXPECT_EQ(client.unacknowledged(), 0u);
  connect({}, kResumed);
  settle();
  EXPECT_TRUE(client.output().empty());
}

TEST_F(SessionTest, PacketIdsInUseAreSkipped) {
  connect();
  publish("a");
  const Subscription s{.filter = bytes("a")};
  ASSERT_TRUE(client.subscribe({&s, 1}, now).ok());  // 2
  PacketId last = 0;
  for (int i = 0; i < 65533; ++i) {
    last = publish("b");
    const ByteArray<4> ack{0x40, 2, static_cast<std::uint8_t>(last >> 8),
                           static_cast<std::uint8_t>(last)};
    client.output_sent(client.output().size());
    hear_as<PublishAcked>(test::to_hex(ack));
  }
  EXPECT_EQ(last, 65535);
  EXPECT_EQ(publish("b"), 3);
}

// --- The server's receive maximum ---

TEST_F(SessionTest, TheSendQuotaIsHonoured) {
  connect({}, "2006 00 00 03 210002");
  publish("a");
  publish("b");
  const auto full = client.publish({.topic = bytes("t")}, now);
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error(), Error::kFull);
  EXPECT_TRUE(client.publish({.topic = bytes("t"), .qos = Qos::kAtMostOnce}, now).ok());
  hear_as<PublishAcked>("40020001");
  EXPECT_EQ(publish("c"), 3);
}

TEST_F(SessionTest, OurOwnTableIsALimitToo) {
  connect();
  for (std::size_t i = 0; i < kMaxInFlight; ++i) publish("a");
  const auto full = client.publish({.topic = bytes("t")}, now);
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error(), Error::kFull);
}

TEST_F(SessionTest, ASmallerQuotaHoldsTheRestBackInOrder) {
  connect();
  for (const char* payload : {"a", "b", "c", "d"}) publish(payload);
  client.output_sent(client.output().size());
  reconnect("2006 01 00 03 210002");
  settle();
  expect_says(publish_hex("3a", 1, 'a') + publish_hex("3a", 2, 'b'));
  // New messages come after the old ones.
  EXPECT_FALSE(client.publish({.topic = bytes("t")}, now).ok());
  hear_nothing("40020004");  // held back: this cannot be an answer to it
  EXPECT_EQ(client.counters().unknown_acks, 1u);
  hear_as<PublishAcked>("40020001");
  EXPECT_FALSE(client.publish({.topic = bytes("t")}, now).ok());
  settle();
  expect_says(publish_hex("3a", 3, 'c'));

  // Cut in the middle: the original order holds.
  reconnect("2006 01 00 03 210001");
  settle();
  expect_says(publish_hex("3a", 2, 'b'));
  for (const auto& [ack, next] : {std::pair{"40020002", publish_hex("3a", 3, 'c')},
                                  {"40020003", publish_hex("3a", 4, 'd')}}) {
    hear_as<PublishAcked>(ack);
    settle();
    expect_says(next);
  }
  hear_as<PublishAcked>("40020004");
  EXPECT_EQ(publish("e"), 5);
}

TEST_F(SessionTest, AcknowledgementsPassMessagesThatAreHeldBack) {
  connect();
  for (const char* payload : {"a", "b"}) publish(payload);
  client.output_sent(client.output().size());
  reconnect("2006 01 00 03 210001");
  hear_as<Message>("3206 000174 0005 00");
  ASSERT_TRUE(client.acknowledge(5, now).ok());
  settle();
  expect_says(publish_hex("3a", 1, 'a') + "40020005");
}

TEST_F(SessionTest, WhatTheNextServerDoesNotTakeIsReported) {
  connect();
  const std::string large(300, 'x');
  publish(large);
  ASSERT_TRUE(
      client.publish({.topic = bytes("t"), .payload = bytes("r"), .retain = true}, now).ok());
  publish("a");
  client.transport_closed();
  connect({}, "200a 00 00 07 2700000080 2500");
  auto refused = as<PublishAcked>(client.next_event(now));
  EXPECT_EQ(refused.packet_id, 1);
  EXPECT_EQ(refused.reason, Reason::kPacketTooLarge);
  refused = as<PublishAcked>(client.next_event(now));
  EXPECT_EQ(refused.packet_id, 2);
  EXPECT_EQ(refused.reason, Reason::kRetainNotSupported);
  settle();
  expect_says(publish_hex("32", 3, 'a'));
  EXPECT_EQ(client.unacknowledged(), 1u);

  reconnect("2005 00 00 02 2400");
  refused = as<PublishAcked>(client.next_event(now));
  EXPECT_EQ(refused.packet_id, 3);
  EXPECT_EQ(refused.reason, Reason::kQosNotSupported);
  EXPECT_EQ(client.unacknowledged(), 0u);
}

// --- Room ---

class SmallClientTest : public Conversation {
 protected:
  SmallClientTest() : Conversation(Client::kMinBufferSize, Client::kMinBufferSize) {}
};

TEST_F(SmallClientTest, AFullSendBufferTakesNothingHalf) {
  connect();
  const std::string payload(50, 'x');
  std::string said;
  unsigned id = 0;
  for (;;) {
    const std::string before = test::to_hex(client.output());
    const auto sent = client.publish({.topic = bytes("t"), .payload = bytes(payload)}, now);
    if (sent) {
      EXPECT_EQ(*sent, ++id);
      continue;
    }
    EXPECT_EQ(sent.error(), Error::kFull);
    EXPECT_EQ(test::to_hex(client.output()), before);
    EXPECT_EQ(client.unacknowledged(), id);
    break;
  }
  EXPECT_GE(id, 2u);
  const Subscription s{.filter = bytes(payload)};
  const Bytes filter = bytes(payload);
  EXPECT_FALSE(client.subscribe({&s, 1}, now).ok());
  EXPECT_FALSE(client.unsubscribe({&filter, 1}, now).ok());

  // What must be said finds room all the same, whether messages are sent or not.
  std::string acks;
  for (unsigned i = 1; i <= kMaxIncoming; ++i) {
    const auto packet_id = static_cast<std::uint8_t>(i);
    hear_as<Message>("3206 000174 00" + test::to_hex({{packet_id}}) + "00");
    ASSERT_TRUE(client.acknowledge(packet_id, now, Reason::kUnspecifiedError).ok());
    acks += "400300" + test::to_hex({{packet_id}}) + "80";
  }
  now = client.next_deadline();
  EXPECT_TRUE(client.poll(now).ok());
  ASSERT_TRUE(client.disconnect(Reason::kUnspecifiedError).ok());
  const std::string all = test::to_hex(client.output());
  EXPECT_TRUE(all.ends_with(acks + "c000" + "e00180"));
}

TEST_F(SmallClientTest, KeptMessagesLeaveRoomToConnectAgain) {
  const std::string client_id(200, 'c');
  const ConnectOptions options{.client_id = bytes(client_id)};
  connect(options);
  const std::string payload(20, 'x');
  while (client.publish({.topic = bytes("t"), .payload = bytes(payload)}, now)) {
    client.output_sent(client.output().size());
  }
  const std::size_t kept = client.unacknowledged();
  EXPECT_GT(kept, 2u);
  client.transport_closed();
  connect(options, kResumed);
  const auto event = client.next_event(now);
  ASSERT_TRUE(event.ok());
  EXPECT_EQ(client.unacknowledged(), kept);
  EXPECT_EQ(client.output().size(), kept * (8 + payload.size()));
}

TEST_F(SmallClientTest, RoomComesBackWithAcknowledgements) {
  connect();
  const std::string payload(60, 'x');
  PacketId oldest = 1;
  for (int i = 0; i < 500; ++i) {
    const auto id = client.publish({.topic = bytes("t"), .payload = bytes(payload)}, now);
    if (!id) {
      ASSERT_EQ(id.error(), Error::kFull);
      const ByteArray<4> ack{0x40, 2, static_cast<std::uint8_t>(oldest >> 8),
                             static_cast<std::uint8_t>(oldest)};
      ASSERT_EQ(hear_as<PublishAcked>(test::to_hex(ack)).packet_id, oldest++);
      continue;
    }
    const std::string said = test::to_hex(client.output());
    ASSERT_TRUE(said.ends_with(test::to_hex(bytes(payload))));
    client.output_sent(client.output().size());
  }
  EXPECT_GT(oldest, 100);
}

TEST_F(SmallClientTest, OutputMayLeaveBytewise) {
  connect();
  std::string sent, wanted;
  const auto ack_all = [&] {
    while (client.unacknowledged() > 0) {
      static PacketId next = 1;
      const ByteArray<4> ack{0x40, 2, static_cast<std::uint8_t>(next >> 8),
                             static_cast<std::uint8_t>(next)};
      ++next;
      hear_as<PublishAcked>(test::to_hex(ack));
    }
  };
  for (unsigned i = 1; i <= 200; ++i) {
    const auto id = client.publish({.topic = bytes("t"), .payload = bytes("x")}, now);
    if (!id) {
      while (!client.output().empty()) {
        sent += test::to_hex(client.output().first(1));
        client.output_sent(1);
      }
      ack_all();
      --i;
      continue;
    }
    wanted += publish_hex("32", i, 'x');
    if (!client.output().empty()) {
      sent += test::to_hex(client.output().first(1));
      client.output_sent(1);
    }
  }
  sent += test::to_hex(client.output());
  EXPECT_EQ(sent, wanted);
}

}  // namespace
}  // namespace core::mqtt
