// The small parts: the queue of handshakes, names of peers, keys as text, the
// memory that grows.
#include <gtest/gtest.h>

#include "ports/linux/system.h"
#include "ports/linux/wg/base64.h"
#include "ports/linux/wg/endpoint_names.h"
#include "ports/linux/wg/handshake_queue.h"
#include "ports/linux/wg/peer_memory.h"

namespace ports::linux_os::wg {
namespace {

TEST(HandshakeQueue, KeepsTheOldestInOrderAndDropsWhatHasNoRoom) {
  auto queue = std::make_unique<HandshakeQueue>();
  for (std::size_t i = 0; i < HandshakeQueue::kCapacity + 5; ++i) {
    const core::ByteArray<2> message = {static_cast<std::uint8_t>(i),
                                        static_cast<std::uint8_t>(i >> 8)};
    queue->push(message, {.port = static_cast<std::uint16_t>(i)});
  }
  EXPECT_EQ(queue->dropped(), 5u);
  for (std::size_t i = 0; i < HandshakeQueue::kCapacity; ++i) {
    const auto& waiting = queue->pop();
    ASSERT_EQ(waiting.size, 2u);
    ASSERT_EQ(waiting.bytes[0] | waiting.bytes[1] << 8, static_cast<int>(i));
    ASSERT_EQ(waiting.from.port, i);
  }
  EXPECT_TRUE(queue->empty());
}

TEST(HandshakeQueue, TakesNothingLongerThanAnInitiation) {
  auto queue = std::make_unique<HandshakeQueue>();
  queue->push(core::ByteArray<148>{}, {});
  queue->push(core::ByteArray<149>{}, {});
  EXPECT_EQ(queue->size(), 1u);
  EXPECT_EQ(queue->dropped(), 1u);
}

const std::string kText = "1CP1eTntQ06mY2HjkxptkZtH7TG6FRocF3waT56ZQGw=";

TEST(Base64, ReadsAndWritesKeysAsWgDoes) {
  const auto key = key_from_base64_var(kText);
  ASSERT_TRUE(key.ok());
  EXPECT_EQ((*key)[0], 0xd4);
  EXPECT_EQ(key_to_base64_var(*key), kText);
  for (const std::string& bad : {kText.substr(1), kText + "=", "?" + kText.substr(1),
                                 std::string(44, '='), kText.substr(0, 42) + "x="}) {
    EXPECT_FALSE(key_from_base64_var(bad).ok()) << bad;
  }
}

TEST(PeerNames, AreThoseOfPeersWhoseEndpointIsNoAddress) {
  const auto names =
      peer_names("[Interface]\nEndpoint = not.a.peer:1\n[Peer]\nPublicKey = " + kText +
                 "\nEndpoint = vpn.example.org:51820 # at home\nAllowedIPs = 0.0.0.0/0\n[PEER]\r\n"
                 "endpoint=10.0.0.1:5\r\npublickey=" +
                 kText + "\r\n[Peer]\nEndpoint = [fd00::1]:5\nPublicKey=" + kText +
                 "\n[Peer]\nEndpoint = no.key:5\n[Peer]\nPublicKey=" + kText +
                 "\nEndpoint = no.port:65536\n[Peer]\nEndpoint=last.example:9\nPublicKey=" + kText);
  ASSERT_EQ(names.size(), 2u);
  EXPECT_EQ(names[0].host, "vpn.example.org");
  EXPECT_EQ(names[0].port, 51820);
  EXPECT_EQ(names[1].host, "last.example");
  EXPECT_EQ(names[1].port, 9);
}

core::ByteArray<32> numbered_key(std::uint32_t number) {
  core::ByteArray<32> key{};
  std::memcpy(key.data(), &number, sizeof number);
  key[31] = 1;
  return key;
}

TEST(PeerMemory, GrowsAndKeepsPeersPrefixesAndIds) {
  PeerMemory memory(core::ByteArray<32>{7});
  auto& device = memory.device();
  std::vector<core::wg::PeerId> ids;
  constexpr std::uint32_t kPeers = 5000;
  for (std::uint32_t i = 0; i < kPeers; ++i) {
    const auto key = numbered_key(i);
    auto id = device.add_peer(key);
    if (!id && id.error() == core::Error::kFull) {
      ASSERT_TRUE(memory.grow_peers());
      id = device.add_peer(key);
    }
    ASSERT_TRUE(id.ok()) << i;
    ids.push_back(*id);
    const core::ByteArray<4> address = {10, static_cast<std::uint8_t>(i >> 16),
                                        static_cast<std::uint8_t>(i >> 8),
                                        static_cast<std::uint8_t>(i)};
    const core::wg::Prefix prefix{core::wg::IpAddress::v4(address), 32};
    if (!device.add_allowed_ip(*id, prefix)) {
      ASSERT_TRUE(memory.grow_prefixes());
      ASSERT_TRUE(device.add_allowed_ip(*id, prefix).ok());
    }
  }
  EXPECT_EQ(device.peer_count(), kPeers);
  for (std::uint32_t i = 0; i < kPeers; ++i) {
    ASSERT_EQ(*device.find_peer(numbered_key(i)), ids[i]);
    const auto first = device.first_allowed_ip(ids[i]);
    ASSERT_TRUE(first.has_value());
    ASSERT_EQ(device.allowed_ip(*first).address.bytes[3], static_cast<std::uint8_t>(i));
    core::ByteArray<20> packet = {0x45, 0, 0, 20};
    packet[16] = 10;
    packet[17] = static_cast<std::uint8_t>(i >> 16);
    packet[18] = static_cast<std::uint8_t>(i >> 8);
    packet[19] = static_cast<std::uint8_t>(i);
    ASSERT_EQ(*device.route(packet), ids[i]);
  }
  EXPECT_FALSE(device.add_peer(numbered_key(3)).ok());
}

}  // namespace
}  // namespace ports::linux_os::wg
