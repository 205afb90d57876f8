// Segmentation and coalescing: alone, and each as the other's inverse.
#include <gtest/gtest.h>

#include "ports/linux/wg/checksum.h"
#include "ports/linux/wg/coalesce.h"
#include "ports/linux/wg/segment.h"
#include "ports/linux/wg/test_packets.h"

namespace ports::linux_os::wg {
namespace {

// One write of a Coalescer.
struct Written {
  VnetHeader header;
  Packet packet;
};

std::vector<Written> drain(Coalescer& coalescer) {
  std::vector<Written> all;
  while (true) {
    const auto pieces = coalescer.next();
    if (pieces.empty()) return all;
    Written w{};
    EXPECT_EQ(pieces[0].iov_len, sizeof w.header);
    std::memcpy(&w.header, pieces[0].iov_base, sizeof w.header);
    for (const iovec& piece : pieces.subspan(1)) {
      const auto* from = static_cast<const std::uint8_t*>(piece.iov_base);
      w.packet.insert(w.packet.end(), from, from + piece.iov_len);
    }
    all.push_back(std::move(w));
  }
}

std::vector<Written> coalesce(std::vector<Packet> packets, Join join = Join::kTcpAndUdp) {
  Coalescer coalescer(join);
  for (Packet& p : packets) coalescer.add(p);
  return drain(coalescer);
}

std::vector<Packet> segment(const VnetHeader& header, const Packet& packet) {
  const auto plan = plan_segments(header, packet);
  EXPECT_TRUE(plan.ok());
  if (!plan) return {};
  const std::size_t stride = plan->size + 32;
  Packet room(plan->count * stride + packet.size());
  std::copy(packet.begin(), packet.end(), room.begin());
  cut_segments(*plan, header, room, packet.size(), stride);
  std::vector<Packet> out;
  for (std::size_t k = 0; k < plan->count; ++k) {
    const auto at = room.begin() + static_cast<long>(k * stride);
    out.emplace_back(at, at + static_cast<long>(plan->size_of(k)));
  }
  return out;
}

// `count` packets of one flow in order, the last one shorter if last_size says.
std::vector<Packet> flow(PacketSpec spec, std::size_t count, std::size_t last_size) {
  std::vector<Packet> packets;
  const std::size_t size = spec.payload_size;
  for (std::size_t i = 0; i < count; ++i) {
    spec.payload_size = i + 1 == count ? last_size : size;
    packets.push_back(make_packet(spec));
    spec.sequence += static_cast<std::uint32_t>(size);
    ++spec.id;
  }
  return packets;
}

TEST(Checksum, IsTheOneOfRfc1071ForEverySizeAndOffset) {
  Packet bytes(300);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 131 + 7);
  for (std::size_t offset = 0; offset < 9; ++offset) {
    for (std::size_t size = 0; size + offset <= bytes.size(); ++size) {
      const auto part = core::Bytes(bytes).subspan(offset, size);
      Packet stored(2);
      store_sum(stored, static_cast<std::uint16_t>(~checksum_fold(checksum_add(0, part))));
      EXPECT_EQ(load_be16(stored), slow_checksum(part)) << offset << " " << size;
    }
  }
}

TEST(Checksum, StaysRightWhenAWordChanges) {
  for (std::uint32_t value = 0; value < 0x10000; value += 251) {
    Packet p = make_packet({.payload_size = 10});
    replace_word(core::MutBytes(p).subspan(34, 2), static_cast<std::uint16_t>(value),
                 core::MutBytes(p).subspan(36, 2));
    EXPECT_EQ(load_be16(core::Bytes(p).subspan(34)), value);
    EXPECT_TRUE(checksums_right(p)) << value;
  }
}

class RoundTrip : public ::testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(RoundTrip, JoinsAFlowIntoOneWriteAndCutsItBackToTheSameBytes) {
  const auto [version, protocol] = GetParam();
  for (const std::size_t size : {1u, 2u, 100u, 1380u}) {
    for (const std::size_t count : {2u, 3u, 40u}) {
      for (const std::size_t last : {std::size_t{1}, size / 2 + 1, size}) {
        PacketSpec spec{.version = version,
                        .protocol = static_cast<std::uint8_t>(protocol),
                        .payload_size = size,
                        .fragment = 0};
        const auto packets = flow(spec, count, last);
        auto written = coalesce(packets);
        ASSERT_EQ(written.size(), 1u);
        EXPECT_EQ(written[0].header.gso_size, size);
        EXPECT_EQ(segment(written[0].header, written[0].packet), packets);
      }
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Flows, RoundTrip,
                         ::testing::Combine(::testing::Values(4, 6),
                                            ::testing::Values(IPPROTO_TCP, IPPROTO_UDP)));

TEST(Coalescer, LeavesThePseudoHeadersSumInTheChecksumField) {
  for (const int version : {4, 6}) {
    const auto written = coalesce(flow({.version = version, .payload_size = 500}, 4, 500));
    ASSERT_EQ(written.size(), 1u);
    const Packet& p = written[0].packet;
    const std::size_t ip = ip_size(p);
    EXPECT_EQ(written[0].header.flags, kNeedsChecksum);
    EXPECT_EQ(load_be16(core::Bytes(p).subspan(ip + 16)),
              static_cast<std::uint16_t>(~slow_checksum({}, slow_pseudo_sum(p, p.size() - ip))));
  }
}

TEST(Coalescer, KeepsPushAndEndsTheGroupThere) {
  auto packets = flow({.payload_size = 100}, 4, 100);
  packets[1] = make_packet({.payload_size = 100, .sequence = 1100, .flags = 0x18, .id = 8});
  const auto written = coalesce(packets);
  ASSERT_EQ(written.size(), 2u);
  EXPECT_EQ(written[0].packet.size(), 240u);
  EXPECT_EQ(written[0].packet[33], 0x18);
  EXPECT_EQ(written[1].packet[33], 0x10);
}

// What must not be joined goes as it came, in order.
void expect_untouched(const std::vector<Packet>& packets, const char* why) {
  const auto written = coalesce(packets);
  ASSERT_EQ(written.size(), packets.size()) << why;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    EXPECT_EQ(written[i].packet, packets[i]) << why;
    EXPECT_EQ(written[i].header.gso_type, kGsoNone) << why;
    EXPECT_EQ(written[i].header.flags, 0) << why;
  }
}

TEST(Coalescer, DoesNotJoinAWrongChecksum) {
  for (const int version : {4, 6}) {
    for (const std::size_t bad : {0u, 1u}) {
      auto packets = flow({.version = version}, 2, 100);
      packets[bad].back() ^= 1;
      expect_untouched(packets, "payload");
    }
  }
  auto packets = flow({}, 2, 100);
  packets[1][10] ^= 1;
  expect_untouched(packets, "IP header");
}

TEST(Coalescer, DoesNotJoinWhatDiffers) {
  const PacketSpec first{.options = {1, 1, 1, 1}}, next = [&] {
    PacketSpec s = first;
    s.sequence += 100;
    s.id++;
    return s;
  }();
  const auto differs = [&](auto change, const char* why) {
    PacketSpec other = next;
    change(other);
    expect_untouched({make_packet(first), make_packet(other)}, why);
  };
  differs([](PacketSpec& s) { s.sequence += 1; }, "gap");
  differs([](PacketSpec& s) { s.sequence -= 100; }, "repetition");
  differs([](PacketSpec& s) { s.source_port += 1; }, "port");
  differs([](PacketSpec& s) { s.traffic_class = 3; }, "ECN");
  differs([](PacketSpec& s) { s.options[3] = 0; }, "options");
  differs([](PacketSpec& s) { s.options.clear(); }, "no options");
  differs([](PacketSpec& s) { s.flags = 0x11; }, "FIN");
  differs([](PacketSpec& s) { s.flags = 0x90; }, "CWR");
  differs([](PacketSpec& s) { s.flags = 0x30; }, "URG");
  differs([](PacketSpec& s) { s.payload_size = 101; }, "longer than the first");
  differs([](PacketSpec& s) { s.payload_size = 0; }, "nothing in it");
  differs([](PacketSpec& s) { s.fragment = 0; }, "may be fragmented");
  differs([](PacketSpec& s) { s.version = 6; }, "version");
  differs([](PacketSpec& s) { s.protocol = 17; }, "protocol");
  PacketSpec counted = first, jumped = next;
  counted.fragment = jumped.fragment = 0;
  jumped.id += 5;
  expect_untouched({make_packet(counted), make_packet(jumped)}, "identification");
  Packet window = make_packet(next);
  window[34] ^= 1;
  expect_untouched({make_packet(first), window}, "window");
}

TEST(Coalescer, DoesNotJoinUdpWithoutAChecksumOrWithAnotherLength) {
  const PacketSpec spec{.protocol = 17};
  auto packets = std::vector<Packet>{make_packet(spec), make_packet(spec)};
  packets[1][26] = packets[1][27] = 0;
  expect_untouched(packets, "no checksum");
  packets[1] = make_packet(spec);
  packets[1][25] -= 1;
  expect_untouched(packets, "length");
}

TEST(Coalescer, JoinsOnlyWhatTheKernelTakes) {
  const auto tcp = flow({}, 3, 100), udp = flow({.protocol = 17}, 3, 100);
  EXPECT_EQ(coalesce(tcp, Join::kTcp).size(), 1u);
  EXPECT_EQ(coalesce(udp, Join::kTcp).size(), 3u);
  EXPECT_EQ(coalesce(tcp, Join::kNothing).size(), 3u);
}

TEST(Coalescer, SortsInterleavedFlowsAndKeepsTheOrderOfEach) {
  const auto a = flow({}, 5, 100), b = flow({.source_port = 99}, 5, 100);
  std::vector<Packet> mixed;
  for (std::size_t i = 0; i < 5; ++i) mixed.insert(mixed.end(), {a[i], b[i]});
  const auto written = coalesce(mixed);
  ASSERT_EQ(written.size(), 2u);
  EXPECT_EQ(segment(written[0].header, written[0].packet), a);
  EXPECT_EQ(segment(written[1].header, written[1].packet), b);
}

TEST(Coalescer, LetsNothingOvertakeAPacketOfItsFlow) {
  auto packets = flow({}, 4, 100);
  packets.insert(packets.begin() + 2, make_packet({.payload_size = 0, .sequence = 1200}));
  const auto written = coalesce(packets);
  ASSERT_EQ(written.size(), 3u);
  EXPECT_EQ(written[1].packet, packets[2]);
}

TEST(Coalescer, NeverMakesAPacketLargerThanIpAllows) {
  const auto packets = flow({.payload_size = 1400}, 60, 1400);
  std::vector<Packet> back;
  for (const Written& w : coalesce(packets)) {
    EXPECT_LE(w.packet.size(), 65535u);
    for (auto& p : segment(w.header, w.packet)) back.push_back(std::move(p));
  }
  EXPECT_EQ(back, packets);
}

TEST(Coalescer, GivesAnythingThatIsNoPacketAsItCame) {
  for (std::size_t size = 1; size < 61; ++size) {
    Packet cut = make_packet({.version = size % 2 == 0 ? 4 : 6, .payload_size = 1});
    cut.resize(size);
    const auto written = coalesce({cut, cut});
    ASSERT_EQ(written.size(), 2u);
    EXPECT_EQ(written[1].packet, cut);
  }
}

TEST(Segments, ClearFinAndPushButInTheLastAndCwrButInTheFirst) {
  auto written = coalesce(flow({}, 3, 100));
  ASSERT_EQ(written.size(), 1u);
  written[0].packet[33] = 0x99;  // CWR, ACK, PSH, FIN
  const auto packets = segment(written[0].header, written[0].packet);
  ASSERT_EQ(packets.size(), 3u);
  EXPECT_EQ(packets[0][33], 0x90);
  EXPECT_EQ(packets[1][33], 0x10);
  EXPECT_EQ(packets[2][33], 0x19);
  for (const Packet& p : packets) EXPECT_TRUE(checksums_right(p));
}

TEST(Segments, CompleteAChecksumThatTheKernelLeftOpen) {
  for (const std::uint8_t protocol : {std::uint8_t{IPPROTO_TCP}, std::uint8_t{IPPROTO_UDP}}) {
    Packet p = make_packet({.version = 6, .protocol = protocol, .payload_size = 33});
    const Packet whole = p;
    VnetHeader header{};
    header.flags = kNeedsChecksum;
    header.checksum_start = 40;
    header.checksum_offset = protocol == IPPROTO_TCP ? 16 : 6;
    put16(p, 40u + header.checksum_offset,
          static_cast<std::uint16_t>(~slow_checksum({}, slow_pseudo_sum(p, p.size() - 40))));
    EXPECT_EQ(segment(header, p), std::vector<Packet>{whole});
  }
}

TEST(Segments, RefuseAHeaderThatDoesNotFitThePacket) {
  const auto written = coalesce(flow({}, 3, 100));
  const auto refused = [&](auto change) {
    VnetHeader header = written[0].header;
    Packet packet = written[0].packet;
    change(header, packet);
    return !plan_segments(header, packet).ok();
  };
  EXPECT_FALSE(refused([](auto&, auto&) {}));
  EXPECT_TRUE(refused([](auto& h, auto&) { h.gso_size = 0; }));
  EXPECT_TRUE(refused([](auto& h, auto&) { h.flags = 0; }));
  EXPECT_TRUE(refused([](auto& h, auto&) { h.gso_type = kGsoTcp6; }));
  EXPECT_TRUE(refused([](auto& h, auto&) { h.gso_type = kGsoUfo; }));
  EXPECT_TRUE(refused([](auto& h, auto&) { h.checksum_start = 19; }));
  EXPECT_TRUE(refused([](auto& h, auto&) { h.checksum_start = 60000; }));
  EXPECT_TRUE(refused([](auto& h, auto&) { h.checksum_offset = 6; }));
  EXPECT_TRUE(refused([](auto&, auto& p) { p[32] = 0x40; }));  // TCP header of 16 bytes
  EXPECT_TRUE(refused([](auto&, auto& p) { p.resize(40); }));
  EXPECT_TRUE(refused([](auto&, auto& p) { p.clear(); }));
  for (std::size_t size = 0; size <= 40; ++size) {
    EXPECT_TRUE(refused([&](auto&, auto& p) { p.resize(size); })) << size;
  }
}

}  // namespace
}  // namespace ports::linux_os::wg
