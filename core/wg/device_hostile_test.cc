// A device against anybody's datagrams, floods, and a random source that fails.
#include <gtest/gtest.h>

#include "core/wg/hand_made_test.h"
#include "core/wg/pair_test.h"
#include "test/no_heap.h"

namespace core::wg {
namespace {

// What a stranger can see of a conversation, to be sent again in other forms.
std::vector<Flying> overheard(Pair& p, HandMade& carol) {
  std::vector<Flying> out;
  p.alice.send(p.bob, "x", p.now);
  out.push_back(p.alice.poll(p.now).at(0));
  const auto response = *p.bob.receive(out[0], p.now);
  out.push_back(response);
  p.alice.receive(response, p.now);
  for (auto& f : p.alice.poll(p.now)) {
    p.bob.receive(f, p.now);
    out.push_back(f);
  }
  for (const char* text : {"a", "bb", "ccc"}) {
    out.push_back(*p.alice.send(p.bob, text, p.now));
    p.bob.receive(out.back(), p.now);
    out.push_back(*p.bob.send(p.alice, text, p.now));
  }
  out.push_back(carol.initiation(5));
  p.bob.receive(out.back(), p.now);
  p.bob.device.note_overload(p.now);
  auto cookie = carol.initiation(6);
  out.push_back(*p.bob.receive(cookie, p.now));
  p.later(2 * kSecond);
  return out;
}

TEST(Hostile, AMillionDatagramsChangeNothing) {
  constexpr int kCount = 1'000'000;
  Pair p({.device = {.handshakes_per_s = 1'000'000}});
  HandMade carol(3, p.bob);
  const auto seen = overheard(p, carol);
  const auto before = *p.bob.device.status(p.to_alice);
  ports::fake::FakeRng rng(1);
  Buffer wire;
  int refused = 0;
  for (int i = 0; i < kCount; ++i) {
    const std::uint64_t kind = rng.next() % 8;
    if (kind < 3) {  // noise with a likely type and size
      constexpr std::size_t kSizes[] = {148, 92, 64, 32, 48, 0, 4, 96};
      wire.resize(kSizes[rng.next() % 8]);
      (void)rng.fill(wire);
      if (wire.size() >= 4) {
        wire[0] = static_cast<std::uint8_t>(rng.next() % 6);
        wire[1] = wire[2] = wire[3] = 0;
      }
    } else {
      const std::size_t which = rng.next() % seen.size();
      wire = seen[which].bytes;
      if (kind == 3) {
        wire.resize(rng.next() % (wire.size() + 40));
      } else {
        // Any bit but of the indices and counters, which are checked elsewhere.
        const std::size_t at = 16 + rng.next() % (wire.size() - 16);
        wire[at] = static_cast<std::uint8_t>(wire[at] ^ 1u << rng.next() % 8);
      }
    }
    // Sometimes the MACs are right, which is all a stranger can make.
    const std::uint8_t type = wire.size() == 148 ? 1 : wire.size() == 92 ? 2 : 0;
    if (type != 0 && wire[0] == type && rng.chance(1)) {
      ReceivedCookie none;
      none.write_macs(p.bob.public_key(), p.now, wire);
    }
    Endpoint from = carol.endpoint;
    from.port = static_cast<std::uint16_t>(rng.next());
    const auto result = p.bob.device.receive(wire, from, p.now, p.bob.rng);
    refused += result.ok() ? 0 : 1;
    ASSERT_TRUE(!result.ok() || result->meaning != Meaning::kPacket) << i;
  }
  EXPECT_EQ(refused, kCount);
  const auto after = *p.bob.device.status(p.to_alice);
  EXPECT_EQ(after.endpoint, before.endpoint);
  EXPECT_EQ(after.rx_bytes, before.rx_bytes);
  EXPECT_TRUE(p.passes(p.alice, p.bob));
  EXPECT_TRUE(p.passes(p.bob, p.alice));
}

TEST(Hostile, AFloodOfInitiationsLetsTheHonestIn) {
  Pair p({.device = {.handshakes_per_s = 20}});
  HandMade mallory(3, p.bob);
  Instant& now = p.now;
  std::uint64_t time = 1, cookies = 0, sent = 0;
  const auto flood = [&](int count) {
    for (int i = 0; i < count; ++i) {
      auto flying = mallory.initiation(time++);
      // From addresses all over the world.
      flying.from.address = IpAddress::v4(ByteArray<4>{static_cast<std::uint8_t>(i),
                                                       static_cast<std::uint8_t>(sent >> 16),
                                                       static_cast<std::uint8_t>(sent >> 8), 9});
      ++sent;
      const auto reply = p.bob.receive(flying, now);
      if (reply && reply->bytes[0] == 3) {
        ++cookies;
        EXPECT_LE(reply->bytes.size(), flying.bytes.size()) << "nothing to amplify with";
      }
    }
  };
  flood(100);
  EXPECT_GT(cookies, 70u);
  // Alice comes in the middle of it: first she gets a cookie, ...
  p.alice.send(p.bob, "x", now);
  const auto reply = *p.bob.receive(p.alice.poll(now).at(0), now);
  EXPECT_EQ(reply.bytes[0], 3);
  p.alice.receive(reply, now);
  EXPECT_FALSE(p.alice.last);
  // ... and with her first retry she is in.
  for (int i = 0; i < 54; ++i) {
    p.later(100);
    flood(5);
    for (const auto& f : p.alice.poll(now)) {
      if (const auto answer = p.bob.receive(f, now)) p.alice.receive(*answer, now);
    }
    for (const auto& f : p.alice.poll(now)) p.bob.receive(f, now);
  }
  EXPECT_TRUE(p.alice.device.status(p.to_bob)->last_handshake);
  EXPECT_EQ(p.bob.packets.size(), 1u);
  EXPECT_EQ(p.alice.device.counters().initiations_sent, 2u);
  // Peace: no cookies any more.
  p.later(3 * kSecond);
  EXPECT_EQ(p.bob.receive(mallory.initiation(time), now)->bytes[0], 2);
}

TEST(Hostile, ASourceWithACookieIsHeldToItsRate) {
  Rig bob(2);
  HandMade carol(3, bob), dave(4, bob);
  Instant now{1'000'000};
  std::uint64_t time = 1;
  bob.device.note_overload(now);
  auto reply = *bob.receive(carol.initiation(time++), now);
  auto* cookie = message_in<CookieReply>(reply.bytes);
  ASSERT_TRUE(cookie != nullptr);
  ASSERT_TRUE(carol.cookie.consume(bob.public_key(), *cookie, Instant{0}).ok());
  int answered = 0, refused = 0;
  for (int ms = 0; ms < 5000; ms += 10) {
    bob.device.note_overload(now + ms);
    const auto response = bob.receive(carol.initiation(time++), now + ms);
    answered += response && response->bytes[0] == 2;
    refused += bob.last == Error::kRefused;
  }
  EXPECT_NEAR(answered, 5 * 20 + 5, 5);
  EXPECT_EQ(answered + refused, 500);
  // Another source is not held to what this one did.
  bob.device.note_overload(now + 5000);
  EXPECT_EQ(bob.receive(dave.initiation(1), now + 5000)->bytes[0], 3);
}

// The n-th draw fails, for every n: what was asked for does not happen, nothing
// is half done, and it happens when it is asked for again.
TEST(Hostile, AnyDrawOfTheRandomSourceMayFail) {
  for (std::uint64_t n = 1; n <= 4; ++n) {
    SCOPED_TRACE(n);
    Pair p;
    p.alice.send(p.bob, "x", p.now);
    p.alice.rng.fail_at(n);
    auto sent = p.alice.poll(p.now);
    if (n <= 3) {  // ephemeral key, index, jitter
      EXPECT_TRUE(sent.empty());
      EXPECT_EQ(p.alice.device.counters().rng_failures, 1u);
      EXPECT_EQ(TestOnlyAccess::used_indices(p.alice), 0u);
      p.later(5 * kSecond);
      sent = p.alice.poll(p.now);
    }
    ASSERT_EQ(sent.size(), 1u);
    p.alice.rng.fail_at(0);
    p.bob.rng.fail_at(n);
    auto response = p.bob.receive(sent[0], p.now);
    if (n <= 2) {  // index, ephemeral key
      EXPECT_FALSE(response);
      EXPECT_EQ(p.bob.last, Error::kRng);
      EXPECT_EQ(TestOnlyAccess::used_indices(p.bob), 0u);
      EXPECT_EQ(p.bob.device.status(p.to_alice)->rx_bytes, 0u);
      response = p.bob.receive(sent[0], p.now);  // the same: no timestamp was taken
    }
    ASSERT_TRUE(response);
    p.alice.receive(*response, p.now);
    for (const auto& f : p.alice.poll(p.now)) p.bob.receive(f, p.now);
    EXPECT_EQ(p.bob.packets.size(), 1u);
    EXPECT_TRUE(p.passes(p.bob, p.alice));
  }
  for (std::uint64_t n = 1; n <= 2; ++n) {  // a cookie's nonce and secret
    Pair p;
    p.bob.device.note_overload(p.now);
    p.alice.send(p.bob, "x", p.now);
    const auto sent = p.alice.poll(p.now);
    p.bob.rng.fail_at(n);
    EXPECT_FALSE(p.bob.receive(sent.at(0), p.now));
    EXPECT_EQ(p.bob.last, Error::kRng);
    EXPECT_TRUE(p.bob.receive(sent.at(0), p.now));
  }
}

TEST(Hygiene, NoPublicCallUsesTheHeap) {
  Pair p;
  p.shake_hands();
  p.later(121 * kSecond);
  auto rekey = p.alice.send(p.bob, "x", p.now);
  ByteArray<kMaxPollSize> room{};
  Buffer buffer(sealing_room(100)), wire(200);
  copy(ip_packet(p.alice.inner(), p.bob.inner(), Buffer(80)), MutBytes(buffer).subspan(16));
  Outgoing out{.buffer = buffer, .size = 100};
  Device &a = p.alice.device, &b = p.bob.device;
  const ByteArray<32> key{42};
  const Secret<32> private_key(key);
  const test::HeapCount heap;
  bool ok = true;
  for (int i = 0; i < 3; ++i) {  // the initiation among them
    const auto sent = a.poll(p.now, {}, p.alice.rng, room);
    ok = ok && sent.ok();
    if (!sent.ok() || !*sent) continue;
    copy((**sent).datagram, wire);
    const auto reply = b.receive(MutBytes(wire).first((**sent).datagram.size()), p.alice.endpoint,
                                 p.now, p.bob.rng);
    if (reply.ok() && reply->meaning == Meaning::kReply) {
      ok = ok && a.receive(reply->bytes, p.bob.endpoint, p.now, p.alice.rng).ok();
    }
  }
  ok = ok && a.send(p.to_bob, std::span(&out, 1), p.now).ok() && out.datagram.size() > 0;
  Incoming in{.datagram = MutBytes(buffer).first(out.datagram.size())};
  b.receive(std::span(&in, 1), p.alice.endpoint, p.now, p.bob.rng);
  ok = ok && in.received.ok();
  const auto peer = a.add_peer(key);
  ok = ok && peer.ok() && a.find_peer(key).ok() && a.set_preshared_key(*peer, key).ok() &&
       a.set_endpoint(*peer, p.bob.endpoint).ok() &&
       a.set_persistent_keepalive(*peer, 1, p.now).ok() &&
       a.add_allowed_ip(*peer, {inner4(0), 8}).ok() && a.first_allowed_ip(*peer) &&
       a.remove_allowed_ip(*peer, {inner4(0), 8}).ok() && a.clear_allowed_ips(*peer).ok() &&
       a.status(*peer).ok() && a.reset_peer(*peer).ok() && a.remove_peer(*peer).ok() &&
       a.first_peer() && a.next_deadline().at > p.now;
  a.note_overload(p.now);
  a.floor_stored(*a.floor_to_store({INT64_MAX}) + 1);
  a.set_private_key(private_key);
  EXPECT_EQ(heap.count(), 0u);
  EXPECT_TRUE(ok);
}

TEST(Hygiene, NothingSecretStaysInTheCallersMemory) {
  auto storage = std::make_unique<DeviceStorage<2, 2, 2, 2048>>();
  const auto contains = [&](View<32> what) {
    const auto* begin = reinterpret_cast<const std::uint8_t*>(storage.get());
    const auto* end = begin + sizeof(*storage);
    return std::search(begin, end, what.begin(), what.end()) != end;
  };
  Rig bob(2);
  ports::fake::FakeRng rng(4);
  ByteArray<kMaxPollSize> room{};
  const Secret<32> psk = Rig::key(31);
  const auto private_key = crypto::x25519_private(Rig::key(9).view());
  const auto shared = *crypto::x25519(private_key, bob.public_key());
  const Instant now{1000};
  // The next draw.
  ports::fake::FakeRng same(4);
  const auto ephemeral = same.draw<32>();
  {
    Device device(storage->memory(), {}, ByteArray<32>{1});
    device.set_private_key(private_key);
    device.floor_stored(kNoFloor);
    const auto peer = device.add_peer(bob.public_key());
    ASSERT_TRUE(device.set_endpoint(*peer, bob.endpoint).ok());
    ASSERT_TRUE(device.set_preshared_key(*peer, psk.view()).ok());
    ASSERT_TRUE(device.set_persistent_keepalive(*peer, 1, now).ok());
    const auto alice = bob.device.add_peer(device.public_key());
    ASSERT_TRUE(bob.device.set_preshared_key(*alice, psk.view()).ok());
    std::optional<ToSend> sent;
    while (!sent) sent = *device.poll(now, {}, rng, room);
    EXPECT_TRUE(contains(psk.view()));
    EXPECT_TRUE(contains(shared.view()));
    EXPECT_TRUE(contains(ephemeral->view()));
    auto response = bob.receive({Buffer(room.begin(), room.end()), {}, {}}, now)->bytes;
    ASSERT_TRUE(device.receive(response, bob.endpoint, now, rng).ok());
    EXPECT_FALSE(contains(ephemeral->view())) << "after the handshake";
    sent.reset();
    while (!sent) sent = *device.poll(now, {}, rng, room);
    // Bob's keys are ours the other way round.
    bob.receive({Buffer(sent->datagram.begin(), sent->datagram.end()), {}, {}}, now);
    EXPECT_FALSE(bob.last);
    const auto& keys = TestOnlyAccess::current(bob, *alice).keys;
    EXPECT_TRUE(contains(keys.send.view()));
    EXPECT_TRUE(contains(keys.receive.view()));
  }
  const auto& keys = TestOnlyAccess::current(bob, *bob.device.first_peer()).keys;
  for (const View<32> secret : {psk.view(), shared.view(), keys.send.view(), keys.receive.view()}) {
    EXPECT_FALSE(contains(secret));
  }
}

TEST(Hygiene, APeerIsSmall) {
  EXPECT_LE(sizeof(Peer), 720u);
  EXPECT_LE(sizeof(AllowedIps::Node), 44u);
}

}  // namespace
}  // namespace core::wg
