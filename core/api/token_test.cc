#include "core/api/token.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "core/crypto/sha2.h"
#include "test/no_heap.h"

namespace core::api {
namespace {

Bytes bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
std::string text(Bytes b) { return {b.begin(), b.end()}; }

Token token(std::string_view host) {
  Token out;
  out.host_size = static_cast<std::uint8_t>(std::min(host.size(), Token::kMaxHostSize));
  copy(bytes(host).first(out.host_size), out.host_text);
  out.port = 8443;
  for (std::uint8_t i = 0; i < 16; ++i) {
    out.ca_fingerprint[i] = static_cast<std::uint8_t>(100 + i);
    out.secret.mut()[i] = i;
  }
  out.expires_s = 1800000000;
  return out;
}

std::string formatted(const Token& t) {
  ByteArray<Token::kMaxTextSize> out{};
  const auto size = t.format(out);
  return size ? text(Bytes(out).first(*size)) : "refused";
}

// The host that comes back, or "refused".
std::string through(std::string_view host) {
  const auto made = formatted(token(host));
  if (made == "refused") return made;
  const auto parsed = Token::parse(bytes(made));
  EXPECT_TRUE(parsed.ok()) << host;
  return parsed ? text(parsed->host()) : "not read";
}

constexpr std::string_view kIpv4Token =
    "GNL1-YK0AG08M43XP8SB6CXM6JTKBDHPPWVVGE5S76001081G81860W40J2GB1G6GW3VB97900J9D";
constexpr std::string_view kIpv6Token =
    "GNL1-YRG023DR0000000000000000000J1YV4CNK6ET39D9NPRVBEDXR72WKK000G40R40M30E209185GR38E1XNM"
    "KMG04NPG";
constexpr std::string_view kDnsToken =
    "GNL1-1HKPJVKECNP2WV3FCDGPR87VCHJPCSV8D5N6PV3DDSQQ0WBJEC0020G30G2GC1R81450P30D1R7PPJEJ00D8"
    "Y";

// Made by a few lines of Python with hashlib and ipaddress.
TEST(Tokens, AreWrittenAsSpecified) {
  EXPECT_EQ(formatted(token("192.168.1.20")), kIpv4Token);
  EXPECT_EQ(formatted(token("2001:db8::1")), kIpv6Token);
  EXPECT_EQ(formatted(token("ginnel.local")), kDnsToken);
  EXPECT_EQ(kIpv4Token.size(), 77u);  // what a version 3 QR code holds
}

TEST(Tokens, AreReadAsSpecified) {
  for (const auto& [written, host] : {std::pair{kIpv4Token, "192.168.1.20"},
                                      {kIpv6Token, "2001:db8::1"},
                                      {kDnsToken, "ginnel.local"}}) {
    const auto parsed = Token::parse(bytes(written));
    ASSERT_TRUE(parsed.ok()) << host;
    EXPECT_EQ(text(parsed->host()), host);
    EXPECT_EQ(parsed->port, 8443);
    EXPECT_EQ(parsed->expires_s, 1800000000u);
    for (std::uint8_t i = 0; i < 16; ++i) {
      EXPECT_EQ(parsed->ca_fingerprint[i], 100 + i);
      EXPECT_EQ(parsed->secret.view()[i], i);
    }
  }
}

TEST(Tokens, ExpireAtTheirSecond) {
  const auto t = token("a.example");
  EXPECT_FALSE(t.expired({1799999999'999}));
  EXPECT_TRUE(t.expired({1800000000'000}));
}

TEST(Tokens, CarryAddressesInTheirUsualForm) {
  for (const std::string_view host : {"0.0.0.0",
                                      "127.0.0.1",
                                      "255.255.255.255",
                                      "10.20.30.40",
                                      "::",
                                      "::1",
                                      "1::",
                                      "fe80::1",
                                      "1:2:3:4:5:6:7:8",
                                      "2001:db8:0:1:1:1:1:1",
                                      "2001:db8::1:0:0:1",
                                      "1:0:0:2::3",
                                      "::ffff:c0a8:114",
                                      "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                                      "localhost",
                                      "a",
                                      "x1",
                                      "1a",
                                      "a-b.c_d.example",
                                      "xn--bcher-kva.example"}) {
    EXPECT_EQ(through(host), host);
  }
  // Spec: [RFC5952] 4.
  EXPECT_EQ(through("2001:0DB8:0000:0000:0000:0000:0000:0001"), "2001:db8::1");
  EXPECT_EQ(through("0:0:0:0:0:0:0:0"), "::");
  EXPECT_EQ(through("1:0:0:0:2:0:0:0"), "1::2:0:0:0");
  EXPECT_EQ(through("1:0:0:2:0:0:0:3"), "1:0:0:2::3");
  EXPECT_EQ(through("1:2:3:4:5:6:7::"), "1:2:3:4:5:6:7:0");
  EXPECT_EQ(through("::2:3:4:5:6:7:8"), "0:2:3:4:5:6:7:8");
  EXPECT_EQ(through("Ginnel.Example"), "ginnel.example");
  EXPECT_EQ(through(std::string(60, 'a') + ".b-c"), std::string(60, 'a') + ".b-c");
}

TEST(Tokens, RefuseHostsThatAreNone) {
  for (const std::string_view host : {"",
                                      ".",
                                      "a.",
                                      ".a",
                                      "a..b",
                                      "-a",
                                      "a-",
                                      "a.-b",
                                      "a b",
                                      "a/b",
                                      "a:1",
                                      "1.2.3",
                                      "1.2.3.4.5",
                                      "1.2.3.256",
                                      "01.2.3.4",
                                      "1.2.3.04",
                                      "1..2.3",
                                      "12345",
                                      "a.1",
                                      ":",
                                      ":::",
                                      "1:",
                                      ":1",
                                      "1::2::3",
                                      "1:2:3:4:5:6:7",
                                      "1:2:3:4:5:6:7:8:9",
                                      "1:2:3:4:5:6:7:8::",
                                      "::1:2:3:4:5:6:7:8",
                                      "12345::",
                                      "g::",
                                      "::1.2.3.4",
                                      "fe80::1%eth0",
                                      "[::1]",
                                      "\xc3\xa9.example"}) {
    EXPECT_EQ(through(host), "refused") << host;
  }
  EXPECT_EQ(through(std::string(64, 'a')), "refused");  // a label has at most 63
  auto t = token("a");
  t.port = 0;
  EXPECT_EQ(formatted(t), "refused");
  t = token("a");
  t.host_size = 65;
  EXPECT_EQ(formatted(t), "refused");
}

TEST(Tokens, AreReadFromWhatPeopleType) {
  std::string typed(kDnsToken);
  std::transform(typed.begin(), typed.end(), typed.begin(),
                 [](char c) { return static_cast<char>(std::tolower(c)); });
  EXPECT_TRUE(Token::parse(bytes(typed)).ok());
  // O for 0, I and L for 1, in both cases, the prefix included.
  for (const auto& [from, to] :
       {std::pair{'0', 'O'}, {'0', 'o'}, {'1', 'I'}, {'1', 'l'}, {'1', 'L'}, {'1', 'i'}}) {
    typed = kDnsToken;
    std::replace(typed.begin(), typed.end(), from, to);
    EXPECT_TRUE(Token::parse(bytes(typed)).ok()) << to;
  }
  typed = kDnsToken;
  for (std::size_t i = 4; i < typed.size(); i += 5) typed.insert(i, "-");
  EXPECT_TRUE(Token::parse(bytes(typed)).ok());
  typed.insert(0, "  ").append("\r\n");
  EXPECT_TRUE(Token::parse(bytes(typed)).ok());
  std::erase_if(typed, [](char c) { return c == '-' || c <= ' '; });
  EXPECT_TRUE(Token::parse(bytes(typed)).ok());
}

TEST(Tokens, NoticeEveryWrongCharacter) {
  for (const auto original : {kIpv4Token, kDnsToken}) {
    for (std::size_t i = 0; i < original.size(); ++i) {
      std::string typed(original);
      for (int c = 0; c < 256; ++c) {
        typed[i] = static_cast<char>(c);
        const auto parsed = Token::parse(bytes(typed));
        if (parsed) {  // then it says the same
          EXPECT_EQ(formatted(*parsed), original) << i << ' ' << c;
        }
      }
    }
  }
}

TEST(Tokens, NoticeSwappedAndDoubledCharacters) {
  for (std::size_t i = 5; i + 1 < kIpv4Token.size(); ++i) {
    std::string typed(kIpv4Token);
    std::swap(typed[i], typed[i + 1]);
    if (typed != kIpv4Token) {
      EXPECT_FALSE(Token::parse(bytes(typed)).ok()) << i;
    }
    typed = kIpv4Token;
    typed.insert(i, 1, typed[i]);
    EXPECT_FALSE(Token::parse(bytes(typed)).ok()) << i;
  }
}

TEST(Tokens, CutShortAreRefused) {
  for (const auto original : {kIpv4Token, kIpv6Token, kDnsToken}) {
    for (std::size_t size = 0; size < original.size(); ++size) {
      const auto parsed = Token::parse(bytes(original.substr(0, size)));
      ASSERT_FALSE(parsed.ok()) << size;
      EXPECT_EQ(parsed.error(), Error::kMalformed);
    }
    EXPECT_FALSE(Token::parse(bytes(std::string(original) + '0')).ok());
    EXPECT_FALSE(Token::parse(bytes(std::string(original) + std::string(300, 'Z'))).ok());
  }
}

TEST(Tokens, OfALaterVersionAreToldFromMistypedOnes) {
  for (const char* later : {"GNL2-ANYTHING", "gnl9-", "GNLZ"}) {
    EXPECT_EQ(Token::parse(bytes(later)).error(), Error::kBadVersion) << later;
  }
  for (const char* bad :
       {"", "GNL", "GNL0-", "GNL!", "GML1-", "hello", "GNL1-", "GNL1-0", "GNLU-"}) {
    EXPECT_EQ(Token::parse(bytes(bad)).error(), Error::kMalformed) << bad;
  }
}

// A token's text around any contents, with the right checksum.
std::string enveloped(std::string contents) {
  const auto hash = crypto::sha256(bytes(contents));
  contents += {static_cast<char>(hash[0]), static_cast<char>(hash[1])};
  std::string out = "GNL1-";
  for (std::size_t at = 0; at < contents.size() * 8; at += 5) {
    unsigned value = 0;
    for (std::size_t bit = at; bit < at + 5; ++bit) {
      const bool past = bit >= contents.size() * 8;
      const auto byte = past ? 0u : static_cast<std::uint8_t>(contents[bit / 8]);
      value = value << 1 | (byte >> (7 - bit % 8) & 1);
    }
    out += "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[value];
  }
  return out;
}

TEST(Tokens, RefuseWrongContentsUnderARightChecksum) {
  const std::string port = "\x01\xbb", rest(36, 'x');
  const auto accepts = [&](const std::string& host, const std::string& tail) {
    return Token::parse(bytes(enveloped(host + tail))).ok();
  };
  const std::string good = port + rest;
  EXPECT_TRUE(accepts("\1a", good));
  EXPECT_TRUE(
      accepts("\xf4"
              "abcd",
              good));
  EXPECT_TRUE(
      accepts("\xf6"
              "abcdefghijklmnop",
              good));
  EXPECT_TRUE(accepts("\x3f" + std::string(63, 'a'), good));
  for (const char* host : {"",
                           "\x02"
                           "a.",
                           "\1A", "\1-", "\1/",
                           "\2"
                           "\xc3\xa9",
                           "\5"
                           "1.2.3",
                           "\xf5"
                           "abcd",
                           "\x07"
                           "1.2.3.4"}) {
    EXPECT_FALSE(accepts(host, good)) << host;
  }
  EXPECT_FALSE(accepts(std::string(1, '\0'), good));
  EXPECT_FALSE(accepts("\x40" + std::string(64, 'a'), good));
  EXPECT_TRUE(accepts("\x40" + std::string(32, 'a') + '.' + std::string(31, 'a'), good));
  EXPECT_FALSE(accepts("\x41" + std::string(32, 'a') + '.' + std::string(32, 'a'), good));
  EXPECT_FALSE(accepts("\1a", std::string(2, '\0') + rest));  // port 0
  EXPECT_FALSE(accepts("\1a", good + 'x'));
  EXPECT_FALSE(accepts("\1a", good.substr(1)));
  EXPECT_FALSE(Token::parse(bytes(enveloped(""))).ok());
}

TEST(Tokens, RefuseLeftOverBits) {
  std::string typed(kDnsToken);  // 53 bytes in 85 characters: one bit is left over
  ASSERT_EQ(typed.back(), 'Y');  // 30, so that bit is 0
  typed.back() = 'Z';
  EXPECT_FALSE(Token::parse(bytes(typed)).ok());
}

TEST(Tokens, SurviveGarbage) {
  std::uint32_t state = 1;
  for (int i = 0; i < 20000; ++i) {
    std::string typed = "GNL1-";
    state = state * 1664525 + 1013904223;
    const std::size_t size = state >> 24;
    for (std::size_t n = 0; n < size; ++n) {
      state = state * 1664525 + 1013904223;
      typed += "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[state >> 27];
    }
    (void)Token::parse(bytes(typed)).ok();
  }
}

TEST(Tokens, FitExactlyOrAreFullOfZeros) {
  const auto t = token("192.168.1.20");
  for (std::size_t size = 0; size < 80; ++size) {
    ByteArray<80> out;
    out.fill(0xa5);
    const auto result = t.format(MutBytes(out).first(size));
    ASSERT_EQ(result.ok(), size >= 77);
    if (!result) {
      EXPECT_EQ(result.error(), Error::kFull);
      for (std::size_t i = 0; i < out.size(); ++i) EXPECT_EQ(out[i], i < size ? 0 : 0xa5);
    }
  }
  const auto longest = token(std::string(61, 'a') + ".bc");
  ByteArray<Token::kMaxTextSize> out{};
  EXPECT_TRUE(longest.format(out).ok());
}

TEST(Tokens, UseNoHeap) {
  ByteArray<Token::kMaxTextSize> out{};
  const auto t = token("2001:db8::1");
  const test::HeapCount heap;
  const auto size = t.format(out);
  const bool ok = size.ok() && Token::parse(Bytes(out).first(*size)).ok();
  EXPECT_EQ(heap.count(), 0u);
  EXPECT_TRUE(ok);
}

}  // namespace
}  // namespace core::api
