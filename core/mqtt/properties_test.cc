#include "core/mqtt/properties.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/mqtt/text_test.h"

namespace core::mqtt {
namespace {

using test::hex;

Result<Properties> read(const std::vector<std::uint8_t>& section, PacketType packet) {
  Reader in(section);
  Properties properties;
  TRY(read_properties(in, packet, properties));
  EXPECT_TRUE(in.finished());
  return properties;
}

// With the length in front, up to 127.
std::vector<std::uint8_t> section(std::string_view text) {
  auto out = hex(text);
  out.insert(out.begin(), static_cast<std::uint8_t>(out.size()));
  return out;
}

// Spec: [MQTT5] 1.5.5, table 1-1: the least and the most of each length.
TEST(Varint, HasTheBytesOfTheStandard) {
  struct Row {
    std::uint32_t value;
    const char* bytes;
  };
  for (const Row& row : {Row{0, "00"},
                         {127, "7f"},
                         {128, "8001"},
                         {16383, "ff7f"},
                         {16384, "808001"},
                         {2097151, "ffff7f"},
                         {2097152, "80808001"},
                         {268435455, "ffffff7f"}}) {
    const auto want = hex(row.bytes);
    ByteArray<8> out{};
    Writer w(out);
    write_varint(row.value, w);
    EXPECT_THAT(w.written(), testing::ElementsAreArray(want));
    EXPECT_EQ(varint_size(row.value), want.size());
    Reader r(want);
    const auto value = read_varint(r);
    ASSERT_TRUE(value.ok());
    EXPECT_EQ(*value, row.value);
    EXPECT_TRUE(r.finished());
    for (std::size_t size = 0; size < want.size(); ++size) {
      Reader cut(Bytes(want).first(size));
      if (read_varint(cut).ok()) {
        EXPECT_FALSE(cut.ok());
      }
    }
  }
}

TEST(Varint, MustBeShortestAndAtMostFourBytes) {
  for (const char* bad : {"8000", "808000", "80808000", "ff00", "ffffffff7f", "8080808001"}) {
    const auto bytes = hex(bad);
    Reader r(bytes);
    EXPECT_FALSE(read_varint(r).ok()) << bad;
  }
}

// One property with its packets, copied from table 2-4 of the standard.
// W: the will's properties; the digits are the packet types in hex.
struct Row {
  const char* good;  // identifier and value
  const char* packets;
  const char* bad = "";  // a value that is a protocol error
};
constexpr Row kTable[] = {
    {"0101", "3W", "0102"},
    {"0200000000", "3W"},
    {"03000161", "3W"},
    {"08000161", "3W", "0800012b"},
    {"090002ff00", "3W"},
    {"0b01", "38", "0b00"},
    {"1100000001", "12e"},
    {"12000161", "2"},
    {"130001", "2"},
    {"15000161", "12f"},
    {"160001ff", "12f"},
    {"1700", "1", "1702"},
    {"18ffffffff", "W"},
    {"1901", "1", "1902"},
    {"1a000161", "2"},
    {"1c000161", "2e"},
    {"1f000161", "24567 9bef"},
    {"210001", "12", "210000"},
    {"220000", "12"},
    {"230001", "3"},
    {"2401", "2", "2402"},
    {"2500", "2", "2502"},
    {"2700000001", "12", "2700000000"},
    {"2801", "2", "2802"},
    {"2900", "2", "2902"},
    {"2a01", "2", "2aff"},
    {"26000161000162", "W1234567 89abef"},
};

bool listed(const char* packets, unsigned type) {
  return std::string_view(packets).find("W123456789abcdef"[type]) != std::string_view::npos;
}

TEST(Properties, BelongToThePacketsOfTheTable) {
  for (const Row& row : kTable) {
    for (unsigned type = 0; type < 16; ++type) {
      const auto got = read(section(row.good), static_cast<PacketType>(type));
      ASSERT_EQ(got.ok(), listed(row.packets, type)) << row.good << " " << type;
      if (!got.ok()) {
        EXPECT_EQ(got.error(), Error::kMalformed);
      }
    }
  }
}

TEST(Properties, OfNoOtherIdentifierAreRefused) {
  for (unsigned id = 0; id < 256; ++id) {
    bool known = false;
    for (const Row& row : kTable) known = known || hex(row.good)[0] == id;
    if (known) continue;
    for (unsigned type = 0; type < 16; ++type) {
      for (std::size_t size = 0; size < 8; ++size) {
        std::vector<std::uint8_t> bytes(size + 2, 0);
        bytes[0] = static_cast<std::uint8_t>(size + 1);
        bytes[1] = static_cast<std::uint8_t>(id);
        const auto got = read(bytes, static_cast<PacketType>(type));
        ASSERT_FALSE(got.ok()) << id;
        EXPECT_EQ(got.error(), Error::kMalformed);
      }
    }
  }
}

TEST(Properties, StandOnceEach) {
  for (const Row& row : kTable) {
    const std::string twice = std::string(row.good) + row.good;
    for (unsigned type = 0; type < 16; ++type) {
      if (!listed(row.packets, type)) continue;
      const auto got = read(section(twice), static_cast<PacketType>(type));
      const std::string_view id(row.good, 2);
      const bool repeats = id == "26" || (id == "0b" && type == 3);
      ASSERT_EQ(got.ok(), repeats) << row.good << " " << type;
      if (!got.ok()) {
        EXPECT_EQ(got.error(), Error::kOutOfOrder);
      }
    }
  }
}

TEST(Properties, WithForbiddenValuesAreAProtocolError) {
  for (const Row& row : kTable) {
    if (*row.bad == 0) continue;
    for (unsigned type = 0; type < 16; ++type) {
      if (!listed(row.packets, type)) continue;
      const auto got = read(section(row.bad), static_cast<PacketType>(type));
      ASSERT_FALSE(got.ok()) << row.bad;
      EXPECT_EQ(got.error(), Error::kOutOfOrder);
    }
  }
}

TEST(Properties, CutAnywhereAreMalformed) {
  for (const Row& row : kTable) {
    const auto whole = section(row.good);
    for (unsigned type = 0; type < 16; ++type) {
      for (std::size_t size = 0; size < whole.size(); ++size) {
        // The input ends early, and the section says that it does.
        auto cut = std::vector<std::uint8_t>(whole.begin(), whole.begin() + size);
        EXPECT_FALSE(read(cut, static_cast<PacketType>(type)).ok());
        if (size < 2) continue;
        cut[0] = static_cast<std::uint8_t>(size - 1);
        EXPECT_FALSE(read(cut, static_cast<PacketType>(type)).ok());
      }
    }
  }
}

TEST(Properties, StringsAreUtf8) {
  for (const char* bad : {"030001ff", "03000100", "0300c3", "2600016100 01ff", "260001ff000161"}) {
    const auto got = read(section(bad), PacketType::kPublish);
    ASSERT_FALSE(got.ok());
    EXPECT_EQ(got.error(), Error::kMalformed);
  }
}

// Every property of CONNACK at once, written by hand from 3.2.2.3.
TEST(Properties, OfConnackAreReadAndWritten) {
  const auto bytes = section(
      "1100000e10 1200036f6e65 13000a 15000178 160001fe 1a000172 1c000173 1f00026f6b 210014 22000a "
      "2401 2500 2600016b000176 26000000 00 2700010000 2801 2900 2a00");
  auto p = read(bytes, PacketType::kConnack);
  ASSERT_TRUE(p.ok());
  EXPECT_EQ(p->session_expiry_s, 3600u);
  EXPECT_EQ(text(*p->assigned_client_id), "one");
  EXPECT_EQ(p->server_keep_alive_s, 10);
  EXPECT_EQ(text(*p->authentication_method), "x");
  EXPECT_EQ((*p->authentication_data)[0], 0xfe);
  EXPECT_EQ(text(*p->response_info), "r");
  EXPECT_EQ(text(*p->server_reference), "s");
  EXPECT_EQ(text(*p->reason_string), "ok");
  EXPECT_EQ(p->receive_maximum, 20);
  EXPECT_EQ(p->topic_alias_maximum, 10);
  EXPECT_EQ(p->maximum_qos, 1);
  EXPECT_EQ(p->retain_available, 0);
  EXPECT_EQ(p->maximum_packet_size, 65536u);
  EXPECT_EQ(p->wildcards_available, 1);
  EXPECT_EQ(p->subscription_ids_available, 0);
  EXPECT_EQ(p->shared_available, 0);
  EXPECT_FALSE(p->topic_alias.has_value());

  UserPropertyReader reader(*p);
  const auto first = reader.next(), second = reader.next();
  ASSERT_TRUE(first && second);
  EXPECT_EQ(text(first->name) + "=" + text(first->value), "k=v");
  EXPECT_TRUE(second->name.empty() && second->value.empty());
  EXPECT_FALSE(reader.next().has_value());

  const UserProperty user[] = {*first, *second};
  p->user_properties = user;
  EXPECT_TRUE(valid_to_send(*p, PacketType::kConnack));
  EXPECT_FALSE(valid_to_send(*p, PacketType::kConnect));
  // Written in the order of the identifiers, the user's last.
  const auto sorted = section(
      "1100000e10 1200036f6e65 13000a 15000178 160001fe 1a000172 1c000173 1f00026f6b 210014 22000a "
      "2401 2500 2700010000 2801 2900 2a00 2600016b000176 26000000 00");
  ByteArray<128> out{};
  Writer w(out);
  write_properties(*p, w);
  EXPECT_THAT(w.written(), testing::ElementsAreArray(sorted));
  EXPECT_EQ(properties_size(*p), sorted.size());
}

TEST(Properties, OfASubscriptionsMessageHoldAllItsIds) {
  const auto bytes = section("0b01 0101 26000161000162 0bff7f 03000161 0b8001");
  const auto p = read(bytes, PacketType::kPublish);
  ASSERT_TRUE(p.ok());
  EXPECT_EQ(p->subscription_id, 1u);
  SubscriptionIdReader reader(*p);
  EXPECT_EQ(reader.next(), 1u);
  EXPECT_EQ(reader.next(), 16383u);
  EXPECT_EQ(reader.next(), 128u);
  EXPECT_FALSE(reader.next().has_value());
}

TEST(Properties, ReadersOfBuiltPropertiesFindNothing) {
  const Properties none;
  EXPECT_FALSE(UserPropertyReader(none).next().has_value());
  EXPECT_FALSE(SubscriptionIdReader(none).next().has_value());
}

TEST(Properties, SizeCountsItsOwnLength) {
  // The length in front grows from one to two bytes at 128, to three at 16384.
  const std::string content(40000, 'c');
  for (const std::size_t size : {0, 1, 123, 124, 125, 126, 16379, 16380, 16381, 16382, 40000}) {
    Properties p;
    p.content_type = bytes(std::string_view(content).substr(0, size));
    std::vector<std::uint8_t> out(size + 16);
    Writer w(out);
    write_properties(p, w);
    ASSERT_EQ(w.size(), properties_size(p)) << size;
    Reader r(w.written());
    Properties again;
    ASSERT_TRUE(read_properties(r, PacketType::kPublish, again).ok() && r.finished()) << size;
    EXPECT_EQ(again.content_type->size(), size);
  }
}

TEST(Properties, ThatCannotBeSaidAreNotValidToSend) {
  const std::string long_text(65536, 'a');
  const auto invalid = [](auto set, PacketType packet = PacketType::kPublish) {
    Properties p;
    set(p);
    return !valid_to_send(p, packet);
  };
  EXPECT_TRUE(invalid([&](Properties& p) { p.content_type = bytes(long_text); }));
  EXPECT_TRUE(invalid([&](Properties& p) { p.correlation_data = bytes(long_text); }));
  EXPECT_TRUE(invalid([](Properties& p) { p.content_type = bytes("\xff"); }));
  EXPECT_FALSE(invalid([](Properties& p) { p.correlation_data = bytes("\xff"); }));
  EXPECT_TRUE(invalid([](Properties& p) { p.response_topic = bytes("a/#"); }));
  EXPECT_TRUE(invalid([](Properties& p) { p.response_topic = Bytes{}; }));
  EXPECT_TRUE(invalid([](Properties& p) { p.payload_format = std::uint8_t{2}; }));
  EXPECT_TRUE(invalid([](Properties& p) { p.subscription_id = 0u; }));
  EXPECT_TRUE(invalid([](Properties& p) { p.subscription_id = kMaxVarint + 1; }));
  EXPECT_FALSE(invalid([](Properties& p) { p.subscription_id = kMaxVarint; }));
  const UserProperty good{bytes("a"), bytes("b")}, bad{bytes("a"), bytes("\xc3")};
  EXPECT_TRUE(invalid([&](Properties& p) { p.user_properties = {&bad, 1}; }));
  EXPECT_FALSE(invalid([&](Properties& p) { p.user_properties = {&good, 1}; }));
  EXPECT_TRUE(invalid(
      [&](Properties& p) {
        p.user_properties = {&good, 1};
      },
      PacketType::kPingreq));
}

}  // namespace
}  // namespace core::mqtt
