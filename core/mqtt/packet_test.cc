#include "core/mqtt/packet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/mqtt/text_test.h"

namespace core::mqtt {
namespace {

using test::hex;
using testing::ElementsAreArray;

// The packet's body, after checking that the fixed header says all of it.
Bytes body_of(Bytes packet) {
  const auto header = parse_fixed_header(packet);
  EXPECT_TRUE(header.ok() && *header);
  EXPECT_EQ(std::size_t{(*header)->size} + (*header)->remaining, packet.size());
  return packet.subspan((*header)->size);
}

// Encodes and compares; then checks that one byte less of room is kFull and
// leaves the room untouched.
template <class Encode>
void expect_written(Encode encode_it, const char* want_hex) {
  const auto want = hex(want_hex);
  std::vector<std::uint8_t> out(want.size(), 0xaa);
  const auto size = encode_it(MutBytes(out));
  ASSERT_TRUE(size.ok()) << want_hex;
  EXPECT_EQ(*size, want.size());
  EXPECT_THAT(out, ElementsAreArray(want));
  std::vector<std::uint8_t> less(want.size() - 1, 0xaa);
  const auto full = encode_it(MutBytes(less));
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error(), Error::kFull);
  EXPECT_EQ(std::count(less.begin(), less.end(), 0xaa), static_cast<long>(less.size()));
}

template <class Packet>
void expect_bytes(const Packet& packet, const char* want) {
  expect_written([&](MutBytes out) { return encode(packet, out); }, want);
}

template <class Packet>
void expect_unsayable(const Packet& packet) {
  ByteArray<256> out{};
  const auto size = encode(packet, out);
  ASSERT_FALSE(size.ok());
  EXPECT_EQ(size.error(), Error::kMalformed);
}

// Every cut of a body is malformed, except at the sizes in `good`, where the
// standard lets the packet end.
template <class Parse>
void expect_cuts_malformed(Parse parse, Bytes body, std::initializer_list<std::size_t> good = {}) {
  for (std::size_t size = 0; size < body.size(); ++size) {
    const std::vector<std::uint8_t> cut(body.begin(), body.begin() + size);
    const bool may = std::find(good.begin(), good.end(), size) != good.end();
    const auto parsed = parse(Bytes(cut));
    EXPECT_EQ(parsed.ok(), may) << size;
    if (!parsed && !may) {
      EXPECT_EQ(parsed.error(), Error::kMalformed) << size;
    }
  }
}

template <class T>
Error error_of(const Result<T>& result) {
  return result ? Error::kRng : result.error();  // kRng: there was no error
}

// --- The fixed header. Spec: [MQTT5] 2.1 ---

TEST(FixedHeader, HasTheFlagsOfTable22) {
  for (unsigned first = 0; first < 256; ++first) {
    const ByteArray<2> bytes{static_cast<std::uint8_t>(first), 5};
    const auto header = parse_fixed_header(bytes);
    const unsigned type = first >> 4, flags = first & 15;
    const bool good =
        type == 3 || (type != 0 && flags == (type == 6 || type == 8 || type == 10 ? 2u : 0u));
    ASSERT_EQ(header.ok(), good) << first;
    if (!good) continue;
    ASSERT_TRUE(header->has_value());
    EXPECT_EQ(static_cast<unsigned>((*header)->type), type);
    EXPECT_EQ((*header)->flags, flags);
    EXPECT_EQ((*header)->size, 2u);
    EXPECT_EQ((*header)->remaining, 5u);
  }
}

TEST(FixedHeader, WaitsForItsLength) {
  for (const char* part : {"", "30", "3080", "308080", "30808080", "30ffffff"}) {
    const auto header = parse_fixed_header(hex(part));
    ASSERT_TRUE(header.ok()) << part;
    EXPECT_FALSE(header->has_value()) << part;
  }
  const auto header = parse_fixed_header(hex("30ffffff7f"));
  ASSERT_TRUE(header.ok() && *header);
  EXPECT_EQ((*header)->remaining, 268435455u);
  EXPECT_EQ((*header)->size, 5u);
  for (const char* bad : {"30ffffffff", "30808080ff", "308000", "3080808000"}) {
    EXPECT_EQ(error_of(parse_fixed_header(hex(bad))), Error::kMalformed) << bad;
  }
}

// --- CONNECT and CONNACK, bytes by hand from 3.1 and 3.2 ---

constexpr const char* kSmallConnect = "1010 00044d515454 05 02 003c 00 000361 6263";

TEST(ConnectPacket, HasTheBytesOfTheStandard) {
  expect_bytes(Connect{.client_id = bytes("abc"), .clean_start = true, .keep_alive_s = 60},
               kSmallConnect);
}

Connect full_connect() {
  static const UserProperty user[] = {{bytes("k"), bytes("v")}};
  Connect c{.client_id = bytes("d"), .keep_alive_s = 258};
  c.properties.session_expiry_s = 10u;
  c.properties.receive_maximum = std::uint16_t{5};
  c.properties.maximum_packet_size = 4096u;
  c.properties.topic_alias_maximum = std::uint16_t{2};
  c.properties.request_problem_info = std::uint8_t{0};
  c.properties.user_properties = user;
  c.will = Will{.topic = bytes("w"), .payload = bytes("gone"), .retain = true};
  c.will->properties.will_delay_s = 7u;
  c.will->properties.message_expiry_s = 60u;
  c.will->properties.content_type = bytes("t");
  c.will->properties.response_topic = bytes("r");
  c.will->properties.correlation_data = bytes("c");
  c.will->properties.payload_format = std::uint8_t{1};
  c.username = bytes("u");
  c.password = bytes("pw");
  return c;
}
// Flags 0xec: user name, password, will retain, will QoS 1, will.
TEST(ConnectPacket, CarriesWillAndNameAndPassword) {
  ByteArray<256> out{};
  const auto size = encode(full_connect(), out);
  ASSERT_TRUE(size.ok());
  const auto want =
      hex("1050 00044d515454 05 ec 0102 19 110000000a 1700 210005 220002 2700001000 2600016b000176 "
          "000164 18 0101 020000003c 03000174 08000172 09000163 1800000007 000177 0004676f6e65 "
          "000175 00027077");
  EXPECT_EQ(test::to_hex(Bytes(out).first(*size)), test::to_hex(want));

  const auto again = parse_connect(body_of(want));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(text(again->client_id), "d");
  EXPECT_FALSE(again->clean_start);
  EXPECT_EQ(again->keep_alive_s, 258);
  EXPECT_EQ(again->properties.maximum_packet_size, 4096u);
  ASSERT_TRUE(again->will.has_value());
  EXPECT_EQ(text(again->will->payload), "gone");
  EXPECT_EQ(again->will->qos, Qos::kAtLeastOnce);
  EXPECT_TRUE(again->will->retain);
  EXPECT_EQ(again->will->properties.will_delay_s, 7u);
  EXPECT_EQ(text(*again->username), "u");
  EXPECT_EQ(text(*again->password), "pw");
  expect_cuts_malformed(parse_connect, body_of(want));
}

TEST(ConnectPacket, FlagsAreChecked) {
  auto packet = hex(kSmallConnect);
  std::uint8_t& flags = packet[9];
  const auto parse = [&] { return error_of(parse_connect(body_of(packet))); };
  for (unsigned value = 0; value < 256; ++value) {
    flags = static_cast<std::uint8_t>(value);
    const bool good = value == 0 || value == 2;  // all others need more of a payload
    EXPECT_EQ(parse() == Error::kRng, good) << value;
  }
  packet = hex("101e 00044d515454 05 04 003c 00 0003616263 00 000177 0002ffff 000175000170");
  const auto with_flags = [&](unsigned value) {
    packet[9] = static_cast<std::uint8_t>(value);
    return parse();
  };
  EXPECT_EQ(with_flags(0xc4), Error::kRng);
  EXPECT_EQ(with_flags(0xec), Error::kRng);
  EXPECT_EQ(with_flags(0xd4), Error::kOutOfOrder);  // will QoS 2: not spoken here
  EXPECT_EQ(with_flags(0xdc), Error::kMalformed);   // will QoS 3
  EXPECT_EQ(with_flags(0xc5), Error::kMalformed);   // reserved bit
  EXPECT_EQ(with_flags(0x44), Error::kMalformed);   // bytes left over
}

TEST(ConnectPacket, OfAnotherProtocolIsRefused) {
  for (const char* other : {"00044d515454 04 02 003c 0000", "00064d51497364 70 05020000"}) {
    EXPECT_EQ(error_of(parse_connect(hex(other))), Error::kBadVersion);
  }
}

TEST(ConnectPacket, ThatCannotBeSaidIsRefused) {
  const std::string too_long(65536, 'x');
  expect_unsayable(Connect{.client_id = bytes("\xff")});
  expect_unsayable(Connect{.client_id = bytes(too_long)});
  expect_unsayable(Connect{.username = bytes("\xff")});
  expect_unsayable(Connect{.password = bytes(too_long)});
  expect_unsayable(Connect{.will = Will{.topic = bytes("")}});
  expect_unsayable(Connect{.will = Will{.topic = bytes("a/+")}});
  expect_unsayable(Connect{.will = Will{.topic = bytes("a"), .payload = bytes(too_long)}});
  Connect wrong;
  wrong.properties.topic_alias = std::uint16_t{1};
  expect_unsayable(wrong);
}

TEST(ConnackPacket, HasTheBytesOfTheStandard) {
  expect_bytes(Connack{.session_present = true}, "2003 01 00 00");
  Connack packet{.reason = Reason::kServerMoved};
  packet.properties.server_reference = bytes("b");
  const char* want = "2007 00 9d 04 1c000162";
  expect_bytes(packet, want);
  const auto kept = hex(want);
  const auto again = parse_connack(body_of(kept));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->reason, Reason::kServerMoved);
  EXPECT_EQ(text(*again->properties.server_reference), "b");
  expect_cuts_malformed(parse_connack, body_of(kept));
}

TEST(ConnackPacket, ReservedBitsAndOddCodesAreRefused) {
  for (unsigned flags = 0; flags < 256; ++flags) {
    for (unsigned code = 0; code < 256; ++code) {
      const ByteArray<3> body{static_cast<std::uint8_t>(flags), static_cast<std::uint8_t>(code), 0};
      const bool known = code == 0 || (code >= 0x80 && code <= 0xa2);
      const Error want = flags > 1                        ? Error::kMalformed
                         : !known || (flags == 1 && code) ? Error::kOutOfOrder
                                                          : Error::kRng;
      ASSERT_EQ(error_of(parse_connack(body)), want) << flags << " " << code;
    }
  }
  expect_unsayable(Connack{.session_present = true, .reason = Reason::kBanned});
  EXPECT_EQ(error_of(parse_connack(hex("00000000"))), Error::kMalformed);  // a byte left over
}

// --- PUBLISH. The first example is that of 3.3.2.4: topic a/b, identifier 10 ---

constexpr const char* kPublish = "320a 0003612f62 000a 00 6869";

TEST(PublishPacket, HasTheBytesOfTheStandard) {
  expect_bytes(Publish{.topic = bytes("a/b"), .payload = bytes("hi"), .packet_id = 10}, kPublish);
  expect_bytes(Publish{.topic = bytes("a/b"), .qos = Qos::kAtMostOnce}, "3006 0003612f62 00");
  expect_bytes(Publish{.topic = bytes("a"), .retain = true, .duplicate = true, .packet_id = 0xffff},
               "3b06 000161 ffff 00");
  Publish full{.topic = bytes("t"), .payload = bytes("p"), .packet_id = 1};
  full.properties.payload_format = std::uint8_t{1};
  full.properties.message_expiry_s = 3600u;
  full.properties.content_type = bytes("c");
  full.properties.response_topic = bytes("r");
  full.properties.correlation_data = bytes(with_zeros("\0"));
  const char* want = "321a 000174 0001 13 0101 0200000e10 03000163 08000172 09000100 70";
  ByteArray<64> out{};
  const auto size = encode(full, out);
  ASSERT_TRUE(size.ok());
  want = "321a 000174 0001 13 0101 0200000e10 03000163 08000172 09000100 70";
  EXPECT_EQ(test::to_hex(Bytes(out).first(*size)), test::to_hex(hex(want)));
  const auto again = parse_publish(2, body_of(Bytes(out).first(*size)));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(text(again->payload), "p");
  EXPECT_EQ(again->properties.message_expiry_s, 3600u);
  EXPECT_EQ(again->properties.correlation_data->size(), 1u);
}

TEST(PublishPacket, AliasStandsForTheTopic) {
  Publish packet{.qos = Qos::kAtMostOnce};
  expect_unsayable(packet);
  packet.properties.topic_alias = std::uint16_t{0};
  expect_unsayable(packet);
  packet.properties.topic_alias = std::uint16_t{1};
  expect_bytes(packet, "3006 0000 03 230001");
  const auto parsed = parse_publish(0, hex("0000 03 230001 70"));
  ASSERT_TRUE(parsed.ok());
  EXPECT_TRUE(parsed->topic.empty());
  EXPECT_EQ(parsed->properties.topic_alias, 1);
  EXPECT_EQ(error_of(parse_publish(0, hex("0000 00"))), Error::kOutOfOrder);
}

TEST(PublishPacket, FlagsAreChecked) {
  const auto packet = hex(kPublish);
  const Error want[16] = {Error::kRng,        Error::kRng,         // QoS 0: the identifier is
                          Error::kRng,        Error::kRng,         // read as properties, below
                          Error::kOutOfOrder, Error::kOutOfOrder,  // QoS 2
                          Error::kMalformed,  Error::kMalformed,   // QoS 3
                          Error::kOutOfOrder, Error::kOutOfOrder,  // DUP with QoS 0
                          Error::kRng,        Error::kRng,         // DUP
                          Error::kOutOfOrder, Error::kOutOfOrder,
                          Error::kMalformed,  Error::kMalformed};
  for (std::uint8_t flags = 0; flags < 16; ++flags) {
    const auto parsed = parse_publish(flags, body_of(packet));
    EXPECT_EQ(error_of(parsed), want[flags]) << int{flags};
    if (!parsed) continue;
    EXPECT_EQ(parsed->retain, (flags & 1) != 0);
    EXPECT_EQ(parsed->duplicate, (flags & 8) != 0);
    EXPECT_EQ(parsed->packet_id, (flags & 2) != 0 ? 10 : 0);
  }
}

TEST(PublishPacket, CutAnywhereBeforeThePayloadIsMalformed) {
  const auto packet = hex("3213 0003612f62 000a 09 0101 26000161000162 6869");
  const auto fixed = hex("3215 0003612f62 000a 09 0101 26000161000162 6869");
  const Bytes body = Bytes(fixed).subspan(2);
  expect_cuts_malformed([](Bytes cut) { return parse_publish(2, cut); }, body, {17, 18});
}

TEST(PublishPacket, TopicAndIdentifierAreChecked) {
  EXPECT_EQ(error_of(parse_publish(2, hex("000161 0000 00"))), Error::kOutOfOrder);
  EXPECT_EQ(error_of(parse_publish(0, hex("00012b 00"))), Error::kOutOfOrder);
  EXPECT_EQ(error_of(parse_publish(0, hex("0003612f23 00"))), Error::kOutOfOrder);
  EXPECT_EQ(error_of(parse_publish(0, hex("000100 00"))), Error::kMalformed);
  EXPECT_EQ(error_of(parse_publish(0, hex("0003eda080 00"))), Error::kMalformed);
  expect_unsayable(Publish{.topic = bytes("a")});  // QoS 1 without an identifier
  expect_unsayable(Publish{.topic = bytes("a"), .qos = Qos::kAtMostOnce, .packet_id = 1});
  expect_unsayable(Publish{.topic = bytes("a"), .qos = Qos::kAtMostOnce, .duplicate = true});
  expect_unsayable(Publish{.topic = bytes("#"), .packet_id = 1});
  expect_unsayable(Publish{.topic = bytes("\xff"), .packet_id = 1});
}

// --- PUBACK and DISCONNECT, which may end early. Spec: [MQTT5] 3.4, 3.14 ---

TEST(PubackPacket, HasTheBytesOfTheStandard) {
  expect_bytes(Puback{.packet_id = 0x1234}, "40021234");
  expect_bytes(Puback{.packet_id = 1, .reason = Reason::kQuotaExceeded}, "4003 0001 97");
  Puback reasoned{.packet_id = 1};
  reasoned.properties.reason_string = bytes("no");
  const char* want = "4009 0001 00 05 1f00026e6f";
  expect_bytes(reasoned, want);
  const auto packet = hex(want);
  expect_cuts_malformed(parse_puback, body_of(packet), {2, 3});
  expect_unsayable(Puback{});
  expect_unsayable(Puback{.packet_id = 1, .reason = Reason::kGrantedQos1});
}

TEST(PubackPacket, CodesAreChecked) {
  for (unsigned code = 0; code < 256; ++code) {
    const ByteArray<3> body{0, 1, static_cast<std::uint8_t>(code)};
    const bool known = code == 0 || code == 0x10 || (code >= 0x80 && code <= 0xa2);
    const auto parsed = parse_puback(body);
    EXPECT_EQ(error_of(parsed), known ? Error::kRng : Error::kOutOfOrder) << code;
    if (parsed) {
      EXPECT_EQ(static_cast<unsigned>(parsed->reason), code);
    }
  }
  EXPECT_EQ(error_of(parse_puback(hex("0000"))), Error::kOutOfOrder);
  EXPECT_EQ(error_of(parse_puback(hex("0001000000"))), Error::kMalformed);
}

TEST(DisconnectPacket, HasTheBytesOfTheStandard) {
  expect_bytes(Disconnect{}, "e000");
  expect_bytes(Disconnect{.reason = Reason::kDisconnectWithWill}, "e00104");
  Disconnect full{.reason = Reason::kServerMoved};
  full.properties.reason_string = bytes("x");
  full.properties.session_expiry_s = 0u;
  const char* want = "e00b 9d 09 1100000000 1f000178";
  expect_bytes(full, want);
  const auto packet = hex(want);
  expect_cuts_malformed(parse_disconnect, body_of(packet), {0, 1});
  for (unsigned code = 0; code < 256; ++code) {
    const ByteArray<1> body{static_cast<std::uint8_t>(code)};
    const bool known = code == 0 || code == 4 || (code >= 0x80 && code <= 0xa2);
    EXPECT_EQ(error_of(parse_disconnect(body)), known ? Error::kRng : Error::kOutOfOrder);
  }
}

// --- SUBSCRIBE and its kin. The first example is that of 3.8.3.1 ---

TEST(SubscribePacket, HasTheBytesOfTheStandard) {
  const Subscription two[] = {{.filter = bytes("a/b")},
                              {.filter = bytes("c/d"),
                               .qos = Qos::kAtMostOnce,
                               .no_local = true,
                               .retain_as_published = true,
                               .retain_handling = RetainHandling::kDoNotSend}};
  Subscribe packet{.packet_id = 10, .subscriptions = two};
  expect_bytes(packet, "820f 000a 00 0003612f6201 0003632f642c");
  packet.properties.subscription_id = 128u;
  const char* want = "8212 000a 03 0b8001 0003612f6201 0003632f642c";
  expect_bytes(packet, want);

  const auto encoded = hex(want);
  const auto again = parse_subscribe(body_of(encoded));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->properties.subscription_id, 128u);
  SubscriptionReader reader(*again);
  for (const Subscription& s : two) {
    const auto got = reader.next();
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ(text(got->filter), text(s.filter));
    EXPECT_EQ(got->qos, s.qos);
    EXPECT_EQ(got->no_local, s.no_local);
    EXPECT_EQ(got->retain_as_published, s.retain_as_published);
    EXPECT_EQ(got->retain_handling, s.retain_handling);
  }
  EXPECT_FALSE(reader.next().has_value());
  for (std::size_t size = 0; size < encoded.size() - 2; ++size) {
    const Bytes cut = body_of(encoded).first(size);
    EXPECT_EQ(parse_subscribe(cut).ok(), size == 12) << size;  // after the first filter
  }
}

TEST(SubscribePacket, OptionsAreChecked) {
  for (unsigned options = 0; options < 256; ++options) {
    auto packet = hex("000a 00 00016100");
    packet.back() = static_cast<std::uint8_t>(options);
    const Error want = options >= 0x40                                ? Error::kMalformed
                       : (options & 3) > 1 || (options >> 4 & 3) == 3 ? Error::kOutOfOrder
                                                                      : Error::kRng;
    EXPECT_EQ(error_of(parse_subscribe(packet)), want) << options;
  }
  EXPECT_EQ(error_of(parse_subscribe(hex("000a00"))), Error::kOutOfOrder);  // no filter
  EXPECT_EQ(error_of(parse_subscribe(hex("0000 00 00016100"))),
            Error::kOutOfOrder);  // no id
  EXPECT_EQ(error_of(parse_subscribe(hex("000a 00 00026123 00"))), Error::kOutOfOrder);
  // No Local on a shared subscription; without it.
  EXPECT_EQ(error_of(parse_subscribe(hex("000a 00 000a 24736861 72652f67 2f74 05"))),
            Error::kOutOfOrder);
  EXPECT_TRUE(parse_subscribe(hex("000a 00 000a 24736861 72652f67 2f74 01")).ok());
  const Subscription shared{.filter = bytes("$share/g/t"), .no_local = true};
  expect_unsayable(Subscribe{.packet_id = 1, .subscriptions = {&shared, 1}});
  const Subscription bad{.filter = bytes("a/#/b")};
  expect_unsayable(Subscribe{.packet_id = 1, .subscriptions = {&bad, 1}});
  expect_unsayable(Subscribe{.packet_id = 1});
}

TEST(SubackPacket, HasTheBytesOfTheStandard) {
  const ByteArray<3> reasons{0, 1, 0x87};
  const Suback packet{.packet_id = 10, .reasons = reasons};
  const auto into = [&](MutBytes out) { return encode_suback(packet, out); };
  expect_written(into, "9006 000a 00 000187");
  const auto body = hex("000a 00 000187");
  const auto again = parse_suback(body);
  ASSERT_TRUE(again.ok());
  EXPECT_THAT(again->reasons, ElementsAreArray(reasons));
  EXPECT_EQ(error_of(parse_suback(hex("000a00"))), Error::kOutOfOrder);
  EXPECT_EQ(error_of(parse_suback(hex("000000 00"))), Error::kOutOfOrder);
  for (std::size_t size = 0; size < 3; ++size) {
    EXPECT_EQ(error_of(parse_suback(Bytes(body).first(size))), Error::kMalformed);
  }
  for (unsigned code = 0; code < 256; ++code) {
    auto one = hex("000a 00 00");
    one.back() = static_cast<std::uint8_t>(code);
    const bool failure = code >= 0x80 && code <= 0xa2;
    EXPECT_EQ(parse_suback(one).ok(), code <= 2 || failure) << code;
    EXPECT_EQ(parse_unsuback(one).ok(), code == 0 || code == 0x11 || failure) << code;
  }
}

TEST(UnsubscribePacket, HasTheBytesOfTheStandard) {
  const Bytes filters[] = {bytes("a/b"), bytes("c/d")};
  const char* want = "a20d 000a 00 0003612f62 0003632f64";
  expect_bytes(Unsubscribe{.packet_id = 10, .topics = filters}, want);
  const auto packet = hex(want);
  ASSERT_TRUE(parse_unsubscribe(body_of(packet)).ok());
  for (std::size_t size = 0; size < packet.size() - 2; ++size) {
    EXPECT_EQ(parse_unsubscribe(body_of(packet).first(size)).ok(), size == 8) << size;
  }
  EXPECT_EQ(error_of(parse_unsubscribe(hex("000a 00 00026123"))), Error::kOutOfOrder);
  EXPECT_EQ(error_of(parse_unsubscribe(hex("000a 00 0001ff"))), Error::kMalformed);
  expect_unsayable(Unsubscribe{.packet_id = 1});
  expect_unsayable(Unsubscribe{.topics = filters});

  const ByteArray<2> reasons{0, 0x11};
  const Suback answer{.packet_id = 10, .reasons = reasons};
  const auto into = [&](MutBytes out) { return encode_unsuback(answer, out); };
  expect_written(into, "b005 000a 00 0011");
}

TEST(PingPackets, HaveTheBytesOfTheStandard) {
  expect_written(encode_pingreq, "c000");
  expect_written(encode_pingresp, "d000");
}

TEST(AnyPacket, LargerThanALengthCanSayIsFull) {
  // The payload is never read: it only has a size.
  static ByteArray<1> byte{};
  const Bytes huge(byte.data(), kMaxVarint);
  const auto size = encode(Publish{.topic = bytes("a"), .payload = huge, .packet_id = 1}, byte);
  EXPECT_EQ(error_of(size), Error::kFull);
}

}  // namespace
}  // namespace core::mqtt
