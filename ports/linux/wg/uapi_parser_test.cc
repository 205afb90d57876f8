#include "ports/linux/wg/uapi_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ports::linux_os::wg {
namespace {

const std::string kKey = "00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff";

core::Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// A request's events as words, fed `step` bytes at a time.
std::vector<std::string> events(const std::string& request, std::size_t step = SIZE_MAX) {
  UapiParser parser;
  std::vector<std::string> out;
  for (std::size_t at = 0; at < request.size(); at += std::min(step, request.size() - at)) {
    const std::string part = request.substr(at, step);
    core::Bytes input = bytes_of(part);
    while (true) {
      const UapiEvent event = parser.next(input);
      const std::string error = std::to_string(static_cast<int>(parser.error()));
      if (event == UapiEvent::kNeedMore) break;
      if (event == UapiEvent::kGet) out.push_back("get");
      if (event == UapiEvent::kSet) out.push_back("set");
      if (event == UapiEvent::kSetDone) out.push_back("done");
      if (event == UapiEvent::kSetting) {
        out.push_back(std::to_string(static_cast<int>(parser.setting().key)));
      }
      if (event == UapiEvent::kError) out.push_back("error " + error);
      if (event == UapiEvent::kClose) {
        out.push_back("close " + error);
        return out;
      }
    }
  }
  return out;
}

using Events = std::vector<std::string>;

// The answer to one line in a set request.
std::string line_in(const std::string& before, const std::string& line) {
  const auto all = events("set=1\n" + before + line + "\n\n");
  return all[all.size() - (all.back() == "done" ? 2 : 1)];
}

TEST(UapiParser, ReadsWhatWgSetSends) {
  const std::string request =
      "set=1\nprivate_key=" + kKey +
      "\nlisten_port=51820\nfwmark=0\nreplace_peers=true\npublic_key=" + kKey +
      "\nupdate_only=true\npreshared_key=" + kKey +
      "\nendpoint=[fe80::1%eth0]:1\npersistent_keepalive_interval=25\n"
      "replace_allowed_ips=true\nallowed_ip=10.0.0.0/8\n"
      "allowed_ip=-fd00::/64\nprotocol_version=1\n\nget=1\n\n";
  const Events expected = {"set", "0", "1",  "2",  "3",  "4",  "6",    "7",
                           "8",   "9", "11", "12", "13", "10", "done", "get"};
  EXPECT_EQ(events(request), expected);
  EXPECT_EQ(events(request, 1), expected);
  EXPECT_EQ(events(request, 7), expected);
}

TEST(UapiParser, AnswersErrorsAsMeasured) {
  const std::string peer = "public_key=" + kKey + "\n";
  for (const char* line :
       {"unknown=1", "listen_port=65536", "listen_port=", "listen_port=-1", "listen_port=+1",
        "fwmark=0x10", "fwmark=4294967296", "replace_peers=false", "private_key=00",
        "preshared_key=00", "allowed_ip=10.0.0.0/8", "=", "=1"}) {
    EXPECT_EQ(line_in("", line), "error -22") << line;
  }
  for (const char* line : {"protocol_version=2",
                           "persistent_keepalive_interval=70000",
                           "allowed_ip=10.0.0.0/33",
                           "allowed_ip=fd00::/129",
                           "allowed_ip=10.0.0.0",
                           "allowed_ip=--10.0.0.0/8",
                           "allowed_ip=10.0.0/8",
                           "endpoint=10.0.0.1",
                           "endpoint=10.0.0.1:65536",
                           "endpoint=fd00::1:5",
                           "endpoint=[10.0.0.1]:5",
                           "endpoint=[fd00::1%]:5",
                           "endpoint=host.example:5",
                           "endpoint=:5",
                           "endpoint=",
                           "remove=yes",
                           "update_only=",
                           "replace_allowed_ips=1",
                           "private_key=00",
                           "listen_port=1"}) {
    EXPECT_EQ(line_in(peer, line), "error -22") << line;
  }
  EXPECT_EQ(line_in(peer, "private_key=" + kKey), "error -22");
  EXPECT_EQ(line_in("", "private_key=" + kKey.substr(1) + "g"), "error -22");
  EXPECT_EQ(line_in("", "no equals sign"), "error -71");
}

TEST(UapiParser, ClosesOnWhatIsNoRequest) {
  for (const char* request : {"hello\n", "get=2\n\n", "\n", "set=2\n", "get=1\r\n\r\n"}) {
    EXPECT_EQ(events(request), Events{"close 0"}) << request;
  }
  EXPECT_EQ(events("get=1\nx\n"), Events{"close -22"});
  EXPECT_EQ(events(std::string(100000, 'a') + "\n", 100), Events{"close -22"});
}

TEST(UapiParser, KeepsNothingOfALineThatIsTooLong) {
  const std::string longest(512, 'a'), longer(513, 'a');
  EXPECT_EQ(line_in("", longest), "error -71");
  EXPECT_EQ(line_in("", longer), "error -22");
  EXPECT_EQ(events("set=1\n" + std::string(100000, 'a') + "\n\nget=1\n\n", 100),
            (Events{"set", "error -22", "get"}));
  EXPECT_EQ(events("set=1\nbad\n" + longer + "\n\nget=1\n\n"), (Events{"set", "error -71", "get"}));
}

TEST(UapiParser, SkipsTheRestOfAFailedRequestAndReadsTheNext) {
  EXPECT_EQ(events("set=1\nbad=1\nlisten_port=1\nget=1\n\nget=1\n\n"),
            (Events{"set", "error -22", "get"}));
  UapiParser parser;
  const std::string request = "set=1\nlisten_port=1\nlisten_port=2\n\nget=1\n\n";
  core::Bytes input = bytes_of(request);
  EXPECT_EQ(parser.next(input), UapiEvent::kSet);
  EXPECT_EQ(parser.next(input), UapiEvent::kSetting);
  parser.skip_request();
  EXPECT_EQ(parser.next(input), UapiEvent::kGet);
}

TEST(UapiParser, TakesTheEndOfInputForTheEndOfASetRequest) {
  UapiParser parser;
  const std::string request = "set=1\nlisten_port=1\n";
  core::Bytes input = bytes_of(request);
  while (parser.next(input) != UapiEvent::kNeedMore) continue;
  EXPECT_EQ(parser.end_of_input(), UapiEvent::kSetDone);
  EXPECT_EQ(parser.end_of_input(), UapiEvent::kClose);
}

TEST(UapiParser, EveryTruncationOfARequestWaitsForMore) {
  const std::string request = "set=1\npublic_key=" + kKey + "\nallowed_ip=10.0.0.0/8\n\n";
  for (std::size_t size = 0; size < request.size(); ++size) {
    const auto all = events(request.substr(0, size));
    EXPECT_TRUE(all.empty() || (all.back() != "done" && !all.back().starts_with("c"))) << size;
  }
}

TEST(UapiValues, AreReadExactly) {
  const auto key = parse_key_hex(kKey);
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(key->view()[1], 0x11);
  EXPECT_EQ(key->view()[15], 0xff);
  EXPECT_EQ(key->view()[26], 0xaa);
  for (int c = 0; c < 256; ++c) {
    std::string text = kKey;
    text[9] = static_cast<char>(c);
    EXPECT_EQ(parse_key_hex(text).ok(), std::isxdigit(c) != 0) << c;
  }
  core::wg::Endpoint endpoint;
  std::array<char, 16> scope;
  ASSERT_TRUE(parse_endpoint("[fe80::1%wlan0]:51820", endpoint, scope));
  EXPECT_EQ(endpoint.port, 51820);
  EXPECT_EQ(endpoint.address.family, core::wg::Family::kIpv6);
  EXPECT_STREQ(scope.data(), "wlan0");
  ASSERT_TRUE(parse_endpoint("192.0.2.7:0", endpoint, scope));
  EXPECT_EQ(endpoint.address, core::wg::IpAddress::v4(core::ByteArray<4>{192, 0, 2, 7}));
  EXPECT_EQ(scope[0], 0);
  EXPECT_EQ(parse_prefix("fd00::/128")->bits, 128);
  EXPECT_EQ(*parse_number("4294967295", UINT32_MAX), UINT32_MAX);
  EXPECT_FALSE(parse_number("4294967296", UINT32_MAX).ok());
  EXPECT_FALSE(parse_number("00000000001", UINT32_MAX).ok());
}

}  // namespace
}  // namespace ports::linux_os::wg
