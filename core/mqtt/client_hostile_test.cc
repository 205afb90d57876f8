// Servers that break the rules. The reasons are those of the standard:
// 81 malformed, 82 protocol error, 83 ours, 93 receive maximum, 94 alias,
// 95 too large. Spec: [MQTT5] 4.13.
#include "core/mqtt/conversation_test.h"

namespace core::mqtt {
namespace {

constexpr const char* kMalformed = "e00181";
constexpr const char* kProtocolError = "e00182";

class HostileServerTest : public Conversation {
 protected:
  // As expect_refused(), on a new connection.
  void expect_refused_anew(std::string_view hex_text, Error error, std::string_view disconnect,
                           const ConnectOptions& options = {}) {
    client.transport_closed();
    client.forget_messages();
    connect(options);
    expect_refused(hex_text, error, disconnect);
  }
  void expect_connack_refused(std::string_view hex_text, Error error, std::string_view disconnect,
                              const ConnectOptions& options = {}) {
    client.transport_closed();
    ASSERT_TRUE(client.connect(options, now).ok());
    client.output_sent(client.output().size());
    expect_refused(hex_text, error, disconnect);
  }
};

TEST_F(HostileServerTest, ConnackComesFirstAndOnce) {
  for (const char* early : {"3004 000174 00", "40020001", "9004 0001 00 00", "b004 0001 00 00",
                            "d000", "e000", "f000", "1000", "8200"}) {
    expect_connack_refused(early, Error::kOutOfOrder, kProtocolError);
  }
  expect_refused_anew("2003 00 00 00", Error::kOutOfOrder, kProtocolError);
}

TEST_F(HostileServerTest, WhatOnlyClientsSayIsRefused) {
  // CONNECT, SUBSCRIBE, UNSUBSCRIBE, PINGREQ; PUBREC, PUBREL, PUBCOMP of the
  // QoS 2 that we do not speak; AUTH, for which we did not ask.
  for (const char* packet :
       {"100d 00044d515454 05 00 0000 00 0000", "8207 0001 00 00016100", "a206 0001 00 000161",
        "c000", "50020001", "62020001", "70020001", "f000"}) {
    expect_refused_anew(packet, Error::kOutOfOrder, kProtocolError);
  }
}

TEST_F(HostileServerTest, ConnackIsChecked) {
  expect_connack_refused("2003 02 00 00", Error::kMalformed, kMalformed);       // reserved bit
  expect_connack_refused("2103 00 00 00", Error::kMalformed, kMalformed);       // flags
  expect_connack_refused("2002 00 00", Error::kMalformed, kMalformed);          // no properties
  expect_connack_refused("2004 00 00 00 00", Error::kMalformed, kMalformed);    // left over
  expect_connack_refused("2003 00 01 00", Error::kOutOfOrder, kProtocolError);  // no such code
  expect_connack_refused("2003 01 87 00", Error::kOutOfOrder, kProtocolError);
  expect_connack_refused("2006 00 00 03 210000", Error::kOutOfOrder, kProtocolError);
  expect_connack_refused("2005 00 00 02 2402", Error::kOutOfOrder, kProtocolError);
  expect_connack_refused("2008 00 00 05 2700000000", Error::kOutOfOrder, kProtocolError);
  expect_connack_refused("2006 00 00 03 230001", Error::kMalformed, kMalformed);  // not here
  expect_connack_refused("2009 00 00 06 210001 210001", Error::kOutOfOrder, kProtocolError);
  expect_connack_refused("2007 00 00 04 15000178", Error::kOutOfOrder, kProtocolError);
  expect_connack_refused("2007 00 00 04 160001ff", Error::kOutOfOrder, kProtocolError);
  // A session after a clean start; packets so small that we could not answer.
  expect_connack_refused("2003 01 00 00", Error::kOutOfOrder, kProtocolError,
                         {.clean_start = true});
  expect_connack_refused("2008 00 00 05 270000000f", Error::kOutOfOrder, "e00183");
}

TEST_F(HostileServerTest, PacketsThatDoNotParseAreMalformed) {
  for (const char* packet : {"0000",
                             "30ffffffff",
                             "308000",  // no type, no length
                             "3003 000174",
                             "3004 000200 00",
                             "3003 0001ff",
                             "3205 000174 0001",  // cut short
                             "3007 000174 05 010101",
                             "3005 000174 02 01",  // properties cut short
                             "3006 000174 02 0b80",
                             "3007 000174 03 0b8000",  // varints
                             "4000",
                             "4001 00",
                             "4005 0001 00 01 00",
                             "4006 0001 00 00 0000",
                             "4102 0001",
                             "9000",
                             "9002 0001",
                             "9004 0001 02 01",
                             "9204 0001 00 00",
                             "b000",
                             "b003 0001 01",
                             "d001 00",
                             "d100",
                             "e100",
                             "e003 80 05 00",
                             "f100"}) {
    expect_refused_anew(packet, Error::kMalformed, kMalformed);
  }
}

TEST_F(HostileServerTest, MessagesAreChecked) {
  expect_refused_anew("3406 000174 0001 00", Error::kOutOfOrder, kProtocolError);  // QoS 2
  expect_refused_anew("3606 000174 0001 00", Error::kMalformed, kMalformed);       // QoS 3
  expect_refused_anew("3804 000174 00", Error::kOutOfOrder, kProtocolError);       // DUP with QoS 0
  expect_refused_anew("3206 000174 0000 00", Error::kOutOfOrder, kProtocolError);
  expect_refused_anew("3003 0000 00", Error::kOutOfOrder, kProtocolError);  // no topic
  expect_refused_anew("3004 000123 00", Error::kOutOfOrder, kProtocolError);
  expect_refused_anew("3004 00012b 00", Error::kOutOfOrder, kProtocolError);
  expect_refused_anew("3004 000100 00", Error::kMalformed, kMalformed);
  expect_refused_anew("3006 0003eda080 00", Error::kMalformed, kMalformed);  // a surrogate
  expect_refused_anew("3006 000174 02 0102", Error::kOutOfOrder, kProtocolError);
  expect_refused_anew("3008 000174 04 01000101", Error::kOutOfOrder, kProtocolError);
  expect_refused_anew("3008 000174 04 0800012b", Error::kOutOfOrder, kProtocolError);
  expect_refused_anew("3006 000174 02 0b00", Error::kOutOfOrder, kProtocolError);
  expect_refused_anew("3006 000174 02 2401", Error::kMalformed, kMalformed);
  expect_refused_anew("3006 000174 02 7f01", Error::kMalformed, kMalformed);
  EXPECT_GT(client.counters().malformed, 0u);
  EXPECT_GT(client.counters().protocol_errors, 0u);
}

TEST_F(HostileServerTest, AliasesAreChecked) {
  const ConnectOptions two{.topic_alias_maximum = 2};
  expect_refused_anew("3007 000174 03 230001", Error::kOutOfOrder, "e00194");  // none announced
  expect_refused_anew("3007 000174 03 230000", Error::kOutOfOrder, "e00194", two);
  expect_refused_anew("3007 000174 03 230003", Error::kOutOfOrder, "e00194", two);
  expect_refused_anew("3006 0000 03 230002", Error::kOutOfOrder, kProtocolError, two);  // not set
  const std::string topic(kMaxAliasTopicSize + 1, 't');
  expect_refused_anew("308701 0081" + test::to_hex(bytes(topic)) + "03 230001", Error::kFull,
                      "e00183", two);
}

TEST_F(HostileServerTest, TheReceiveMaximumHolds) {
  const ConnectOptions one{.receive_maximum = 1};
  connect(one);
  hear_as<Message>("3206 000174 0001 00");
  hear_as<Message>("3004 000174 00");  // QoS 0 does not count
  expect_refused("3206 000174 0002 00", Error::kOutOfOrder, "e00193");

  client.transport_closed();
  connect();
  for (unsigned i = 1; i <= kMaxIncoming; ++i) {
    hear_as<Message>("3206 000174 00" + test::to_hex({{static_cast<std::uint8_t>(i)}}) + "00");
  }
  expect_refused("3206 000174 ffff 00", Error::kOutOfOrder, "e00193");
}

TEST_F(HostileServerTest, AnIdentifierInUseIsRefused) {
  connect();
  hear_as<Message>("3206 000174 0001 00");
  expect_refused("3206 000174 0001 00", Error::kOutOfOrder, kProtocolError);
}

TEST_F(HostileServerTest, APacketLargerThanAnnouncedIsRefusedByItsHeader) {
  expect_refused_anew("30fe07", Error::kFull, "e00195");  // 1022 + 3 bytes
  EXPECT_EQ(client.counters().too_large, 1u);
  expect_refused_anew("30ffffff7f", Error::kFull, "e00195");
  client.transport_closed();
  connect();
  hear_nothing("30fd07");  // 1024: fits
  EXPECT_TRUE(client.connected());
}

TEST_F(HostileServerTest, AnswersAreChecked) {
  const Subscription s{.filter = bytes("a")};
  const Bytes filter = bytes("a");
  connect();
  ASSERT_TRUE(client.subscribe({&s, 1}, now).ok());
  client.output_sent(client.output().size());
  expect_refused("9005 0001 00 0000", Error::kOutOfOrder, kProtocolError);  // one too many
  client.transport_closed();
  connect();
  const auto id = client.unsubscribe({&filter, 1}, now);
  ASSERT_TRUE(id.ok());
  client.output_sent(client.output().size());
  expect_refused("b005 0002 00 0000", Error::kOutOfOrder, kProtocolError);
  expect_refused_anew("4002 0000", Error::kOutOfOrder, kProtocolError);
  expect_refused_anew("4003 0001 01", Error::kOutOfOrder, kProtocolError);
  expect_refused_anew("9004 0001 00 03", Error::kOutOfOrder, kProtocolError);
  expect_refused_anew("9003 0001 00", Error::kOutOfOrder, kProtocolError);
  expect_refused_anew("b004 0001 00 01", Error::kOutOfOrder, kProtocolError);
}

TEST_F(HostileServerTest, ReasonsInWordsComeOnlyIfAsked) {
  const ConnectOptions terse{.request_problem_info = false};
  expect_refused_anew("4008 0001 00 04 1f000178", Error::kOutOfOrder, kProtocolError, terse);
  expect_refused_anew("4009 0001 00 05 2600000000", Error::kOutOfOrder, kProtocolError, terse);
  expect_refused_anew("9008 0001 04 1f000178 00", Error::kOutOfOrder, kProtocolError, terse);
  // In PUBLISH, CONNACK and DISCONNECT they may come.
  client.transport_closed();
  connect(terse, "2007 00 00 04 1f000178");
  hear_as<Message>("3009 000174 05 2600000000");
  hear_as<Disconnected>("e006 8b 04 1f000178");
}

TEST_F(HostileServerTest, DisconnectIsChecked) {
  expect_refused_anew("e007 00 05 1100000000", Error::kOutOfOrder, kProtocolError);
  expect_refused_anew("e001 01", Error::kOutOfOrder, kProtocolError);
  expect_refused_anew("e003 80 01 00", Error::kMalformed, kMalformed);
}

TEST_F(HostileServerTest, EveryFirstByteIsSafe) {
  for (unsigned first = 0; first < 256; ++first) {
    for (unsigned size = 0; size < 6; ++size) {
      for (const bool connected : {false, true}) {
        client.transport_closed();
        ASSERT_TRUE(client.connect({}, now).ok());
        if (connected) hear_as<Connected>("2003 00 00 00");
        std::vector<std::uint8_t> packet(size + 2, 0);
        packet[0] = static_cast<std::uint8_t>(first);
        packet[1] = static_cast<std::uint8_t>(size);
        const auto event = hear(test::to_hex(packet));
        EXPECT_EQ(client.closing() || client.connected() != connected,
                  !event.ok() || event->has_value())
            << first << " " << size;
      }
    }
  }
}

}  // namespace
}  // namespace core::mqtt
