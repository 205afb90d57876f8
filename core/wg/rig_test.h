// Devices of a test: each with its memory, its randomness and an address.
#ifndef CORE_WG_RIG_TEST_H_
#define CORE_WG_RIG_TEST_H_

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "core/crypto/aead.h"
#include "core/crypto/x25519.h"
#include "core/wg/device.h"
#include "ports/fake/rng.h"

namespace core::wg {

using Buffer = std::vector<std::uint8_t>;

// The paper's constants, written down again so that the tests do not check the
// code against itself.
constexpr std::int64_t kSecond = 1000;

// 10.0.HIGH.LOW.
inline IpAddress inner4(unsigned number) {
  const ByteArray<4> bytes{10, 0, static_cast<std::uint8_t>(number >> 8),
                           static_cast<std::uint8_t>(number)};
  return IpAddress::v4(bytes);
}
// fd00::HIGH:LOW.
inline IpAddress inner6(unsigned number) {
  ByteArray<16> bytes{0xfd};
  bytes[14] = static_cast<std::uint8_t>(number >> 8);
  bytes[15] = static_cast<std::uint8_t>(number);
  return IpAddress::v6(bytes);
}
inline Prefix host(const IpAddress& address) { return {address, address.bits()}; }

// An IP packet whose payload is `payload`.
inline Buffer ip_packet(const IpAddress& source, const IpAddress& destination,
                        const Buffer& payload) {
  Buffer out;
  if (source.family == Family::kIpv4) {
    const std::size_t size = 20 + payload.size();
    out = {0x45, 0, static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)};
    out.resize(12);
  } else {
    out = {0x60,
           0,
           0,
           0,
           static_cast<std::uint8_t>(payload.size() >> 8),
           static_cast<std::uint8_t>(payload.size()),
           59,
           64};
  }
  for (const auto* address : {&source, &destination}) {
    out.insert(out.end(), address->view().begin(), address->view().end());
  }
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

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
    return Flying{Buffer(out.datagram.begin(), out.datagram.end()), endpoint, sent->to};
  }
  std::optional<Flying> send(const Rig& to, const std::string& text, Instant now) {
    return send(ip_packet(inner(), to.inner(), Buffer(text.begin(), text.end())), now);
  }

  // What polling at `now` gives until nothing is due.
  std::vector<Flying> poll(Instant now, WallTime wall = {1'800'000'000'000}) {
    std::vector<Flying> out;
    for (int i = 0; i < 10'000 && device.next_deadline().at <= now; ++i) {
      Buffer room(kMaxPollSize);
      const auto sent = device.poll(now, wall, rng, room);
      if (!sent || !*sent) continue;
      const auto& d = **sent;
      out.push_back({Buffer(d.datagram.begin(), d.datagram.end()), endpoint, d.to});
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
  Buffer staged_bytes_;
  std::vector<StagedSlot> staged_slots_;
  std::vector<RateLimiter::Entry> rate_limits_;

 public:
  Device device;
};

struct TestOnlyAccess {
  static Keypair& current(Rig& rig, PeerId peer) {
    return rig.device.memory_.peers[peer.slot].keypairs_.current();
  }
  // Of all sessions that a device has.
  static void add_session_indices(const Rig& rig, std::set<std::uint32_t>& out) {
    for (auto id = rig.device.first_peer(); id; id = rig.device.next_peer(*id)) {
      Keypairs& keypairs = rig.device.memory_.peers[id->slot].keypairs_;
      for (const auto place :
           {Keypairs::Place::kPrevious, Keypairs::Place::kCurrent, Keypairs::Place::kNext}) {
        out.insert(keypairs.at(place).local_index);
      }
    }
  }
  static std::size_t used_indices(const Rig& rig) { return rig.device.receiver_indices_.used(); }
};

// A peer made by hand of the handshake's functions, which does what it likes.
class HandMade {
 public:
  HandMade(unsigned number, Rig& other) : other_(other) {
    endpoint.address = IpAddress::v4(ByteArray<4>{198, 51, 100, static_cast<std::uint8_t>(number)});
    endpoint.port = 7;
    number_ = number;
    private_key = crypto::x25519_private(Rig::key(number).view());
    public_key = crypto::x25519_public(private_key);
    peer = *other.device.add_peer(public_key);
    EXPECT_TRUE(other.device.add_allowed_ip(peer, host(inner4(number))).ok());
    EXPECT_TRUE(other.device.add_allowed_ip(peer, host(inner6(number))).ok());
  }

  Flying initiation(std::uint64_t time, std::uint32_t index = 77) {
    Buffer wire(Initiation::kSize);
    ByteArray<12> timestamp{0x40};
    for (std::size_t i = 0; i < 8; ++i) {
      timestamp[11 - i] = static_cast<std::uint8_t>(time >> 8 * i);
    }
    const auto shared = crypto::x25519(private_key, other_.public_key());
    const Secret<32> ephemeral = crypto::x25519_private(Rig::key(++draws_ * 1000).view());
    handshake = *create_initiation({.ours = private_key,
                                    .our_public = public_key,
                                    .theirs = other_.public_key(),
                                    .static_static = *shared},
                                   index, ephemeral, timestamp,
                                   MutView<Initiation::kSize>(wire.data(), wire.size()));
    cookie.write_macs(other_.public_key(), Instant{0}, wire);
    return {wire, endpoint, other_.endpoint};
  }
  void take_response(const Flying& response) {
    const auto message = Response::parse(response.bytes);
    ASSERT_TRUE(message.ok());
    auto made = consume_response(handshake, private_key, psk, *message);
    ASSERT_TRUE(made.ok());
    keys = std::move(*made);
    their_index = message->sender;
  }
  // A session in which nothing has been sent.
  void shake_hands(std::uint64_t time, Instant now) {
    const auto response = other_.receive(initiation(time), now);
    ASSERT_TRUE(response);
    take_response(*response);
  }
  Flying sealed(std::uint64_t counter, Buffer plaintext) const {
    Buffer wire(16);
    TransportHeader{their_index, counter}.write(MutView<16>(wire.data(), 16));
    wire.insert(wire.end(), plaintext.begin(), plaintext.end());
    wire.resize(wire.size() + 16);
    ByteArray<12> nonce{};
    for (std::size_t i = 0; i < 8; ++i) nonce[4 + i] = static_cast<std::uint8_t>(counter >> 8 * i);
    crypto::chacha20_poly1305_seal(keys.send.view(), nonce, {}, MutBytes(wire).subspan(16));
    return {wire, endpoint, other_.endpoint};
  }
  Flying packet(std::uint64_t counter, const std::string& text = "text") const {
    return sealed(counter, ip_packet(inner4(number_), other_.inner(), {text.begin(), text.end()}));
  }

  Endpoint endpoint;
  Secret<32> private_key;
  ByteArray<32> public_key, psk{};
  PeerId peer;
  Handshake handshake;
  ReceivedCookie cookie;
  TransportKeys keys;
  std::uint32_t their_index = 0;

 private:
  Rig& other_;
  unsigned number_, draws_ = 0;
};

// Two rigs that know each other.
struct Pair {
  explicit Pair(const RigOptions& options = {}) : alice(1, options), bob(2, options) {
    to_bob = alice.add(bob);
    to_alice = bob.add(alice);
  }

  // Alice initiates and confirms. The session is made at `now`.
  void shake_hands() {
    EXPECT_FALSE(alice.send(bob, "hello", now));
    const auto initiation = alice.poll(now);
    ASSERT_EQ(initiation.size(), 1u);
    const auto response = bob.receive(initiation[0], now);
    ASSERT_TRUE(response);
    EXPECT_FALSE(alice.receive(*response, now));
    for (const auto& flying : alice.poll(now)) bob.receive(flying, now);
    ASSERT_EQ(bob.packets.size(), 1u);
    bob.packets.clear();
  }
  // A packet from one to the other arrives.
  bool passes(Rig& from, Rig& to, const std::string& text = "text") {
    const auto flying = from.send(to, text, now);
    if (!flying) return false;
    const std::size_t before = to.packets.size();
    to.receive(*flying, now);
    return to.packets.size() == before + 1 &&
           to.packets.back() ==
               ip_packet(from.inner(), to.inner(), Buffer(text.begin(), text.end()));
  }
  void later(std::int64_t ms) { now = now + ms; }

  Rig alice, bob;
  PeerId to_bob, to_alice;
  Instant now{1'000'000};
};

}  // namespace core::wg
#endif  // CORE_WG_RIG_TEST_H_
