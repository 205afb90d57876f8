#include "core/api/topic.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "test/no_heap.h"

namespace core::api {
namespace {

Bytes bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
DeviceName name(std::string_view text) { return *DeviceName::parse(bytes(text)); }

// What `write` writes, as text; "full" if it does not fit.
template <class Write>
std::string text_of(Write write, std::size_t room = kMaxTopicSize) {
  std::vector<std::uint8_t> out(room);
  const auto size = write(MutBytes(out));
  if (!size) return "full";
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(*size)};
}

const std::string kLongName(64, 'z');

// From `printf %s NAME | sha256sum`.
TEST(Topics, TheShardIsTheFirstByteOfTheNamesHash) {
  EXPECT_EQ(shard(name("alice")), 0x2b);
  EXPECT_EQ(shard(name("bob")), 0x81);
  EXPECT_EQ(shard(name("sensor-7.attic_b")), 0x73);
}

TEST(Topics, AreWrittenAsSpecified) {
  const auto up = [](MutBytes out) { return up_topic(name("alice"), Method::kContacts, out); };
  EXPECT_EQ(text_of(up), "ginnel/1/up/2b/alice/contacts");
  const auto down = [](MutBytes out) { return down_topic(name("bob"), Down::kReply, out); };
  EXPECT_EQ(text_of(down), "ginnel/1/down/bob/reply");
  const auto filter = [](MutBytes out) { return down_filter(name("bob"), out); };
  EXPECT_EQ(text_of(filter), "ginnel/1/down/bob/#");
}

TEST(Topics, OfEveryMethodAndDirectionRoundTrip) {
  for (const std::string_view device :
       {std::string_view("a"), std::string_view("x.y-z_0"), std::string_view(kLongName)}) {
    for (std::size_t i = 0; i < kMethodCount; ++i) {
      const auto method = static_cast<Method>(i);
      const auto topic = text_of([&](MutBytes out) { return up_topic(name(device), method, out); });
      ASSERT_NE(topic, "full");
      const auto parsed = parse_up_topic(bytes(topic));
      ASSERT_TRUE(parsed.ok()) << topic;
      EXPECT_TRUE(parsed->device == name(device));
      EXPECT_EQ(parsed->method, method);
      EXPECT_FALSE(parse_down_topic(bytes(topic)).ok());
    }
    for (const Down down : {Down::kReply, Down::kMail, Down::kNotice}) {
      const auto topic = text_of([&](MutBytes out) { return down_topic(name(device), down, out); });
      ASSERT_NE(topic, "full");
      const auto parsed = parse_down_topic(bytes(topic));
      ASSERT_TRUE(parsed.ok()) << topic;
      EXPECT_TRUE(parsed->device == name(device));
      EXPECT_EQ(parsed->down, down);
      EXPECT_FALSE(parse_up_topic(bytes(topic)).ok());
    }
  }
}

TEST(Topics, KnowThatAMethodIsOfALaterVersion) {
  const auto parsed = parse_up_topic(bytes("ginnel/1/up/2b/alice/teleport"));
  ASSERT_TRUE(parsed.ok());
  EXPECT_TRUE(parsed->device == name("alice"));
  EXPECT_FALSE(parsed->method.has_value());
}

TEST(Topics, RefuseUpTopicsThatAreNone) {
  const std::string_view kBad[] = {
      "",
      "/",
      "ginnel",
      "ginnel/1/up",
      "ginnel/1/up/",
      "ginnel/1/up/2b",
      "ginnel/1/up/2b/",
      "ginnel/1/up/2b/alice",
      "ginnel/1/up/2b/alice/",
      "ginnel/1/up/2b//publish",
      "ginnel/1/up//alice/publish",
      "ginnel/1/up/2b/alice/publish/",
      "ginnel/1/up/2b/alice/publish/x",
      "ginnel/1/up/2b/alice//publish",
      "ginnel/1/up/2b/bob/publish",    // another device's shard
      "ginnel/1/up/2B/alice/publish",  // upper case
      "ginnel/1/up/02b/alice/publish",
      "ginnel/1/up/b/alice/publish",
      "ginnel/1/up/2c/alice/publish",
      "ginnel/1/up/2b/Alice/publish",
      "ginnel/1/up/2b/+/publish",
      "ginnel/1/up/2b/#",
      "ginnel/1/up/+/alice/publish",
      "ginnel/1/up/2b/../publish",
      "ginnel/1/down/alice/reply",
      "ginnel/2/up/2b/alice/publish",
      "/ginnel/1/up/2b/alice/publish",
      "Ginnel/1/up/2b/alice/publish",
      "$SYS/broker/uptime",
      "$share/g/ginnel/1/up/2b/alice/publish",
  };
  for (const auto topic : kBad) EXPECT_FALSE(parse_up_topic(bytes(topic)).ok()) << topic;
  const std::string long_method = "ginnel/1/up/2b/alice/" + std::string(76, 'x');
  EXPECT_FALSE(parse_up_topic(bytes(long_method)).ok());
  EXPECT_TRUE(parse_up_topic(bytes(long_method).first(kMaxTopicSize)).ok());
  const std::string zero("ginnel/1/up/2b/ali\0e/publish", 28);
  EXPECT_FALSE(parse_up_topic(bytes(zero)).ok());
}

TEST(Topics, RefuseDownTopicsThatAreNone) {
  const std::string_view kBad[] = {
      "",
      "ginnel/1/down/",
      "ginnel/1/down/alice",
      "ginnel/1/down/alice/",
      "ginnel/1/down/alice/replies",
      "ginnel/1/down/alice/repl",
      "ginnel/1/down/alice/Reply",
      "ginnel/1/down/alice/reply/",
      "ginnel/1/down/alice/reply/x",
      "ginnel/1/down//reply",
      "ginnel/1/down/alice/#",
      "ginnel/1/down/+/reply",
      "ginnel/1/down/ALICE/reply",
      "ginnel/1/up/2b/alice/publish",
      "ginnel/2/down/alice/reply",
  };
  for (const auto topic : kBad) EXPECT_FALSE(parse_down_topic(bytes(topic)).ok()) << topic;
}

TEST(Topics, CutShortAreRefused) {
  const std::string_view up = "ginnel/1/up/81/bob/ack", down = "ginnel/1/down/bob/notice";
  for (std::size_t size = 0; size < up.size(); ++size) {
    const auto parsed = parse_up_topic(bytes(up.substr(0, size)));
    EXPECT_FALSE(parsed.ok() && parsed->method.has_value()) << size;
  }
  for (std::size_t size = 0; size < down.size(); ++size) {
    EXPECT_FALSE(parse_down_topic(bytes(down.substr(0, size))).ok()) << size;
  }
}

TEST(Topics, FitExactlyOrAreFullOfZeros) {
  const auto device = name(kLongName);
  for (std::size_t size = 0; size <= kMaxTopicSize; ++size) {
    ByteArray<kMaxTopicSize> out;
    out.fill(0xa5);
    const auto result = up_topic(device, Method::kContacts, MutBytes(out).first(size));
    const std::size_t needed = 12 + 3 + 64 + 9;
    ASSERT_EQ(result.ok(), size >= needed);
    if (!result) {
      EXPECT_EQ(result.error(), Error::kFull);
      for (std::size_t i = 0; i < out.size(); ++i) EXPECT_EQ(out[i], i < size ? 0 : 0xa5);
    }
  }
  EXPECT_EQ(text_of([&](MutBytes out) { return down_topic(device, Down::kNotice, out); }, 84),
            "full");
  EXPECT_NE(text_of([&](MutBytes out) { return down_topic(device, Down::kNotice, out); }, 85),
            "full");
  EXPECT_EQ(text_of([&](MutBytes out) { return down_filter(device, out); }, 79), "full");
  EXPECT_NE(text_of([&](MutBytes out) { return down_filter(device, out); }, 80), "full");
}

TEST(Topics, UseNoHeap) {
  const auto device = name("alice");
  ByteArray<kMaxTopicSize> out{};
  const test::HeapCount heap;
  const auto size = up_topic(device, Method::kSend, out);
  const bool ok =
      size.ok() && parse_up_topic(Bytes(out).first(*size)).ok() && down_filter(device, out).ok();
  EXPECT_EQ(heap.count(), 0u);
  EXPECT_TRUE(ok);
}

}  // namespace
}  // namespace core::api
