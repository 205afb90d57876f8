// What the client says and understands while all goes well.
#include "core/mqtt/client.h"

#include "core/mqtt/conversation_test.h"

namespace core::mqtt {
namespace {

class ClientTest : public Conversation {};

TEST_F(ClientTest, ConnectSaysWhatTheOptionsSay) {
  // CONNECT: receive maximum 32, maximum packet size 1024; client id "c".
  ASSERT_TRUE(client.connect({.client_id = bytes("c")}, now).ok());
  expect_says("1016 00044d515454 05 00 003c 08 210020 2700000400 000163");
  EXPECT_FALSE(client.connected());
  const auto connected = hear_as<Connected>("2003 00 00 00");
  EXPECT_FALSE(connected.session_present);
  EXPECT_TRUE(client.connected());
  EXPECT_EQ(connected.limits.receive_maximum, 65535);
  EXPECT_EQ(connected.limits.keep_alive_s, 60);
}

TEST_F(ClientTest, ConnectSaysEveryOption) {
  const UserProperty user{bytes("k"), bytes("v")};
  Will will{.topic = bytes("w"), .payload = bytes("gone"), .retain = true};
  will.properties.will_delay_s = 7u;
  ASSERT_TRUE(client
                  .connect({.client_id = bytes("c"),
                            .clean_start = true,
                            .session_expiry_s = 16,
                            .keep_alive_s = 258,
                            .receive_maximum = 5,
                            .topic_alias_maximum = 2,
                            .request_problem_info = false,
                            .user_properties = {&user, 1},
                            .will = will,
                            .username = bytes("u"),
                            .password = bytes("p")},
                           now)
                  .ok());
  expect_says(
      "103c 00044d515454 05 ee 0102"
      "19 1100000010 1700 210005 220002 2700000400 2600016b000176"
      "000163 05 1800000007 000177 0004676f6e65 000175 000170");
}

TEST_F(ClientTest, ConnectRefusesOptionsThatCannotBe) {
  EXPECT_FALSE(client.connect({.receive_maximum = 0}, now).ok());
  EXPECT_FALSE(client.connect({.receive_maximum = kMaxIncoming + 1}, now).ok());
  EXPECT_FALSE(client.connect({.topic_alias_maximum = kMaxAliases + 1}, now).ok());
  EXPECT_FALSE(client.connect({.connect_timeout_ms = 0}, now).ok());
  EXPECT_FALSE(client.connect({.connect_timeout_ms = INT64_MAX}, now).ok());
  EXPECT_FALSE(client.connect({.ping_timeout_ms = 86400001}, now).ok());
  EXPECT_FALSE(client.connect({.client_id = bytes("\xff")}, now).ok());
  const std::string too_long(3000, 'x');
  const auto full = client.connect({.client_id = bytes(too_long)}, now);
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error(), Error::kFull);
  EXPECT_TRUE(client.idle());
  EXPECT_TRUE(client.output().empty());
  EXPECT_TRUE(client.connect({}, now).ok());
  EXPECT_FALSE(client.connect({}, now).ok());  // once
}

TEST_F(ClientTest, ConnackSetsTheLimits) {
  const auto connected =
      connect({},
              "2025 00 00 22 1100000e10 120002 6161 13000a 210002 22000a 2400 2500"
              "2700000100 2800 2900 2a00");
  const ServerLimits& limits = connected.limits;
  EXPECT_EQ(limits.session_expiry_s, 3600u);
  EXPECT_EQ(text(*connected.properties.assigned_client_id), "aa");
  EXPECT_EQ(limits.keep_alive_s, 10);
  EXPECT_EQ(limits.receive_maximum, 2);
  EXPECT_EQ(limits.topic_alias_maximum, 10);
  EXPECT_EQ(limits.maximum_qos, Qos::kAtMostOnce);
  EXPECT_FALSE(limits.retain_available);
  EXPECT_EQ(limits.maximum_packet_size, 256u);
  EXPECT_FALSE(limits.wildcards_available);
  EXPECT_FALSE(limits.subscription_ids_available);
  EXPECT_FALSE(limits.shared_available);
  client.output_sent(client.output().size());

  const auto refused = [&](auto result) { return !result && result.error() == Error::kRefused; };
  EXPECT_TRUE(refused(client.publish({.topic = bytes("t")}, now)));
  Publish message{.topic = bytes("t"), .qos = Qos::kAtMostOnce, .retain = true};
  EXPECT_TRUE(refused(client.publish(message, now)));
  message.retain = false;
  message.properties.topic_alias = std::uint16_t{11};
  EXPECT_TRUE(refused(client.publish(message, now)));
  message.properties.topic_alias = std::nullopt;
  const std::string payload(251, 'x');
  message.payload = bytes(payload);
  EXPECT_TRUE(refused(client.publish(message, now)));  // 257 bytes: 4 + 2 + 251
  message.payload = message.payload.first(249);
  EXPECT_TRUE(client.publish(message, now).ok());
  client.output_sent(client.output().size());

  const Subscription wild{.filter = bytes("a/+")}, shared{.filter = bytes("$share/g/t")};
  const Subscription plain{.filter = bytes("t")};
  EXPECT_TRUE(refused(client.subscribe({&wild, 1}, now)));
  EXPECT_TRUE(refused(client.subscribe({&shared, 1}, now)));
  EXPECT_TRUE(refused(client.subscribe({&plain, 1}, now, 1)));
  EXPECT_TRUE(client.output().empty());
  EXPECT_TRUE(client.subscribe({&plain, 1}, now).ok());
}

TEST_F(ClientTest, RefusalIsAnEvent) {
  ASSERT_TRUE(client.connect({}, now).ok());
  const auto refused = hear_as<Refused>("2008 00 87 05 1f00026e6f");
  EXPECT_EQ(refused.reason, Reason::kNotAuthorized);
  EXPECT_EQ(text(*refused.properties.reason_string), "no");
  EXPECT_TRUE(client.closing());
  EXPECT_EQ(client.next_deadline(), kNever);
  client.transport_closed();
  EXPECT_TRUE(client.idle());
}

TEST_F(ClientTest, PublishIsKeptUntilItIsAcknowledged) {
  connect();
  EXPECT_EQ(publish("hi"), 1);
  EXPECT_EQ(client.unacknowledged(), 1u);
  expect_says("3208 000174 0001 00 6869");
  const auto acked = hear_as<PublishAcked>("40020001");
  EXPECT_EQ(acked.packet_id, 1);
  EXPECT_EQ(acked.reason, Reason::kSuccess);
  EXPECT_EQ(client.unacknowledged(), 0u);

  // A refusal ends it as well, with the reason.
  EXPECT_EQ(publish("hi"), 2);
  const auto refused = hear_as<PublishAcked>("4009 0002 87 05 1f00026e6f");
  EXPECT_EQ(refused.reason, Reason::kNotAuthorized);
  EXPECT_EQ(text(*refused.properties.reason_string), "no");
  EXPECT_EQ(client.unacknowledged(), 0u);
  EXPECT_EQ(client.counters().messages_out, 2u);
}

TEST_F(ClientTest, PublishOfQos0HasNoPacketId) {
  connect();
  Publish message{.topic = bytes("t"),
                  .payload = bytes("x"),
                  .qos = Qos::kAtMostOnce,
                  .duplicate = true,
                  .packet_id = 9};
  const auto id = client.publish(message, now);
  ASSERT_TRUE(id.ok());
  EXPECT_EQ(*id, 0);
  expect_says("3005 000174 00 78");
  EXPECT_EQ(client.unacknowledged(), 0u);
}

TEST_F(ClientTest, AnOutgoingAliasIsForQos0) {
  connect({}, "2006 00 00 03 220001");
  Publish message{.topic = bytes("t"), .qos = Qos::kAtMostOnce};
  message.properties.topic_alias = std::uint16_t{1};
  ASSERT_TRUE(client.publish(message, now).ok());
  expect_says("3007 000174 03 230001");
  message.topic = {};
  ASSERT_TRUE(client.publish(message, now).ok());
  expect_says("3006 0000 03 230001");
  message = {.topic = bytes("t"), .properties = message.properties};
  const auto kept = client.publish(message, now);
  ASSERT_FALSE(kept.ok());
  EXPECT_EQ(kept.error(), Error::kMalformed);
}

TEST_F(ClientTest, AMessageComesAndIsAcknowledgedWhenTheCallerSaysSo) {
  connect();
  const auto message = hear_as<Message>("3309 000174 0005 02 0101 78");
  EXPECT_EQ(text(message.topic), "t");
  EXPECT_EQ(text(message.payload), "x");
  EXPECT_EQ(message.packet_id, 5);
  EXPECT_TRUE(message.retain);
  EXPECT_EQ(message.properties.payload_format, 1);
  EXPECT_TRUE(client.output().empty());
  EXPECT_TRUE(client.acknowledge(5, now).ok());
  expect_says("40020005");
  EXPECT_FALSE(client.acknowledge(5, now).ok());
  EXPECT_FALSE(client.acknowledge(0, now).ok());

  hear_as<Message>("3206 000174 0006 00");
  EXPECT_TRUE(client.acknowledge(6, now, Reason::kQuotaExceeded).ok());
  expect_says("4003 0006 97");
  const auto fire_and_forget = hear_as<Message>("3004 000174 00");
  EXPECT_EQ(fire_and_forget.packet_id, 0);
  EXPECT_EQ(client.counters().messages_in, 3u);
}

TEST_F(ClientTest, ADuplicateIsPassedUpAndAcknowledgedOnce) {
  connect();
  hear_as<Message>("3206 000174 0005 00");
  EXPECT_TRUE(hear_as<Message>("3a06 000174 0005 00").duplicate);
  EXPECT_TRUE(client.acknowledge(5, now).ok());
  expect_says("40020005");
  EXPECT_FALSE(client.acknowledge(5, now).ok());
}

TEST_F(ClientTest, SubscribeAndUnsubscribe) {
  connect();
  const Subscription two[] = {{.filter = bytes("a/#")},
                              {.filter = bytes("b"), .qos = Qos::kAtMostOnce, .no_local = true}};
  const auto id = client.subscribe(two, now, 128);
  ASSERT_TRUE(id.ok());
  expect_says("8210 0001 03 0b8001 0003612f2301 00016204");
  const auto subscribed = hear_as<Subscribed>("9005 0001 00 0187");
  EXPECT_EQ(subscribed.packet_id, *id);
  EXPECT_THAT(subscribed.reasons, testing::ElementsAre(1, 0x87));

  const Bytes filter = bytes("b");
  ASSERT_TRUE(client.unsubscribe({&filter, 1}, now).ok());
  expect_says("a206 0002 00 000162");
  EXPECT_THAT(hear_as<Unsubscribed>("b004 0002 00 11").reasons, testing::ElementsAre(0x11));
}

TEST_F(ClientTest, AnAnswerToNothingIsCounted) {
  connect();
  const Subscription s{.filter = bytes("a")};
  ASSERT_TRUE(client.subscribe({&s, 1}, now).ok());
  hear_nothing("40020001");         // PUBACK for the SUBSCRIBE
  hear_nothing("b004 0001 00 00");  // so is UNSUBACK
  hear_nothing("9004 0002 00 00");  // another packet id
  hear_nothing("40020063");
  EXPECT_EQ(client.counters().unknown_acks, 4u);
  hear_as<Subscribed>("9004 0001 00 00");
  hear_nothing("9004 0001 00 00");  // twice
  EXPECT_EQ(client.counters().unknown_acks, 5u);
}

TEST_F(ClientTest, AtMostSoManySubscribesWait) {
  connect();
  const Subscription s{.filter = bytes("a")};
  for (std::size_t i = 0; i < kMaxPending; ++i) ASSERT_TRUE(client.subscribe({&s, 1}, now).ok());
  const auto full = client.subscribe({&s, 1}, now);
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error(), Error::kFull);
  hear_as<Subscribed>("9004 0001 00 00");
  EXPECT_TRUE(client.subscribe({&s, 1}, now).ok());
}

TEST_F(ClientTest, AnIncomingAliasStandsForItsTopic) {
  connect({.topic_alias_maximum = 2});
  EXPECT_EQ(text(hear_as<Message>("3008 0002 6162 03 230001").topic), "ab");
  EXPECT_EQ(text(hear_as<Message>("3009 0003 636465 03 230002").topic), "cde");
  EXPECT_EQ(text(hear_as<Message>("3006 0000 03 230001").topic), "ab");
  EXPECT_EQ(text(hear_as<Message>("3007 000178 03 230001").topic), "x");  // set anew
  EXPECT_EQ(text(hear_as<Message>("3006 0000 03 230001").topic), "x");
  EXPECT_EQ(text(hear_as<Message>("3006 0000 03 230002").topic), "cde");
}

TEST_F(ClientTest, BytesMayComeOneByOne) {
  connect();
  const auto packets = test::hex("3207 000174 0005 00 78 d000 3006 000174 00 7879");
  int messages = 0;
  for (const std::uint8_t byte : packets) {
    const MutBytes space = client.receive_space();
    ASSERT_FALSE(space.empty());
    space[0] = byte;
    client.received(1);
    const auto event = client.next_event(now);
    ASSERT_TRUE(event.ok());
    if (*event) ++messages;
  }
  EXPECT_EQ(messages, 2);
}

TEST_F(ClientTest, ManyPacketsMayComeAtOnce) {
  connect();
  EXPECT_EQ(
      text(hear_as<Message>("d000 3006 000174 00 6161 d000 3006 000174 00 6262 3006").payload),
      "aa");
  EXPECT_EQ(text(as<Message>(client.next_event(now)).payload), "bb");
  const auto rest = client.next_event(now);
  ASSERT_TRUE(rest.ok());
  EXPECT_FALSE(rest->has_value());
  EXPECT_EQ(text(hear_as<Message>("000174 00 6363").payload), "cc");
}

TEST_F(ClientTest, DisconnectIsSaidAndHeard) {
  connect({.session_expiry_s = 10});
  Properties properties;
  properties.session_expiry_s = 0u;
  properties.reason_string = bytes("x");
  ASSERT_TRUE(client.disconnect(Reason::kDisconnectWithWill, properties).ok());
  expect_says("e00b 04 09 1100000000 1f000178");
  EXPECT_TRUE(client.closing());
  EXPECT_FALSE(client.disconnect().ok());
  hear_nothing("3004 000174 00");  // too late

  reconnect("2003000000");
  const auto said = hear_as<Disconnected>("e006 8b 04 1f000178");
  EXPECT_EQ(said.reason, Reason::kServerShuttingDown);
  EXPECT_EQ(text(*said.properties.reason_string), "x");
  EXPECT_TRUE(client.closing());
  EXPECT_TRUE(client.output().empty());

  reconnect("2003000000");
  EXPECT_EQ(hear_as<Disconnected>("e000").reason, Reason::kSuccess);
}

TEST_F(ClientTest, DisconnectCannotProlongASessionThatWasToEnd) {
  connect();
  Properties properties;
  properties.session_expiry_s = 10u;
  EXPECT_FALSE(client.disconnect(Reason::kSuccess, properties).ok());
  EXPECT_TRUE(client.connected());
  EXPECT_TRUE(client.output().empty());
}

TEST_F(ClientTest, NothingIsSaidBeforeConnackOrWithoutATransport) {
  const Subscription s{.filter = bytes("a")};
  const Bytes filter = bytes("a");
  const auto silent = [&] {
    EXPECT_FALSE(client.publish({.topic = bytes("t")}, now).ok());
    EXPECT_FALSE(client.subscribe({&s, 1}, now).ok());
    EXPECT_FALSE(client.unsubscribe({&filter, 1}, now).ok());
    EXPECT_FALSE(client.acknowledge(1, now).ok());
    EXPECT_TRUE(client.output().empty());
  };
  silent();
  EXPECT_FALSE(client.disconnect().ok());
  ASSERT_TRUE(client.connect({}, now).ok());
  client.output_sent(client.output().size());
  silent();
  EXPECT_TRUE(client.disconnect().ok());
}

// --- Time ---

TEST_F(ClientTest, ConnackMustComeInTime) {
  ASSERT_TRUE(client.connect({.connect_timeout_ms = 500}, now).ok());
  EXPECT_EQ(client.next_deadline(), now + 500);
  EXPECT_TRUE(client.poll(now + 499).ok());
  const auto late = client.poll(now + 500);
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error(), Error::kExpired);
  EXPECT_TRUE(client.closing());
  EXPECT_EQ(client.next_deadline(), kNever);
  EXPECT_EQ(client.counters().timeouts, 1u);
}

TEST_F(ClientTest, PingsFiveSecondsBeforeTheKeepAliveEnds) {
  connect({.keep_alive_s = 60, .ping_timeout_ms = 700});
  const Instant due = now + 55000;
  EXPECT_EQ(client.next_deadline(), due);
  EXPECT_TRUE(client.poll(due + -1).ok());
  EXPECT_TRUE(client.output().empty());
  EXPECT_TRUE(client.poll(due).ok());
  expect_says("c000");
  EXPECT_EQ(client.next_deadline(), due + 700);
  EXPECT_TRUE(client.poll(due).ok());
  EXPECT_TRUE(client.output().empty());  // once
  now = due + 10;
  hear_nothing("d000");
  EXPECT_EQ(client.next_deadline(), due + 55000);
}

TEST_F(ClientTest, WithoutAnAnswerToPingTheServerIsGone) {
  connect({.keep_alive_s = 4, .ping_timeout_ms = 700});
  now = client.next_deadline();
  EXPECT_EQ(now.ms, 1000000 + 3000);  // a quarter early
  EXPECT_TRUE(client.poll(now).ok());
  EXPECT_TRUE(client.poll(now + 699).ok());
  const auto late = client.poll(now + 700);
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error(), Error::kExpired);
  EXPECT_TRUE(client.closing());
}

TEST_F(ClientTest, AnyPacketIsASignOfLife) {
  connect({.keep_alive_s = 4, .ping_timeout_ms = 700});
  now = client.next_deadline();
  EXPECT_TRUE(client.poll(now).ok());
  const Instant answer_due = client.next_deadline();
  hear_as<Message>("3004 000174 00");
  EXPECT_GT(client.next_deadline(), answer_due);
}

TEST_F(ClientTest, WhatWeSayDelaysPingOnlyWhileTheServerIsHeard) {
  connect({.keep_alive_s = 60});
  for (int i = 0; i < 6; ++i) {  // talking to a server that is silent
    now = now + 9000;
    ASSERT_TRUE(client.publish({.topic = bytes("t"), .qos = Qos::kAtMostOnce}, now).ok());
  }
  EXPECT_EQ(client.next_deadline(), now + 1000);
  hear_nothing("40020063");
  EXPECT_EQ(client.next_deadline(), now + 55000);
}

TEST_F(ClientTest, TheServersKeepAliveHolds) {
  connect({.keep_alive_s = 60}, "2006 00 00 03 130014");
  EXPECT_EQ(client.next_deadline(), now + 15000);
  reconnect("2006 00 00 03 130000");
  EXPECT_EQ(client.next_deadline(), kNever);  // none
  EXPECT_TRUE(client.poll(now + 1000000000).ok());
  EXPECT_TRUE(client.output().empty());
}

}  // namespace
}  // namespace core::mqtt
