// Faults that other implementations have had, each as a test that they are not
// here.
#include <gtest/gtest.h>

#include <set>

#include "core/wg/hand_made_test.h"
#include "core/wg/pair_test.h"

namespace core::wg {
namespace {

class Fault : public testing::Test {
 protected:
  Fault() : carol(3, bob) {}
  Rig bob{2};
  HandMade carol;
  Instant now{1'000'000};
};

TEST_F(Fault, APeerMayNotUseTheAddressOfAnother) {
  HandMade dave(4, bob);
  carol.shake_hands(1, now);
  const auto spoof = [&](std::uint64_t counter, const IpAddress& source, const IpAddress& to) {
    bob.receive(carol.sealed(counter, ip_packet(source, to, Buffer(5, 'x'))), now);
    return bob.last;
  };
  EXPECT_EQ(spoof(0, inner4(4), bob.inner()), Error::kRefused);
  EXPECT_EQ(spoof(1, inner6(4), bob.inner_v6()), Error::kRefused);
  EXPECT_EQ(spoof(2, inner4(99), bob.inner()), Error::kRefused);
  EXPECT_EQ(spoof(3, inner6(99), bob.inner_v6()), Error::kRefused);
  EXPECT_EQ(spoof(4, bob.inner(), bob.inner()), Error::kRefused);
  EXPECT_EQ(bob.device.counters().wrong_sources, 5u);
  EXPECT_TRUE(bob.packets.empty());
  EXPECT_EQ(spoof(5, inner4(3), bob.inner()), std::nullopt);
  EXPECT_EQ(spoof(6, inner6(3), bob.inner_v6()), std::nullopt);
  EXPECT_EQ(bob.packets.size(), 2u);
}

TEST_F(Fault, AWiderPrefixDoesNotGiveTheAddressesWithinThatAreAnothers) {
  HandMade dave(4, bob);
  ASSERT_TRUE(bob.device.add_allowed_ip(carol.peer, {inner4(0), 8}).ok());
  carol.shake_hands(1, now);
  bob.receive(carol.sealed(0, ip_packet(inner4(4), bob.inner(), {})), now);
  EXPECT_EQ(bob.last, Error::kRefused);
  bob.receive(carol.sealed(1, ip_packet(inner4(5), bob.inner(), {})), now);
  EXPECT_FALSE(bob.last);
}

TEST_F(Fault, AReplayMovesNoEndpointAndConfirmsNothing) {
  carol.shake_hands(1, now);
  auto first = carol.packet(0);
  bob.receive(first, now);
  EXPECT_EQ(bob.device.status(carol.peer)->endpoint, carol.endpoint);
  first.from.port = 666;
  bob.receive(first, now);
  EXPECT_EQ(bob.last, Error::kReplay);
  EXPECT_EQ(bob.device.status(carol.peer)->endpoint, carol.endpoint);
  EXPECT_EQ(bob.device.counters().replays, 1u);
  // Nor does what is not authentic.
  auto forged = carol.packet(1);
  forged.bytes.back() ^= 1;
  forged.from.port = 666;
  bob.receive(forged, now);
  EXPECT_EQ(bob.last, Error::kBadTag);
  EXPECT_EQ(bob.device.status(carol.peer)->endpoint, carol.endpoint);
}

TEST_F(Fault, AnyAuthenticDatagramMovesTheEndpoint) {
  carol.shake_hands(1, now);
  std::uint16_t port = 100;
  const auto moved = [&](Flying flying) {
    flying.from.port = ++port;
    bob.receive(flying, now);
    return bob.device.status(carol.peer)->endpoint.port == port;
  };
  EXPECT_TRUE(moved(carol.packet(0)));
  EXPECT_TRUE(moved(carol.sealed(1, {})));                                      // a keepalive
  EXPECT_TRUE(moved(carol.sealed(2, ip_packet(inner4(99), bob.inner(), {}))));  // not let in
  now = now + 100;
  EXPECT_TRUE(moved(carol.initiation(2)));
  // To IPv6 and back.
  auto flying = carol.packet(3);
  flying.from.address = inner6(1);
  bob.receive(flying, now);
  EXPECT_EQ(bob.device.status(carol.peer)->endpoint.address.family, Family::kIpv6);
}

TEST_F(Fault, ACookieReplyMovesNoEndpoint) {
  Rig alice(1), server(5);
  const auto to_server = alice.add(server);
  server.add(alice);
  server.device.note_overload(now);
  alice.send(server, "x", now);
  auto reply = *server.receive(alice.poll(now).at(0), now);
  ASSERT_EQ(reply.bytes[0], 3);
  reply.from.port = 666;
  alice.receive(reply, now);
  EXPECT_FALSE(alice.last);
  EXPECT_EQ(alice.device.status(to_server)->endpoint, server.endpoint);
}

TEST_F(Fault, LatePacketsAreTakenAsFarAsTheWindowReaches) {
  carol.shake_hands(1, now);
  bob.receive(carol.packet(5000), now);
  bob.receive(carol.packet(5000 - 2047), now);  // 64 words of 32
  EXPECT_FALSE(bob.last);
  bob.receive(carol.packet(5000 - 2048), now);
  EXPECT_EQ(bob.last, Error::kReplay);
  // 2^32 apart is not the same.
  bob.receive(carol.packet(5000 + (std::uint64_t{1} << 32)), now);
  EXPECT_FALSE(bob.last);
}

TEST_F(Fault, InitiationsOfAPeerAreTwentyMillisecondsApart) {
  EXPECT_TRUE(bob.receive(carol.initiation(1), now));
  EXPECT_FALSE(bob.receive(carol.initiation(2), now));
  EXPECT_EQ(bob.last, Error::kRefused);
  EXPECT_FALSE(bob.receive(carol.initiation(3), now + 19));
  EXPECT_TRUE(bob.receive(carol.initiation(4), now + 20));
}

TEST_F(Fault, OldTimestampsAreRefused) {
  EXPECT_TRUE(bob.receive(carol.initiation(10), now));
  for (const std::uint64_t time : {0, 9, 10}) {
    now = now + 1000;
    EXPECT_FALSE(bob.receive(carol.initiation(time), now));
    EXPECT_EQ(bob.last, Error::kReplay);
  }
  now = now + 1000;
  EXPECT_TRUE(bob.receive(carol.initiation(11), now));
  EXPECT_EQ(bob.device.counters().old_timestamps, 3u);
}

TEST_F(Fault, AReplayedInitiationTakesNothingAway) {
  const auto initiation = carol.initiation(1);
  const auto response = bob.receive(initiation, now);
  carol.take_response(*response);
  bob.receive(carol.packet(0), now);
  now = now + 1000;
  EXPECT_FALSE(bob.receive(initiation, now));
  bob.receive(carol.packet(1), now);
  EXPECT_FALSE(bob.last);
}

TEST_F(Fault, AnUnauthenticInitiationTakesNoTimestamp) {
  auto bad = carol.initiation(99);
  bad.bytes[100] ^= 1;  // in the timestamp
  ReceivedCookie none;
  none.write_macs(bob.public_key(), now, bad.bytes);
  EXPECT_FALSE(bob.receive(bad, now));
  EXPECT_TRUE(bob.receive(carol.initiation(1), now));
}

TEST_F(Fault, AChangedPresharedKeyIsUsedByTheNextHandshake) {
  Pair p;
  p.shake_hands();
  const auto psk = Rig::key(9);
  ASSERT_TRUE(p.alice.device.set_preshared_key(p.to_bob, psk.view()).ok());
  EXPECT_TRUE(p.passes(p.alice, p.bob)) << "the session goes on";
  const auto rekey = [&] {
    p.later(120 * kSecond);
    p.passes(p.alice, p.bob);
    const auto initiation = p.alice.poll(p.now).at(0);
    const auto response = p.bob.receive(initiation, p.now);
    p.alice.receive(*response, p.now);
    return !p.alice.last;
  };
  EXPECT_FALSE(rekey());
  // Set while the handshake is under way.
  ASSERT_TRUE(p.bob.device.set_preshared_key(p.to_alice, psk.view()).ok());
  p.later(6 * kSecond);
  const auto response = p.bob.receive(p.alice.poll(p.now).at(0), p.now);
  p.alice.receive(*response, p.now);
  EXPECT_FALSE(p.alice.last);
  for (const auto& f : p.alice.poll(p.now)) p.bob.receive(f, p.now);
  EXPECT_TRUE(p.passes(p.alice, p.bob));
  EXPECT_TRUE(p.passes(p.bob, p.alice));
}

TEST_F(Fault, AWrongPresharedKeyIsNoSession) {
  Pair p;
  ASSERT_TRUE(p.bob.device.set_preshared_key(p.to_alice, Rig::key(9).view()).ok());
  p.alice.send(p.bob, "x", p.now);
  const auto response = p.bob.receive(p.alice.poll(p.now).at(0), p.now);
  ASSERT_TRUE(response);
  p.alice.receive(*response, p.now);
  EXPECT_EQ(p.alice.last, Error::kBadTag);
  EXPECT_FALSE(p.alice.device.status(p.to_bob)->last_handshake);
}

TEST_F(Fault, DatagramsOfAnySizeAreHandled) {
  for (std::size_t size = 0; size < 300; ++size) {
    for (std::uint8_t type = 0; type < 6; ++type) {
      Buffer wire(size);
      if (size > 0) wire[0] = type;
      bob.receive({wire, carol.endpoint, {}}, now);
      EXPECT_TRUE(bob.last) << size << " " << int{type};
    }
  }
  bob.receive({Buffer(65535, 4), carol.endpoint, {}}, now);
  EXPECT_TRUE(bob.last);
  EXPECT_TRUE(bob.receive(carol.initiation(1), now));
}

TEST_F(Fault, EveryTruncationIsRefused) {
  const auto initiation = carol.initiation(1);
  const auto cut = [&](const Flying& flying, std::size_t size) {
    bob.receive({Buffer(flying.bytes.begin(), flying.bytes.begin() + static_cast<int>(size)),
                 flying.from,
                 {}},
                now);
    return bob.last;
  };
  for (std::size_t size = 0; size < 148; ++size) EXPECT_TRUE(cut(initiation, size));
  carol.shake_hands(2, now);
  const auto packet = carol.packet(0);
  for (std::size_t size = 0; size < packet.bytes.size(); ++size) EXPECT_TRUE(cut(packet, size));
  EXPECT_FALSE(cut(packet, packet.bytes.size()));
}

TEST_F(Fault, IndicesAreRandomAndNeverReusedWhileInUse) {
  std::set<std::uint32_t> seen;
  for (std::uint64_t i = 1; i <= 500; ++i) {
    now = now + 100;
    carol.shake_hands(i, now);
    EXPECT_TRUE(seen.insert(carol.their_index).second);
    EXPECT_LE(TestOnlyAccess::used_indices(bob), 3u);
  }
  std::size_t high = 0;
  for (const std::uint32_t index : seen) high += index >> 31;
  EXPECT_GT(high, 180u);
  EXPECT_LT(high, 320u);
}

// An Rng that says the same index again and again.
class StuckRng final : public Rng {
 public:
  Status fill(MutBytes out) override {
    std::fill(out.begin(), out.end(), value);
    return {};
  }
  std::uint8_t value = 5;
};

TEST_F(Fault, AnIndexInUseIsNotGivenAgain) {
  StuckRng rng;
  HandMade dave(4, bob);
  auto first = carol.initiation(1), second = dave.initiation(1);
  EXPECT_TRUE(bob.device.receive(first.bytes, first.from, now, rng).ok());
  EXPECT_EQ(bob.device.receive(second.bytes, second.from, now, rng).error(), Error::kFull);
  second = dave.initiation(2);
  rng.value = 0;  // 0 means no session
  EXPECT_EQ(bob.device.receive(second.bytes, second.from, now, rng).error(), Error::kFull);
  second = dave.initiation(3);
  rng.value = 6;
  EXPECT_TRUE(bob.device.receive(second.bytes, second.from, now, rng).ok());
}

TEST_F(Fault, TheLengthInsideIsWhatCounts) {
  carol.shake_hands(1, now);
  Buffer packet = ip_packet(inner4(3), bob.inner(), Buffer(10, 'x'));
  const Buffer whole = packet;
  packet.resize(48);
  bob.receive(carol.sealed(0, packet), now);
  EXPECT_EQ(bob.packets.at(0), whole);
  packet[3] = 49;  // longer than what came
  bob.receive(carol.sealed(1, packet), now);
  EXPECT_EQ(bob.last, Error::kMalformed);
  packet[3] = 19;
  bob.receive(carol.sealed(2, packet), now);
  EXPECT_EQ(bob.last, Error::kMalformed);
  packet[0] = 0x55;
  bob.receive(carol.sealed(3, packet), now);
  EXPECT_EQ(bob.last, Error::kMalformed);
  bob.receive(carol.sealed(4, {0x45}), now);
  EXPECT_EQ(bob.last, Error::kMalformed);
  EXPECT_EQ(bob.device.counters().malformed_packets, 4u);
}

TEST_F(Fault, NothingIsSentInASessionThatIsNotConfirmed) {
  carol.shake_hands(1, now);
  Buffer buffer(sealing_room(20));
  Outgoing out{.buffer = buffer, .size = 20};
  EXPECT_EQ(bob.device.send(carol.peer, std::span(&out, 1), now)->sealed, 0u);
  ASSERT_TRUE(bob.device.set_persistent_keepalive(carol.peer, 5, now).ok());
  for (const auto& flying : bob.poll(now + 60 * kSecond)) EXPECT_EQ(flying.bytes[0], 1);
  bob.receive(carol.packet(0), now + 60 * kSecond);
  EXPECT_FALSE(bob.last);
  EXPECT_EQ(bob.device.send(carol.peer, std::span(&out, 1), now)->sealed, 1u);
}

TEST_F(Fault, AnswersToAHandshakeOfTheOtherRoleDoNotMix) {
  // Bob has a handshake of his own under way when Carol's comes.
  ASSERT_TRUE(bob.device.set_endpoint(carol.peer, carol.endpoint).ok());
  bob.send(ip_packet(bob.inner(), inner4(3), {}), now);
  const auto own = bob.poll(now);
  ASSERT_EQ(own.size(), 1u);
  carol.shake_hands(1, now);
  bob.receive(carol.packet(0), now);
  EXPECT_FALSE(bob.last);
  // What was staged goes out in Carol's session, and no initiation follows.
  const auto sent = bob.poll(now + 9 * kSecond);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].bytes[0], 4);
}

TEST_F(Fault, NoResponseOrCookieOfAnotherIsTaken) {
  Pair p;
  p.alice.send(p.bob, "x", p.now);
  const auto response = *p.bob.receive(p.alice.poll(p.now).at(0), p.now);
  auto wrong = response;
  wrong.bytes[8] ^= 1;  // an index that is nobody's
  ReceivedCookie none;
  none.write_macs(p.alice.public_key(), p.now, wrong.bytes);
  p.alice.receive(wrong, p.now);
  EXPECT_EQ(p.alice.last, Error::kNotFound);
  p.alice.receive(response, p.now);
  EXPECT_FALSE(p.alice.last);
  p.alice.receive(response, p.now);
  EXPECT_EQ(p.alice.last, Error::kNotFound) << "the handshake is over";
}

}  // namespace
}  // namespace core::wg
