// What the host is told of packets that lead nowhere.
#include "ports/linux/wg/unreachable.h"

#include <gtest/gtest.h>

#include "ports/linux/wg/test_packets.h"

namespace ports::linux_os::wg {
namespace {

constexpr core::Instant kNow{5'000};

Packet icmp_packet(int version, int type) {
  Packet p = make_packet(
      {.version = version, .protocol = static_cast<std::uint8_t>(version == 4 ? 1 : 58)});
  p[ip_size(p)] = static_cast<std::uint8_t>(type);
  return p;
}

TEST(Unreachable, GoesBackToTheSenderWithTheFrontOfItsPacket) {
  for (const int version : {4, 6}) {
    const std::size_t most = version == 4 ? 576 : 1280;
    for (const std::size_t payload : {0u, 100u, 60'000u}) {
      Unreachable unreachable;
      const Packet about = make_packet({.version = version, .payload_size = payload});
      const auto message = unreachable.message_about(about, kNow);
      const std::size_t ip = version == 4 ? 20 : 40;
      ASSERT_EQ(message.size(), std::min(ip + 8 + about.size(), most));
      EXPECT_TRUE(
          std::equal(message.begin() + static_cast<long>(ip) + 8, message.end(), about.begin()));
      const core::Bytes icmp = core::Bytes(message).subspan(ip);
      if (version == 4) {
        EXPECT_EQ(message[9], 1);
        EXPECT_EQ(slow_checksum(message.first(20)), 0);
        EXPECT_EQ(slow_checksum(icmp), 0);
        EXPECT_EQ(icmp[0] << 8 | icmp[1], 0x301);
        EXPECT_EQ(message[15], 2);  // from where it was to go
        EXPECT_EQ(message[19], 1);  // to where it came from
      } else {
        EXPECT_EQ(message[6], 58);
        EXPECT_TRUE(checksums_right(message));
        EXPECT_EQ(icmp[0] << 8 | icmp[1], 0x103);
        EXPECT_EQ(message[23], 2);
        EXPECT_EQ(message[39], 1);
      }
    }
  }
}

TEST(Unreachable, IsSilentAboutErrorsCrowdsAndFragments) {
  Unreachable unreachable;
  const auto told = [&](const Packet& p) { return !unreachable.message_about(p, kNow).empty(); };
  for (const int query : {0, 8, 13}) EXPECT_TRUE(told(icmp_packet(4, query))) << query;
  for (const int error : {3, 4, 5, 11, 12}) {
    EXPECT_FALSE(told(icmp_packet(4, error))) << error;
  }
  EXPECT_TRUE(told(icmp_packet(6, 128)));
  for (const int error : {1, 2, 3, 4, 127}) {
    EXPECT_FALSE(told(icmp_packet(6, error))) << error;
  }
  for (const std::size_t at : {12u, 16u}) {
    for (const int first : {0, 127, 224, 255}) {
      Packet p = make_packet({});
      p[at] = static_cast<std::uint8_t>(first);
      EXPECT_FALSE(told(p)) << at << " " << first;
    }
  }
  for (const std::size_t at : {8u, 24u}) {
    Packet p = make_packet({.version = 6});
    p[at] = 0xff;
    EXPECT_FALSE(told(p));
    std::fill_n(p.begin() + static_cast<long>(at), 16, std::uint8_t{0});
    EXPECT_FALSE(told(p));
  }
  EXPECT_TRUE(told(make_packet({.fragment = 0x2000})));
  EXPECT_FALSE(told(make_packet({.fragment = 1})));
  for (const int extension : {0, 43, 44, 60}) {
    Packet p = make_packet({.version = 6});
    p[6] = static_cast<std::uint8_t>(extension);
    EXPECT_FALSE(told(p)) << extension;
  }
  for (const int version : {4, 6}) {
    Packet p = make_packet({.version = version});
    p.resize(version == 4 ? 19 : 39);
    EXPECT_FALSE(told(p));
  }
}

TEST(Unreachable, IsSaidAHundredTimesASecondAtMost) {
  Unreachable unreachable;
  const Packet p = make_packet({});
  for (int second = 0; second < 3; ++second) {
    const core::Instant now = kNow + 1000 * second;
    for (unsigned i = 0; i < 100; ++i) EXPECT_FALSE(unreachable.message_about(p, now).empty());
    EXPECT_TRUE(unreachable.message_about(p, now).empty());
    EXPECT_TRUE(unreachable.message_about(p, now + 999).empty());
  }
}

}  // namespace
}  // namespace ports::linux_os::wg
