#include "apps/ginnel/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ports/linux/home.h"

namespace apps::ginnel {
namespace {

using ports::linux_os::bytes_of;

TEST(Printable, LeavesOrdinaryTextAlone) {
  EXPECT_EQ(printable("hello, w\u00f6rld \u4f60\u597d \U0001f600", "  "),
            "hello, w\u00f6rld \u4f60\u597d \U0001f600");
  EXPECT_EQ(printable("", "  "), "");
}

TEST(Printable, ShowsEscapesInsteadOfCommands) {
  EXPECT_EQ(printable("\x1b[2J\x07\r\x7f", ""), "\\x1b[2J\\x07\\x0d\\x7f");
  EXPECT_EQ(printable("\u009b1m", ""), "\\x9b1m");              // C1 control sequence introducer
  EXPECT_EQ(printable("\u202egnp.exe", ""), "\\u202egnp.exe");  // right-to-left override
  EXPECT_EQ(printable("\u2028", ""), "\\u2028");                // line separator
  EXPECT_EQ(printable(std::string_view("\0", 1), ""), "\\x00");
}

TEST(Printable, KeepsLinesOfOneMessageTogether) {
  EXPECT_EQ(printable("one\n[9] 12:00:00 bob: forged", "  | "),
            "one\n  | [9] 12:00:00 bob: forged");
}

// No byte string whatever puts a control byte other than a new line out.
TEST(Printable, HoldsForAllShortByteStrings) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string in{static_cast<char>(a), static_cast<char>(b)};
      const std::string out = printable(in, "");
      EXPECT_TRUE(is_utf8(out));
      for (const char c : out) EXPECT_TRUE(static_cast<std::uint8_t>(c) >= 0x20 || c == '\n');
    }
  }
}

TEST(Utf8, RefusesWhatIsNotWellFormed) {
  for (const char* text :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xe2\x82"}) {
    EXPECT_FALSE(is_utf8(text)) << text;
  }
  for (const char* text : {"", "a", "\u00e9", "\u20ac", "\U0010ffff", "\ue000"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
}

// Spec: [RFC4648] 10.
TEST(Base64, PassesTheTestVectors) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(to_base64(bytes_of(plain)), encoded);
    EXPECT_EQ(from_base64(encoded), plain);
  }
  for (const char* text : {"Z", "Zg", "Zg=", "Z===", "Zg==Zg==", "Zm 9", "Zm9\n", "Zm9-"}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

TEST(Times, AreReadable) {
  EXPECT_EQ(iso_time({0}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(iso_time({1'000'000'000'123}), "2001-09-09T01:46:40.123Z");
}

TEST(QrCode, IsSquareAndQuietAtItsEdge) {
  const std::string code = qr_code(bytes_of("hello"));  // version 1: 21 modules
  std::vector<std::string> lines;
  std::string line;
  for (const char c : code) {
    if (c == '\n') {
      lines.push_back(line);
      line.clear();
    } else {
      line += c;
    }
  }
  ASSERT_EQ(lines.size(), 13u);  // (21 + 4) / 2, rounded up
  std::string light;
  for (int i = 0; i < 25; ++i) light += "\u2588";
  EXPECT_EQ(lines.front(), light);
  EXPECT_EQ(qr_code(bytes_of(std::string(4000, 'x'))), "");
}

TEST(DigitGroups, AreFiveDigitsSixGroupsALine) {
  EXPECT_EQ(digit_groups(std::string(30, '1') + std::string(30, '2'), "\n"),
            "11111 11111 11111 11111 11111 11111\n22222 22222 22222 22222 22222 22222");
}

}  // namespace
}  // namespace apps::ginnel
