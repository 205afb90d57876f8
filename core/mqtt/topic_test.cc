#include "core/mqtt/topic.h"

#include <gtest/gtest.h>

#include "core/mqtt/text_test.h"

namespace core::mqtt {
namespace {

using test::hex;

TEST(Utf8, TakesTheFirstAndLastOfEachLength) {
  for (const char* good :
       {"", "01", "7f", "c280", "dfbf", "e0a080", "ed9fbf", "ee8080", "efbfbf", "f0908080",
        "f48fbfbf", "efbbbf41" /* a byte order mark is text */, "61c3a962"}) {
    EXPECT_TRUE(is_utf8(hex(good))) << good;
  }
}

TEST(Utf8, RefusesWhatTheStandardForbids) {
  for (const char* bad : {"00",
                          "6100",
                          "80",
                          "bf",
                          "c0af",
                          "c080",
                          "c1bf",
                          "c2",
                          "c241",
                          "c2c2",
                          "e08080",
                          "e09fbf",
                          "e0a0",
                          "e0a041",
                          "eda080" /* U+D800 */,
                          "edbfbf" /* U+DFFF */,
                          "f0808080",
                          "f08fbfbf",
                          "f09080",
                          "f0908041",
                          "f4908080" /* U+110000 */,
                          "f5808080",
                          "f8888080",
                          "fe",
                          "ff"}) {
    EXPECT_FALSE(is_utf8(hex(bad))) << bad;
  }
}

TEST(Utf8, AgreesWithADecoderOnEveryTwoAndThreeByteText) {
  // Decodes by the definition: value, shortest form, no surrogate, no U+0000.
  const auto valid = [](Bytes t) {
    for (std::size_t i = 0; i < t.size();) {
      const unsigned lead = t[i];
      const unsigned size = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : 0;
      if (size == 0 || i + size > t.size()) return false;
      unsigned value = size == 1 ? lead : lead & (0x7fu >> size);
      for (unsigned k = 1; k < size; ++k) {
        if (t[i + k] >> 6 != 2) return false;
        value = value << 6 | (t[i + k] & 63u);
      }
      const unsigned least = size == 1 ? 1 : size == 2 ? 0x80 : 0x800;
      if (value < least || (value >= 0xd800 && value < 0xe000)) return false;
      i += size;
    }
    return true;
  };
  for (unsigned v = 0; v < 1u << 24; ++v) {
    const ByteArray<3> three{static_cast<std::uint8_t>(v >> 16), static_cast<std::uint8_t>(v >> 8),
                             static_cast<std::uint8_t>(v)};
    if (is_utf8(three) != valid(three)) FAIL() << std::hex << v;
    if (v < 1u << 16) {
      const Bytes two = Bytes(three).subspan(1);
      if (is_utf8(two) != valid(two)) FAIL() << std::hex << v;
    }
  }
}

TEST(Utf8, RefusesWhatALengthCannotSay) {
  EXPECT_TRUE(is_utf8(bytes(std::string(65535, 'a'))));
  EXPECT_FALSE(is_utf8(bytes(std::string(65536, 'a'))));
}

TEST(TopicName, HasNoWildcardsAndIsNotEmpty) {
  for (const char* good : {"a", "/", "//", "a/b", "$SYS/x", "a b", "\xc3\xa9"}) {
    EXPECT_TRUE(is_topic_name(bytes(good))) << good;
  }
  for (const char* bad : {"", "+", "#", "a/+", "a#", "a/+/b", "\xff"}) {
    EXPECT_FALSE(is_topic_name(bytes(bad))) << bad;
  }
  EXPECT_FALSE(is_topic_name(bytes(with_zeros("a\0b"))));
}

TEST(TopicFilter, TakesWildcardsOnlyAsWholeLevels) {
  // The first rows are the examples of the standard, 4.7.1.2 and 4.7.1.3.
  for (const char* good :
       {"sport/tennis/player1/#", "sport/#", "#", "sport/tennis/#", "+", "+/tennis/#",
        "sport/+/player1", "/", "+/+", "/+", "a//b", "$share/consumer1/sport/tennis/+",
        "$share/c//finance", "$share/c/#", "$shared/x", "$share", "$SYS/#"}) {
    EXPECT_TRUE(is_topic_filter(bytes(good))) << good;
  }
  for (const char* bad : {"", "sport/tennis#", "sport/tennis/#/ranking", "sport+", "#/a", "##",
                          "a/+b", "++", "a+/b", "$share/", "$share/c", "$share/c/", "$share//a",
                          "$share/+/a", "$share/#/a", "$share/c/a#", "\xff"}) {
    EXPECT_FALSE(is_topic_filter(bytes(bad))) << bad;
  }
  EXPECT_TRUE(is_shared(bytes("$share/c/a")));
  EXPECT_FALSE(is_shared(bytes("$share")));
  EXPECT_FALSE(is_shared(bytes("a/$share/c/a")));
  EXPECT_TRUE(has_wildcard(bytes("a/+")) && has_wildcard(bytes("#")));
  EXPECT_FALSE(has_wildcard(bytes("a/b")));
}

TEST(TopicFilter, MatchesAsInTheStandard) {
  struct Row {
    const char* filter;
    const char* topic;
    bool match;
  };
  for (const Row& row : {Row{"sport/tennis/player1/#", "sport/tennis/player1", true},
                         {"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
                         {"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
                         {"sport/tennis/player1/#", "sport/tennis/player10", false},
                         {"sport/#", "sport", true},
                         {"#", "a/b/c", true},
                         {"#", "/", true},
                         {"sport/tennis/+", "sport/tennis/player1", true},
                         {"sport/tennis/+", "sport/tennis/player1/ranking", false},
                         {"sport/+", "sport", false},
                         {"sport/+", "sport/", true},
                         {"+/+", "/finance", true},
                         {"/+", "/finance", true},
                         {"+", "/finance", false},
                         {"#", "$SYS/x", false},
                         {"+/monitor/Clients", "$SYS/monitor/Clients", false},
                         {"$SYS/#", "$SYS/", true},
                         {"$SYS/monitor/+", "$SYS/monitor/Clients", true},
                         {"a/b", "a/b", true},
                         {"a/b", "a/B", false},
                         {"a/b", "a", false},
                         {"a", "a/b", false},
                         {"a/", "a", false},
                         {"a", "a/", false},
                         {"a/+/#", "a", false},
                         {"a/+/#", "a/b", true}}) {
    EXPECT_EQ(matches(bytes(row.filter), bytes(row.topic)), row.match)
        << row.filter << " " << row.topic;
  }
}

}  // namespace
}  // namespace core::mqtt
