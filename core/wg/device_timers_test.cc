// Transcripts on a virtual clock, a chapter of [WG] 6 each. The numbers are the
// paper's, not the code's.
#include <gtest/gtest.h>

#include "core/wg/hand_made_test.h"
#include "core/wg/pair_test.h"

namespace core::wg {
namespace {

enum class Kind { kInitiation = 1, kResponse = 2, kCookie = 3, kTransport = 4 };
Kind kind(const Flying& flying) { return static_cast<Kind>(flying.bytes[0]); }
bool keepalive(const Flying& flying) {
  return kind(flying) == Kind::kTransport && flying.bytes.size() == 32;
}

class Chapter : public testing::Test, protected Pair {
 protected:
  // What `rig` sends by itself until `end`, and when, in ms from the start.
  std::vector<std::pair<std::int64_t, Flying>> watch(Rig& rig, std::int64_t for_ms) {
    std::vector<std::pair<std::int64_t, Flying>> out;
    const Instant start = now, end = now + for_ms;
    for (Instant at = rig.device.next_deadline().at; at <= end;
         at = rig.device.next_deadline().at) {
      now = std::max(now, at);
      for (auto& flying : rig.poll(now)) out.emplace_back(elapsed_ms(start, now), flying);
    }
    now = end;
    return out;
  }
  // Lets everything that flies arrive, both ways, until nothing does.
  void settle() {
    for (int i = 0; i < 20; ++i) {
      std::vector<Flying> flying = alice.poll(now);
      for (auto& f : bob.poll(now)) flying.push_back(f);
      if (flying.empty()) return;
      for (const auto& f : flying) deliver(f);
    }
  }
  void deliver(const Flying& f) {
    Rig& to = f.to.address == bob.endpoint.address ? bob : alice;
    if (const auto reply = to.receive(f, now)) deliver(*reply);
  }
  std::uint64_t initiations() const { return alice.device.counters().initiations_sent; }
};

// 6.2: Rekey-After-Time, by the initiator, when it sends.
TEST_F(Chapter, TransportLimitsTheInitiatorRekeysAfter120Seconds) {
  shake_hands();
  later(10 * kSecond);
  settle();  // bob's keepalive
  later(110 * kSecond - 1);
  EXPECT_TRUE(passes(alice, bob));
  settle();
  EXPECT_EQ(initiations(), 1u);
  later(1);
  EXPECT_TRUE(passes(alice, bob)) << "the old session is still in use";
  settle();
  EXPECT_EQ(initiations(), 2u);
  EXPECT_TRUE(passes(alice, bob));
  EXPECT_TRUE(passes(bob, alice));
  EXPECT_EQ(initiations(), 2u) << "one rekey is enough";
}

TEST_F(Chapter, TransportLimitsTheResponderDoesNotRekeyByTime) {
  shake_hands();
  later(179 * kSecond);
  EXPECT_TRUE(bob.send(alice, "x", now));
  EXPECT_TRUE(bob.poll(now).empty());
  EXPECT_EQ(bob.device.counters().initiations_sent, 0u);
}

TEST_F(Chapter, TransportLimitsBothRekeyAfter2To60Messages) {
  shake_hands();
  for (auto [rig, peer] : {std::pair{&alice, to_bob}, std::pair{&bob, to_alice}}) {
    later(6 * kSecond);
    TestOnlyAccess::current(*rig, peer).send_counter = (std::uint64_t{1} << 60) - 2;
    Rig& other = rig == &alice ? bob : alice;
    const auto before = rig->device.counters().initiations_sent;
    EXPECT_TRUE(rig->send(other, "x", now));
    EXPECT_TRUE(rig->poll(now).empty());
    EXPECT_TRUE(rig->send(other, "x", now));
    settle();
    EXPECT_EQ(rig->device.counters().initiations_sent, before + 1);
  }
}

TEST_F(Chapter, TransportLimitsNothingIsSentAfter180Seconds) {
  shake_hands();
  later(180 * kSecond - 1);
  EXPECT_TRUE(alice.send(bob, "x", now));
  EXPECT_TRUE(bob.send(alice, "x", now));
  later(1);
  EXPECT_FALSE(alice.send(bob, "x", now));
  EXPECT_FALSE(bob.send(alice, "x", now));
}

TEST_F(Chapter, TransportLimitsNothingIsBelievedAfter180Seconds) {
  HandMade carol(3, bob);
  carol.shake_hands(1, now);
  later(180 * kSecond - 1);
  bob.receive(carol.packet(0), now);
  EXPECT_FALSE(bob.last);
  later(1);
  bob.receive(carol.packet(1), now);
  EXPECT_EQ(bob.last, Error::kExpired);
}

TEST_F(Chapter, TransportLimitsRejectAfterMessagesHoldsForBothDirections) {
  const std::uint64_t reject = UINT64_MAX - (1u << 13);
  HandMade carol(3, bob);
  carol.shake_hands(1, now);
  bob.receive(carol.packet(0), now);
  bob.receive(carol.packet(reject), now);
  EXPECT_EQ(bob.last, Error::kExpired);
  bob.receive(carol.packet(reject - 1), now);
  EXPECT_FALSE(bob.last);
  bob.receive(carol.packet(UINT64_MAX), now);
  EXPECT_EQ(bob.last, Error::kExpired);

  bob.packets.clear();
  shake_hands();
  TestOnlyAccess::current(alice, to_bob).send_counter = reject - 1;
  EXPECT_TRUE(passes(alice, bob));
  EXPECT_FALSE(alice.send(bob, "x", now)) << "staged";
  EXPECT_EQ(TestOnlyAccess::current(alice, to_bob).send_counter, reject);
  later(6 * kSecond);
  settle();
  EXPECT_TRUE(passes(alice, bob));
}

// 6.2: 165 s after the session began the initiator rekeys on receiving, too.
TEST_F(Chapter, TransportLimitsTheInitiatorRekeysWhenItReceivesAfter165Seconds) {
  shake_hands();
  later(165 * kSecond - 1);
  deliver(*bob.send(alice, "x", now));
  EXPECT_TRUE(alice.poll(now).empty());
  later(1);
  deliver(*bob.send(alice, "x", now));
  const auto sent = alice.poll(now);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(kind(sent[0]), Kind::kInitiation);
  // Lost. It is not asked for again by each packet.
  deliver(*bob.send(alice, "x", now));
  EXPECT_TRUE(alice.poll(now).empty());
}

// 6.3: the responder may not send before it has received.
TEST_F(Chapter, KeyRotationTheResponderWaitsForTheFirstPacket) {
  alice.send(bob, "x", now);
  const auto response = bob.receive(alice.poll(now).at(0), now);
  EXPECT_FALSE(bob.send(alice, "too early", now));
  EXPECT_FALSE(bob.device.status(to_alice)->last_handshake);
  alice.receive(*response, now);
  for (const auto& f : alice.poll(now)) bob.receive(f, now);
  const auto staged = bob.poll(now);
  ASSERT_GE(staged.size(), 1u);
  alice.receive(staged.back(), now);
  ASSERT_EQ(alice.packets.size(), 1u);
}

TEST_F(Chapter, KeyRotationThePreviousSessionIsStillReceivedIn) {
  shake_hands();
  const auto late = *alice.send(bob, "late", now), later_still = *bob.send(alice, "late", now);
  later(120 * kSecond);
  EXPECT_TRUE(passes(alice, bob));
  settle();
  EXPECT_EQ(initiations(), 2u);
  bob.packets.clear();
  deliver(late);
  deliver(later_still);
  EXPECT_EQ(bob.packets.size(), 1u);
  EXPECT_EQ(alice.packets.size(), 1u);
  // Another rotation, and it is gone.
  const auto lost = *bob.send(alice, "x", now);
  for (int i = 0; i < 2; ++i) {
    later(120 * kSecond);
    EXPECT_TRUE(passes(alice, bob));
    settle();
  }
  deliver(lost);
  EXPECT_EQ(alice.last, Error::kNotFound);
}

TEST_F(Chapter, KeyRotationBothMayInitiateAtOnce) {
  alice.send(bob, "from alice", now);
  bob.send(alice, "from bob", now);
  const auto a = alice.poll(now).at(0), b = bob.poll(now).at(0);
  const auto to_a = bob.receive(a, now), to_b = alice.receive(b, now);
  ASSERT_TRUE(to_a && to_b);
  alice.receive(*to_a, now);
  bob.receive(*to_b, now);
  settle();
  EXPECT_EQ(alice.packets.size(), 1u);
  EXPECT_EQ(bob.packets.size(), 1u);
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(passes(alice, bob));
    EXPECT_TRUE(passes(bob, alice));
  }
}

// 6.4: retransmission each 5 s and a little, for 90 s.
TEST_F(Chapter, HandshakeRetriesEvery5SecondsAndGivesUpAfter90) {
  alice.send(bob, "x", now);
  const auto sent = watch(alice, 300 * kSecond);
  ASSERT_GE(sent.size(), 17u);
  ASSERT_LE(sent.size(), 18u);
  EXPECT_EQ(sent[0].first, 0);
  bool jitter = false;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    EXPECT_EQ(kind(sent[i].second), Kind::kInitiation);
    if (i == 0) continue;
    const auto gap = sent[i].first - sent[i - 1].first;
    EXPECT_GE(gap, 5000);
    EXPECT_LE(gap, 5334);
    jitter = jitter || gap != sent[1].first;
    EXPECT_NE(sent[i].second.bytes, sent[i - 1].second.bytes);
  }
  EXPECT_TRUE(jitter);
  EXPECT_LT(sent.back().first, 90 * kSecond);
  EXPECT_EQ(alice.device.counters().handshakes_given_up, 1u);
  EXPECT_EQ(alice.device.status(to_bob)->staged, 0u);
  EXPECT_TRUE(watch(alice, 600 * kSecond).empty());
  // A new packet starts anew.
  alice.send(bob, "x", now);
  EXPECT_EQ(watch(alice, 0).size(), 1u);
}

TEST_F(Chapter, HandshakePacketsMakeItTryLonger) {
  alice.send(bob, "x", now);
  watch(alice, 60 * kSecond);
  alice.send(bob, "x", now);
  const auto sent = watch(alice, 89 * kSecond);
  EXPECT_GE(sent.size(), 16u);
  EXPECT_EQ(alice.device.counters().handshakes_given_up, 0u);
}

TEST_F(Chapter, HandshakeIsNeverStartedTwiceIn5Seconds) {
  shake_hands();
  ASSERT_TRUE(alice.device.reset_peer(to_bob).ok());
  alice.send(bob, "x", now);
  EXPECT_TRUE(alice.poll(now).empty());
  const auto sent = watch(alice, 5 * kSecond);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].first, 5 * kSecond);
}

TEST_F(Chapter, HandshakeTakesAResponseUntilTheNextInitiation) {
  alice.send(bob, "x", now);
  const auto response = bob.receive(alice.poll(now).at(0), now);
  later(4999);
  alice.receive(*response, now);
  EXPECT_FALSE(alice.last);
  settle();
  EXPECT_EQ(bob.packets.size(), 1u);
}

// 6.5: passive keepalive.
TEST_F(Chapter, KeepaliveAnswersDataAfter10Seconds) {
  shake_hands();
  const auto sent = watch(bob, 60 * kSecond);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].first, 10 * kSecond);
  EXPECT_TRUE(keepalive(sent[0].second));
}

TEST_F(Chapter, KeepaliveIsNotNeededWhereDataWasSent) {
  shake_hands();
  later(9 * kSecond);
  EXPECT_TRUE(passes(bob, alice));
  EXPECT_TRUE(watch(bob, 14 * kSecond).empty());
}

TEST_F(Chapter, KeepaliveIsNotAnsweredByAKeepalive) {
  shake_hands();
  const auto sent = watch(bob, 10 * kSecond);
  ASSERT_EQ(sent.size(), 1u);
  deliver(sent[0].second);
  EXPECT_EQ(alice.device.counters().keepalives_received, 1u);
  EXPECT_TRUE(watch(alice, 100 * kSecond).empty());
}

TEST_F(Chapter, KeepaliveCountsFromTheFirstPacketReceived) {
  shake_hands();
  for (int i = 0; i < 9; ++i) {
    later(kSecond);
    EXPECT_TRUE(passes(alice, bob));
  }
  const auto sent = watch(bob, 10 * kSecond);
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].first, kSecond);
}

// 6.5: nothing came back for 10 + 5 s: a new handshake.
TEST_F(Chapter, DeadPeerIsAskedForANewHandshakeAfter15Seconds) {
  shake_hands();
  settle();
  deliver(bob.poll(now + 10 * kSecond).at(0));  // all is well so far
  later(11 * kSecond);
  EXPECT_TRUE(alice.send(bob, "lost", now));
  later(3 * kSecond);
  EXPECT_TRUE(alice.send(bob, "lost too", now));
  const auto sent = watch(alice, 13 * kSecond);
  ASSERT_GE(sent.size(), 1u);
  EXPECT_GE(sent[0].first, 12 * kSecond);
  EXPECT_LE(sent[0].first, 12 * kSecond + 334);
  EXPECT_EQ(kind(sent[0].second), Kind::kInitiation);
}

TEST_F(Chapter, DeadPeerIsNotDeadIfAnythingComes) {
  shake_hands();
  watch(bob, 10 * kSecond);
  later(kSecond);
  EXPECT_TRUE(passes(alice, bob));
  later(14 * kSecond);
  deliver(*bob.send(alice, "here", now));
  EXPECT_TRUE(watch(alice, 9 * kSecond).empty());
}

TEST_F(Chapter, PersistentKeepaliveComesInAQuietTunnelOnly) {
  ASSERT_TRUE(alice.device.set_persistent_keepalive(to_bob, 25, now).ok());
  settle();  // it starts the handshake by itself
  EXPECT_TRUE(bob.device.status(to_alice)->last_handshake);
  auto sent = watch(alice, 60 * kSecond);
  ASSERT_EQ(sent.size(), 2u);
  EXPECT_TRUE(keepalive(sent[0].second));
  EXPECT_EQ(sent[0].first, 25 * kSecond);
  EXPECT_EQ(sent[1].first, 50 * kSecond);
  for (const auto& one : sent) deliver(one.second);
  // Traffic either way puts it off.
  for (int i = 0; i < 6; ++i) {
    EXPECT_TRUE(i % 2 == 0 ? passes(bob, alice) : passes(alice, bob));
    EXPECT_TRUE(watch(alice, 9 * kSecond).empty());
  }
  ASSERT_TRUE(alice.device.set_persistent_keepalive(to_bob, 0, now).ok());
  sent = watch(alice, 5 * kSecond);
  EXPECT_TRUE(sent.empty());
}

TEST_F(Chapter, PersistentKeepaliveRenewsTheSession) {
  ASSERT_TRUE(alice.device.set_persistent_keepalive(to_bob, 25, now).ok());
  for (int i = 0; i < 100; ++i) {
    settle();
    later(7 * kSecond);
  }
  EXPECT_TRUE(passes(alice, bob));
  EXPECT_TRUE(passes(bob, alice));
  EXPECT_LE(initiations(), 6u);
}

// 6.2, last paragraph: keys are wiped after 3 * Reject-After-Time.
TEST_F(Chapter, KeysAreWipedAfter540Seconds) {
  shake_hands();
  EXPECT_EQ(TestOnlyAccess::used_indices(alice), 1u);
  // Nothing comes or goes, not even the keepalive.
  watch(alice, 540 * kSecond - 1);
  EXPECT_TRUE(TestOnlyAccess::current(alice, to_bob).there());
  watch(alice, 1);
  EXPECT_FALSE(TestOnlyAccess::current(alice, to_bob).there());
  EXPECT_EQ(TestOnlyAccess::used_indices(alice), 0u);
  EXPECT_EQ(Buffer(32), Buffer(TestOnlyAccess::current(alice, to_bob).keys.send.view().begin(),
                               TestOnlyAccess::current(alice, to_bob).keys.send.view().end()));
}

TEST_F(Chapter, AfterALongSleepNothingOldIsUsed) {
  shake_hands();
  const auto old = *bob.send(alice, "old", now);
  later(24 * 3600 * kSecond);
  alice.receive(old, now);
  EXPECT_TRUE(alice.last);
  EXPECT_FALSE(alice.send(bob, "x", now));
  settle();
  EXPECT_TRUE(passes(alice, bob));
  EXPECT_TRUE(passes(bob, alice));
}

TEST_F(Chapter, AClockThatGoesBackHoldsNothingUpForEver) {
  shake_hands();
  now = now + -500 * kSecond;
  EXPECT_TRUE(passes(alice, bob));
  EXPECT_TRUE(passes(bob, alice));
  now = now + 500 * kSecond + 121 * kSecond;
  EXPECT_TRUE(passes(alice, bob));
  settle();
  EXPECT_EQ(initiations(), 2u);
}

TEST_F(Chapter, DeadlinesAreNeverInThePastOncePolled) {
  shake_hands();
  ports::fake::FakeRng rng(1);
  for (int i = 0; i < 2000; ++i) {
    later(static_cast<std::int64_t>(rng.next() % 8000));
    if (rng.chance(30)) alice.send(bob, "x", now);
    if (rng.chance(30)) bob.send(alice, "x", now);
    for (Rig* rig : {&alice, &bob}) {
      const auto sent = rig->poll(now);
      EXPECT_GT(rig->device.next_deadline().at.ms, now.ms);
      for (const auto& f : sent) {
        if (rng.chance(50)) deliver(f);
      }
      now = now + (rng.chance(50) ? 1 : 0);
    }
  }
}

}  // namespace
}  // namespace core::wg
