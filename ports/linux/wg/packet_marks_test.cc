// What is changed in inner headers: congestion marks and the MSS of SYNs.
#include <gtest/gtest.h>

#include "ports/linux/wg/ecn.h"
#include "ports/linux/wg/inner_packet.h"
#include "ports/linux/wg/mss_clamp.h"
#include "ports/linux/wg/test_packets.h"

namespace ports::linux_os::wg {
namespace {

TEST(Ecn, IsCombinedAsTheTableOfRfc6040Says) {
  // [outer][inner]; RFC 6040 figure 4. -1: dropped.
  constexpr int kExpected[4][4] = {
      {0, 1, 2, 3},   // outer Not-ECT
      {0, 1, 1, 3},   // ECT(1); inner order: Not-ECT, ECT(1), ECT(0), CE
      {0, 1, 2, 3},   // ECT(0)
      {-1, 3, 3, 3},  // CE
  };
  for (const int version : {4, 6}) {
    for (std::uint8_t outer = 0; outer < 4; ++outer) {
      for (std::uint8_t inner = 0; inner < 4; ++inner) {
        Packet p = make_packet(
            {.version = version, .traffic_class = static_cast<std::uint8_t>(0xb8 | inner)});
        EXPECT_EQ(static_cast<int>(outer_ecn(p)), inner);
        const bool kept = carry_ecn_inside(static_cast<Ecn>(outer), p) == Deliver::kYes;
        EXPECT_EQ(kept ? static_cast<int>(outer_ecn(p)) : -1, kExpected[outer][inner])
            << int{outer} << " " << int{inner};
        EXPECT_EQ(traffic_class(p) & 0xfc, 0xb8);
        EXPECT_TRUE(checksums_right(p));
      }
    }
  }
}

Packet syn(int version, std::vector<std::uint8_t> options, std::uint8_t flags = 0x02) {
  return make_packet(
      {.version = version, .payload_size = 0, .flags = flags, .options = std::move(options)});
}

TEST(MssClamp, LowersTheOptionAtAnyOffsetAndKeepsTheChecksumRight) {
  const std::vector<std::vector<std::uint8_t>> all = {
      {2, 4, 0x05, 0xb4},              // even
      {1, 2, 4, 0x05, 0xb4, 1, 1, 0},  // odd
      {8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 2, 4, 0x23, 0x28, 4, 2}};
  for (const int version : {4, 6}) {
    for (const auto& options : all) {
      Packet p = syn(version, options);
      clamp_mss(p, 1280);
      const std::size_t at =
          ip_size(p) + 20 +
          static_cast<std::size_t>(std::search_n(options.begin(), options.end(), 1, 2) -
                                   options.begin());
      const std::size_t kind = options[0] == 8 ? ip_size(p) + 30 : at;
      EXPECT_EQ(p[kind], 2);
      EXPECT_EQ(load_be16(core::Bytes(p).subspan(kind + 2)), version == 4 ? 1240 : 1220);
      EXPECT_TRUE(checksums_right(p));
    }
  }
}

TEST(MssClamp, LeavesEverythingElseAlone) {
  const auto unchanged = [](Packet p, const char* why) {
    const Packet before = p;
    clamp_mss(p, 1280);
    EXPECT_EQ(p, before) << why;
  };
  unchanged(syn(4, {2, 4, 0x04, 0xd8}), "1240 fits exactly");
  unchanged(syn(4, {2, 4, 0x05, 0xb4}, 0x10), "no SYN");
  unchanged(syn(4, {2, 4, 0x05, 0xb4}, 0x06), "SYN and RST");
  unchanged(syn(4, {0, 2, 4, 5, 0xb4, 0, 0, 0}), "after the end of options");
  unchanged(syn(4, {2, 3, 0x05, 0xb4}), "an option of another size");
  unchanged(syn(4, {8, 0, 2, 4, 0x05, 0xb4, 0, 0}), "an option without size");
  unchanged(syn(4, {1, 1, 2, 4}), "cut off");
  unchanged(syn(4, {}), "no options");
  unchanged(make_packet({.protocol = 17, .payload_size = 40}), "UDP");
  const Packet whole = syn(6, {2, 4, 0x05, 0xb4});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    unchanged(Packet(whole.begin(), whole.begin() + static_cast<long>(size)), "truncated");
  }
}

TEST(InnerPacket, IsParsedOnlyIfItsHeadersAreWholeAndItsSizeIsRight) {
  for (const int version : {4, 6}) {
    const Packet whole = make_packet({.version = version, .payload_size = 10});
    const auto parsed = InnerPacket::parse(whole);
    ASSERT_TRUE(parsed.ok());
    EXPECT_EQ(parsed->headers_size(), ip_size(whole) + 20);
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_FALSE(InnerPacket::parse(core::Bytes(whole).first(size)).ok()) << size;
    }
  }
  Packet fragment = make_packet({.fragment = 0x2000});
  EXPECT_EQ(InnerPacket::parse(fragment)->transport_size, 0u);
  Packet bad = make_packet({});
  bad[0] = 0x44;
  EXPECT_FALSE(InnerPacket::parse(bad).ok());
  bad[0] = 0x75;
  EXPECT_FALSE(InnerPacket::parse(bad).ok());
}

}  // namespace
}  // namespace ports::linux_os::wg
