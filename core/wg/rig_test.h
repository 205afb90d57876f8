// Devices of a test: each with its memory, its randomness and an address.
#ifndef CORE_WG_RIG_TEST_H_
#define CORE_WG_RIG_TEST_H_

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

#include "core/crypto/x25519.h"
#include "core/wg/device.h"
#include "core/wg/inner_packet_test.h"
#include "ports/fake/rng.h"

namespace core::wg {

// A datagram on its way.
struct Flying {
  Buffer bytes;
  Endpoint from, to;
};

struct RigOptions {
  std::size_t peers = 8, allowed_ips = 16, staged = 16, window_words = 64;
  DeviceOptions device{};
};

// A device and everything around it.
class Rig {
 public:
  explicit Rig(unsigned number, const RigOptions& options = {})
      : number_(number),
        rng(number * 7919 + 1),
        peers_(options.peers),
        schedule_(options.peers),
        receiver_indices_(table_size(4 * options.peers)),
        public_keys_(table_size(options.peers)),
        // Garbage, as the contents must not matter.
        windows_(2 * options.peers * options.window_words, 0xdeadbeef),
        nodes_(2 * options.allowed_ips),
        lists_(options.peers),
        recent_addresses_(8),
        staged_bytes_(options.staged * sealing_room(1420)),
        staged_slots_(options.staged),
        rate_limits_(64),
        device(memory(), options.device, key(number + 1000).view()) {
    endpoint.address = IpAddress::v4(ByteArray<4>{192, 0, 2, static_cast<std::uint8_t>(number)});
    endpoint.port = static_cast<std::uint16_t>(50'000 + number);
    private_key = crypto::x25519_private(key(number).view());
    device.set_private_key(private_key);
    device.floor_stored(kNoFloor);
  }

  static Secret<32> key(unsigned seed) {
    ports::fake::FakeRng rng(seed);
    return *rng.draw<32>();
  }

  unsigned number() const { return number_; }
  IpAddress inner() const { return inner4(number_); }
  IpAddress inner_v6() const { return inner6(number_); }
  View<32> public_key() const { return device.public_key(); }

  enum class Knows : std::uint8_t { kEndpoint, kKeyOnly };
  // Adds `other` with its inner addresses.
  PeerId add(const Rig& other, Knows knows = Knows::kEndpoint) {
    const auto peer = device.add_peer(other.public_key());
    EXPECT_TRUE(peer.ok());
    EXPECT_TRUE(device.add_allowed_ip(*peer, host(other.inner())).ok());
    EXPECT_TRUE(device.add_allowed_ip(*peer, host(other.inner_v6())).ok());
    if (knows == Knows::kEndpoint) {
      EXPECT_TRUE(device.set_endpoint(*peer, other.endpoint).ok());
    }
    return *peer;
  }
  PeerId peer(const Rig& other) const {
    const auto found = device.find_peer(other.public_key());
    EXPECT_TRUE(found.ok());
    return found.ok() ? *found : PeerId{};
  }

  // Routes and sends one IP packet: the datagram, if there is one at once.
  std::optional<Flying> send(const Buffer& packet, Instant now) {
    const auto peer = device.route(packet);
    if (!peer) return std::nullopt;
    Buffer buffer(sealing_room(packet.size()));
    copy(packet, MutBytes(buffer).subspan(kHeadroom));
    Outgoing out{.buffer = buffer, .size = packet.size()};
    const auto sent = device.send(*peer, std::span(&out, 1), now);
    if (!sent || sent->sealed == 0) return std::nullopt;
    return Flying{Buffer(out.datagram.begin(), out.datagram.end()), endpoint, *sent->to};
  }
  std::optional<Flying> send(const Rig& to, const std::string& text, Instant now) {
    return send(ip_packet(inner(), to.inner(), Buffer(text.begin(), text.end())), now);
  }

  // What polling at `now` gives until nothing is due.
  std::vector<Flying> poll(Instant now, WallTime wall = {1'800'000'000'000}) {
    std::vector<Flying> out;
    for (int i = 0; i < 10'000 && device.next_deadline().at <= now; ++i) {
      ByteArray<kMaxPollSize> room{};
      const auto sent = device.poll(now, wall, rng, room);
      if (!sent || !*sent) continue;
      const auto& d = **sent;
      out.push_back({Buffer(d.datagram.begin(), d.datagram.end()), endpoint, *d.to});
    }
    EXPECT_GT(device.next_deadline().at, now) << "polling never ends";
    return out;
  }

  // Hands a datagram in. Packets are kept in `packets`, a reply is returned.
  std::optional<Flying> receive(const Flying& flying, Instant now) {
    Buffer datagram = flying.bytes;
    last = Error::kMalformed;
    const auto received = device.receive(datagram, flying.from, now, rng);
    if (!received) {
      last = received.error();
      return std::nullopt;
    }
    last.reset();
    if (received->meaning == Meaning::kPacket) {
      packets.emplace_back(received->bytes.begin(), received->bytes.end());
    }
    if (received->meaning != Meaning::kReply) return std::nullopt;
    return Flying{Buffer(received->bytes.begin(), received->bytes.end()), endpoint, flying.from};
  }

 private:
  DeviceMemory memory() {
    return {.peers = peers_,
            .schedule = schedule_,
            .receiver_indices = receiver_indices_,
            .public_keys = public_keys_,
            .replay_windows = windows_,
            .allowed_ips = nodes_,
            .allowed_ip_lists = lists_,
            .recent_addresses = recent_addresses_,
            .staged_bytes = staged_bytes_,
            .staged_slots = staged_slots_,
            .rate_limits = rate_limits_};
  }

  unsigned number_;

 public:
  Endpoint endpoint;
  ports::fake::FakeRng rng;
  Secret<32> private_key;
  std::vector<Buffer> packets;  // received
  std::optional<Error> last;    // of the last receive()

 private:
  std::vector<Peer> peers_;
  std::vector<Schedule::Entry> schedule_;
  std::vector<IndexTable::Entry> receiver_indices_, public_keys_;
  std::vector<std::uint32_t> windows_;
  std::vector<AllowedIps::Node> nodes_;
  std::vector<std::uint32_t> lists_;
  std::vector<AllowedIps::Recent> recent_addresses_;
  Buffer staged_bytes_;
  std::vector<StagedSlot> staged_slots_;
  std::vector<RateLimiter::Entry> rate_limits_;

 public:
  Device device;
};

}  // namespace core::wg
#endif  // CORE_WG_RIG_TEST_H_
