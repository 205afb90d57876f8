// What a port can ask of a device, and what packets do in it.
#include "core/wg/device.h"

#include <gtest/gtest.h>

#include <set>

#include "core/wg/hand_made_test.h"
#include "core/wg/pair_test.h"

namespace core::wg {
namespace {

TEST(Device, CarriesPacketsBothWays) {
  Pair p;
  p.shake_hands();
  for (int i = 0; i < 50; ++i) {
    EXPECT_TRUE(p.passes(p.alice, p.bob, "to bob " + std::to_string(i)));
    EXPECT_TRUE(p.passes(p.bob, p.alice, "to alice " + std::to_string(i)));
  }
  const auto flying =
      p.alice.send(ip_packet(p.alice.inner_v6(), p.bob.inner_v6(), Buffer(33, 'x')), p.now);
  ASSERT_TRUE(flying);
  p.bob.receive(*flying, p.now);
  EXPECT_EQ(p.bob.packets.back(), ip_packet(p.alice.inner_v6(), p.bob.inner_v6(), Buffer(33, 'x')));
}

TEST(Device, SealsAPacketOfAnySizeInPlace) {
  Pair p;
  p.shake_hands();
  for (std::size_t size = 20; size <= 1420; ++size) {
    Buffer packet = ip_packet(p.alice.inner(), p.bob.inner(), Buffer(size - 20, 'x'));
    Buffer buffer(sealing_room(size), 0xee);
    copy(packet, MutBytes(buffer).subspan(16));
    Outgoing out{.buffer = buffer, .size = size};
    const auto sent = p.alice.device.send(p.to_bob, std::span(&out, 1), p.now);
    ASSERT_TRUE(sent.ok());
    ASSERT_EQ(sent->sealed, 1u);
    EXPECT_EQ(out.datagram.data(), buffer.data());
    // Padded to 16, but never beyond the MTU.
    EXPECT_EQ(out.datagram.size(), 32 + std::min<std::size_t>((size + 15) / 16 * 16, 1420));
    p.bob.packets.clear();
    p.bob.receive({Buffer(out.datagram.begin(), out.datagram.end()), p.alice.endpoint, {}}, p.now);
    ASSERT_EQ(p.bob.packets.size(), 1u);
    EXPECT_EQ(p.bob.packets[0], packet);
  }
}

TEST(Device, RefusesBuffersWithoutRoomBeforeItTouchesAny) {
  Pair p;
  p.shake_hands();
  Buffer good(sealing_room(21), 7), small(sealing_room(21) - 1, 7);
  std::array<Outgoing, 2> both{Outgoing{.buffer = good, .size = 21},
                               Outgoing{.buffer = small, .size = 21}};
  const Buffer before = good;
  EXPECT_EQ(p.alice.device.send(p.to_bob, both, p.now).error(), Error::kMalformed);
  EXPECT_EQ(good, before);
  Outgoing nothing{.buffer = good, .size = 0};
  EXPECT_EQ(p.alice.device.send(p.to_bob, std::span(&nothing, 1), p.now).error(),
            Error::kMalformed);
  EXPECT_TRUE(p.passes(p.alice, p.bob));
}

TEST(Device, WorksThroughBatches) {
  Pair p;
  p.shake_hands();
  constexpr std::size_t kCount = 64, kSize = 1420;
  const std::size_t stride = sealing_room(kSize);
  Buffer memory(kCount * stride);
  std::vector<Outgoing> out(kCount);
  for (std::size_t i = 0; i < kCount; ++i) {
    const MutBytes buffer = MutBytes(memory).subspan(i * stride, stride);
    const auto packet =
        ip_packet(p.alice.inner(), p.bob.inner(), Buffer(kSize - 20, static_cast<std::uint8_t>(i)));
    copy(packet, buffer.subspan(16));
    out[i] = {.buffer = buffer, .size = kSize};
  }
  const auto sent = p.alice.device.send(p.to_bob, out, p.now);
  ASSERT_TRUE(sent.ok());
  EXPECT_EQ(sent->sealed, kCount);
  EXPECT_EQ(*sent->to, p.bob.endpoint);
  std::vector<Incoming> in(kCount + 2);
  Buffer broken(out[3].datagram.begin(), out[3].datagram.end());
  broken.back() ^= 1;
  Buffer again(out[4].datagram.begin(), out[4].datagram.end());
  for (std::size_t i = 0; i < kCount; ++i) {
    in[i].datagram = out[i].buffer.first(out[i].datagram.size());
  }
  in[kCount].datagram = broken;
  in[kCount + 1].datagram = again;
  p.bob.device.receive(in, p.alice.endpoint, p.now, p.bob.rng);
  for (std::size_t i = 0; i < kCount; ++i) {
    ASSERT_TRUE(in[i].received.ok());
    EXPECT_EQ(in[i].received->meaning, Meaning::kPacket);
    EXPECT_EQ(in[i].received->peer, p.to_alice);
    EXPECT_EQ(in[i].received->bytes.size(), kSize);
    EXPECT_EQ(in[i].received->bytes.back(), i);
  }
  EXPECT_EQ(in[kCount].received.error(), Error::kBadTag);
  EXPECT_EQ(in[kCount + 1].received.error(), Error::kReplay);
  EXPECT_EQ(p.bob.device.counters().packets_received, kCount + 1);
}

// Datagrams of several peers and of handshakes in one batch: what is known of
// one is never taken for the next.
TEST(Device, KeepsTheDatagramsOfABatchApart) {
  Rig bob(2);
  HandMade a(11, bob), b(12, bob);
  const Instant now{1000};
  a.shake_hands(1, now);
  b.shake_hands(1, now);
  const auto from_b_as_a = b.sealed(1, ip_packet(inner4(11), bob.inner(), Buffer(1, 'x')));
  std::vector<Flying> flying{a.packet(0), a.packet(1),     b.packet(0), from_b_as_a,
                             a.packet(2), a.initiation(9), a.packet(3), b.packet(2)};
  std::vector<Incoming> in(flying.size());
  for (std::size_t i = 0; i < in.size(); ++i) in[i].datagram = flying[i].bytes;
  bob.device.receive(in, a.endpoint, now + 100, bob.rng);
  const PeerId expected[] = {a.peer, a.peer, b.peer, {}, a.peer, a.peer, a.peer, b.peer};
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (i == 3) {
      EXPECT_EQ(in[i].received.error(), Error::kRefused);
      continue;
    }
    ASSERT_TRUE(in[i].received.ok()) << i;
    EXPECT_EQ(in[i].received->peer, expected[i]) << i;
    EXPECT_EQ(in[i].received->meaning, i == 5 ? Meaning::kReply : Meaning::kPacket) << i;
  }
}

TEST(Device, StagesPacketsUntilThereIsASession) {
  Pair p({.staged = 4, .device = {.staged_per_peer = 3}});
  for (const char* text : {"1", "2", "3", "4", "5"}) {
    EXPECT_FALSE(p.alice.send(p.bob, text, p.now));
  }
  EXPECT_EQ(p.alice.device.status(p.to_bob)->staged, 3u);
  EXPECT_EQ(p.alice.device.counters().staged_dropped, 2u);
  const auto response = p.bob.receive(p.alice.poll(p.now).at(0), p.now);
  p.alice.receive(*response, p.now);
  for (const auto& flying : p.alice.poll(p.now)) p.bob.receive(flying, p.now);
  ASSERT_EQ(p.bob.packets.size(), 3u);  // the newest, in order, and no keepalive
  EXPECT_EQ(p.bob.packets[0].back(), '3');
  EXPECT_EQ(p.bob.packets[2].back(), '5');
  EXPECT_EQ(p.alice.device.counters().keepalives_sent, 0u);
}

TEST(Device, TellsHowManyOfABatchFoundNoPlace) {
  Pair p({.staged = 2});
  Buffer memory(3 * sealing_room(20));
  std::vector<Outgoing> out(3);
  for (std::size_t i = 0; i < 3; ++i) {
    const MutBytes buffer = MutBytes(memory).subspan(i * sealing_room(20), sealing_room(20));
    copy(ip_packet(p.alice.inner(), p.bob.inner(), {}), buffer.subspan(16));
    out[i] = {.buffer = buffer, .size = 20};
  }
  const auto sent = p.alice.device.send(p.to_bob, out, p.now);
  ASSERT_TRUE(sent.ok());
  EXPECT_EQ(sent->sealed, 0u);
  EXPECT_EQ(sent->dropped, 1u);
  for (const auto& one : out) EXPECT_TRUE(one.datagram.empty());
}

TEST(Device, NeedsAKeyAndAnEndpointToSend) {
  Rig alice(1), bob(2);
  const auto to_bob = alice.add(bob, Rig::Knows::kKeyOnly);
  Buffer buffer(sealing_room(20));
  Outgoing out{.buffer = buffer, .size = 20};
  const Instant now{1};
  EXPECT_EQ(alice.device.send(to_bob, std::span(&out, 1), now).error(), Error::kOutOfOrder);
  ASSERT_TRUE(alice.device.set_endpoint(to_bob, bob.endpoint).ok());
  alice.device.set_private_key(Secret<32>());
  EXPECT_EQ(alice.device.send(to_bob, std::span(&out, 1), now).error(), Error::kOutOfOrder);
  EXPECT_EQ(alice.device.send({99, 1}, std::span(&out, 1), now).error(), Error::kNotFound);
  EXPECT_TRUE(alice.poll(now + 1'000'000).empty());
}

TEST(Device, RoutesByTheDestination) {
  Rig alice(1), bob(2), carol(3);
  const auto to_bob = alice.add(bob), to_carol = alice.add(carol);
  EXPECT_EQ(*alice.device.route(ip_packet(alice.inner(), bob.inner(), {})), to_bob);
  EXPECT_EQ(*alice.device.route(ip_packet(alice.inner_v6(), carol.inner_v6(), {})), to_carol);
  EXPECT_EQ(alice.device.route(ip_packet(bob.inner(), alice.inner(), {})).error(),
            Error::kNotFound);
  EXPECT_EQ(alice.device.route(Buffer(40)).error(), Error::kMalformed);
  EXPECT_EQ(alice.device.route({}).error(), Error::kMalformed);
}

TEST(Device, TakesAnAllowedIpFromOnePeerForAnother) {
  Rig alice(1), bob(2), carol(3);
  const auto to_bob = alice.add(bob), to_carol = alice.add(carol);
  const auto packet = ip_packet(alice.inner(), bob.inner(), {});
  ASSERT_TRUE(alice.device.add_allowed_ip(to_carol, host(bob.inner())).ok());
  EXPECT_EQ(*alice.device.route(packet), to_carol);
  EXPECT_EQ(alice.device.remove_allowed_ip(to_bob, host(bob.inner())).error(), Error::kNotFound);
  ASSERT_TRUE(alice.device.remove_allowed_ip(to_carol, host(bob.inner())).ok());
  EXPECT_EQ(alice.device.route(packet).error(), Error::kNotFound);
  std::size_t count = 0;
  for (auto ip = alice.device.first_allowed_ip(to_bob); ip;
       ip = alice.device.next_allowed_ip(*ip)) {
    EXPECT_EQ(alice.device.allowed_ip(*ip), host(bob.inner_v6()));
    ++count;
  }
  EXPECT_EQ(count, 1u);
  ASSERT_TRUE(alice.device.clear_allowed_ips(to_bob).ok());
  EXPECT_FALSE(alice.device.first_allowed_ip(to_bob));
}

TEST(Device, HoldsAsManyPeersAsTheMemory) {
  Rig alice(1, {.peers = 5});
  std::vector<PeerId> ids;
  for (unsigned i = 0; i < 5; ++i) ids.push_back(*alice.device.add_peer(Rig::key(i + 50).view()));
  EXPECT_EQ(alice.device.add_peer(Rig::key(99).view()).error(), Error::kFull);
  EXPECT_EQ(alice.device.add_peer(Rig::key(51).view()).error(), Error::kOutOfOrder);
  EXPECT_EQ(alice.device.peer_count(), 5u);
  std::set<std::uint32_t> slots;
  for (auto id = alice.device.first_peer(); id; id = alice.device.next_peer(*id)) {
    slots.insert(id->slot);
    EXPECT_EQ(alice.device.find_peer(alice.device.status(*id)->public_key).ok(), true);
  }
  EXPECT_EQ(slots.size(), 5u);
  // A removed peer's id finds nothing, not even its successor.
  ASSERT_TRUE(alice.device.remove_peer(ids[2]).ok());
  EXPECT_EQ(alice.device.find_peer(Rig::key(52).view()).error(), Error::kNotFound);
  const auto next = alice.device.add_peer(Rig::key(60).view());
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(next->slot, ids[2].slot);
  EXPECT_EQ(alice.device.status(ids[2]).error(), Error::kNotFound);
  EXPECT_EQ(alice.device.remove_peer(ids[2]).error(), Error::kNotFound);
  EXPECT_EQ(alice.device.set_endpoint(ids[2], {}).error(), Error::kNotFound);
  EXPECT_EQ(alice.device.set_preshared_key(ids[2], ByteArray<32>{}).error(), Error::kNotFound);
  EXPECT_EQ(alice.device.reset_peer(ids[2]).error(), Error::kNotFound);
  EXPECT_EQ(alice.device.clear_source(ids[2]).error(), Error::kNotFound);
  EXPECT_EQ(alice.device.status({}).error(), Error::kNotFound);
}

TEST(Device, RefusesItsOwnKeyAsAPeer) {
  Rig alice(1);
  EXPECT_EQ(alice.device.add_peer(alice.public_key()).error(), Error::kRefused);
  // And removes the peer whose key becomes its own.
  const Secret<32> other = Rig::key(77);
  const auto peer =
      alice.device.add_peer(crypto::x25519_public(crypto::x25519_private(other.view())));
  ASSERT_TRUE(peer.ok());
  alice.device.set_private_key(other);
  EXPECT_EQ(alice.device.status(*peer).error(), Error::kNotFound);
  EXPECT_EQ(alice.device.peer_count(), 0u);
}

TEST(Device, ClampsItsPrivateKey) {
  Rig alice(1);
  const auto raw = ByteArray<32>{0xff, 1, 2};
  alice.device.set_private_key(Secret<32>(raw));
  EXPECT_EQ(alice.device.private_key().view()[0], 0xf8);
  EXPECT_EQ(alice.device.private_key().view()[31], 0x40);
}

// The seven points of low order: they are taken as peers, and nothing is said
// to them or because of them.
TEST(Device, IsSilentToPointsOfLowOrder) {
  const std::vector<std::array<std::uint8_t, 32>> points = [] {
    std::vector<std::array<std::uint8_t, 32>> out;
    out.push_back({0});
    out.push_back({1});
    std::array<std::uint8_t, 32> p;  // 2^255 - 19, one less and one more
    p.fill(0xff);
    p[31] = 0x7f;
    for (const unsigned low : {0xecu, 0xedu, 0xeeu}) {
      p[0] = static_cast<std::uint8_t>(low);
      out.push_back(p);
    }
    out.push_back({0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
                   0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
                   0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00});
    out.push_back({0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
                   0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
                   0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57});
    return out;
  }();
  Rig alice(1);
  Instant now{1000};
  for (const auto& point : points) {
    const auto peer = alice.device.add_peer(point);
    ASSERT_TRUE(peer.ok());
    ASSERT_TRUE(alice.device.set_endpoint(*peer, alice.endpoint).ok());
    ASSERT_TRUE(alice.device.add_allowed_ip(*peer, host(inner4(7))).ok());
    ASSERT_TRUE(alice.device.set_persistent_keepalive(*peer, 1, now).ok());
    for (int i = 0; i < 30; ++i) {
      EXPECT_FALSE(alice.send(ip_packet(alice.inner(), inner4(7), {}), now));
      EXPECT_TRUE(alice.poll(now).empty());
      now = now + kSecond;
    }
    EXPECT_EQ(alice.device.counters().initiations_sent, 0u);
    ASSERT_TRUE(alice.device.remove_peer(*peer).ok());
  }
  // As an ephemeral key of an initiation and of a response.
  Rig bob(2);
  bob.add(alice);
  alice.add(bob);
  alice.send(bob, "x", now);
  const auto initiation = alice.poll(now).at(0);
  const auto response = *bob.receive(initiation, now);
  for (const auto& point : points) {
    Flying bad = initiation;
    copy(point, MutBytes(bad.bytes).subspan(8));
    ReceivedCookie none;
    none.write_macs(bob.public_key(), now, bad.bytes);
    EXPECT_FALSE(bob.receive(bad, now));
    EXPECT_EQ(bob.last, Error::kBadKey);
    bad = response;
    copy(point, MutBytes(bad.bytes).subspan(12));
    none.write_macs(alice.public_key(), now, bad.bytes);
    alice.receive(bad, now);
    EXPECT_EQ(alice.last, Error::kBadKey);
  }
  alice.receive(response, now);
  EXPECT_FALSE(alice.last);
}

TEST(Device, TellsWhatIsKnownOfAPeer) {
  Pair p;
  auto status = *p.alice.device.status(p.to_bob);
  EXPECT_TRUE(equal_var(status.public_key, p.bob.public_key()));
  EXPECT_EQ(status.endpoint, p.bob.endpoint);
  EXPECT_FALSE(status.last_handshake);
  EXPECT_EQ(status.rx_bytes + status.tx_bytes, 0u);
  p.shake_hands();
  status = *p.alice.device.status(p.to_bob);
  EXPECT_EQ(status.last_handshake, p.now);
  EXPECT_EQ(status.tx_bytes, 148u + 32 + 32);  // the initiation and "hello"
  EXPECT_EQ(status.rx_bytes, 92u);
  status = *p.bob.device.status(p.to_alice);
  EXPECT_EQ(status.rx_bytes, 148u + 32 + 32);
  EXPECT_EQ(status.tx_bytes, 92u);
  EXPECT_EQ(status.last_handshake, p.now);
}

TEST(Device, ForgetsSessionsWithItsKey) {
  Pair p;
  p.shake_hands();
  p.alice.device.set_private_key(p.alice.private_key);  // the same: nothing happens
  EXPECT_TRUE(p.passes(p.alice, p.bob));
  p.alice.device.set_private_key(Rig::key(5));
  EXPECT_FALSE(p.alice.send(p.bob, "x", p.now));
  EXPECT_EQ(TestOnlyAccess::used_indices(p.alice), 0u);
  p.later(6 * kSecond);
  const auto initiation = p.alice.poll(p.now).at(0);
  EXPECT_FALSE(p.bob.receive(initiation, p.now));
  EXPECT_EQ(p.bob.last, Error::kNotFound);
}

TEST(Device, ResetsAPeer) {
  Pair p;
  p.shake_hands();
  ASSERT_TRUE(p.alice.device.reset_peer(p.to_bob).ok());
  EXPECT_EQ(TestOnlyAccess::used_indices(p.alice), 0u);
  EXPECT_FALSE(p.passes(p.bob, p.alice));
  EXPECT_EQ(p.alice.last, Error::kNotFound);
  p.later(600 * kSecond);
  EXPECT_TRUE(p.alice.poll(p.now).empty());
}

TEST(Device, RemembersAndForgetsTheSourceOfAPeer) {
  Pair p;
  Endpoint sticky = p.alice.endpoint;
  sticky.source = IpAddress::v4(ByteArray<4>{203, 0, 113, 1});
  sticky.source_interface = 3;
  p.alice.endpoint = sticky;  // as bob's port sees alice
  p.shake_hands();
  EXPECT_EQ(p.bob.device.status(p.to_alice)->endpoint, sticky);
  EXPECT_EQ(p.bob.send(p.alice, "x", p.now)->to, sticky);
  ASSERT_TRUE(p.bob.device.clear_source(p.to_alice).ok());
  EXPECT_EQ(p.bob.send(p.alice, "x", p.now)->to.source, IpAddress{});
  EXPECT_EQ(p.bob.send(p.alice, "x", p.now)->to.source_interface, 0u);
}

TEST(Device, SaysWhichFloorToStoreBeforeItInitiates) {
  Rig alice(1), bob(2);
  alice.add(bob);
  bob.add(alice);
  std::uint64_t stored = 0;
  Instant now{1000};
  // Lives without a clock: each time the responder takes the initiation.
  for (int life = 0; life < 5; ++life) {
    alice.device.set_stored_floor(stored);
    EXPECT_TRUE(alice.device.reset_peer(alice.peer(bob)).ok());
    now = now + 10 * kSecond;
    alice.send(bob, "x", now);
    EXPECT_TRUE(alice.poll(now, {}).empty()) << "no timestamp is reserved";
    const auto floor = alice.device.floor_to_store({});
    ASSERT_TRUE(floor);
    EXPECT_GT(*floor, stored);
    stored = *floor;
    alice.device.floor_stored(stored);
    EXPECT_FALSE(alice.device.floor_to_store({}));
    now = now + 100;  // the initiation waits no longer than this
    const auto sent = alice.poll(now, {});
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_TRUE(bob.receive(sent[0], now));
  }
}

TEST(Device, WorksWithTheLeastMemory) {
  DeviceStorage<1, 1, 0, 32> storage;
  Device device(storage.memory(), {}, ByteArray<32>{1});
  Rig bob(2);
  ports::fake::FakeRng rng(4);
  device.set_private_key(Rig::key(9));
  device.floor_stored(kNoFloor);
  const auto peer = device.add_peer(bob.public_key());
  ASSERT_TRUE(peer.ok());
  ASSERT_TRUE(device.set_endpoint(*peer, bob.endpoint).ok());
  ASSERT_TRUE(device.add_allowed_ip(*peer, host(bob.inner())).ok());
  EXPECT_EQ(device.add_peer(ByteArray<32>{9}).error(), Error::kFull);
  EXPECT_TRUE(bob.device.add_peer(device.public_key()).ok());
  Buffer buffer(sealing_room(20));
  copy(ip_packet(inner4(1), bob.inner(), {}), MutBytes(buffer).subspan(16));
  Outgoing out{.buffer = buffer, .size = 20};
  const Instant now{1000};
  EXPECT_EQ(device.send(*peer, std::span(&out, 1), now)->dropped, 1u);
  ByteArray<kMaxPollSize> room{};
  const auto sent = device.poll(now, {}, rng, room);
  ASSERT_TRUE(sent.ok() && *sent);
  const auto reply = bob.receive({Buffer(room.begin(), room.end()), {}, {}}, now);
  ASSERT_TRUE(reply);
  Buffer response = reply->bytes;
  EXPECT_TRUE(device.receive(response, bob.endpoint, now, rng).ok());
  EXPECT_EQ(device.send(*peer, std::span(&out, 1), now)->sealed, 1u);
}

TEST(Device, SaysWhenToPollAndForWhat) {
  Pair p;
  EXPECT_EQ(p.alice.device.next_deadline().at, kNever);
  p.alice.send(p.bob, "x", p.now);
  EXPECT_EQ(p.alice.device.next_deadline().at, p.now);
  EXPECT_EQ(p.alice.device.next_deadline().peer, p.to_bob);
  EXPECT_EQ(p.alice.device.next_deadline().reason, Timer::kInitiate);
  // Too early it does nothing.
  ByteArray<kMaxPollSize> room{};
  EXPECT_EQ(p.alice.poll(p.now).size(), 1u);
  const Instant next = p.alice.device.next_deadline().at;
  const auto early = p.alice.device.poll(next + -1, {}, p.alice.rng, room);
  ASSERT_TRUE(early.ok());
  EXPECT_FALSE(*early);
  EXPECT_EQ(p.alice.device.next_deadline().at, next);
  EXPECT_EQ(p.alice.poll(next).size(), 1u);
}

}  // namespace
}  // namespace core::wg
