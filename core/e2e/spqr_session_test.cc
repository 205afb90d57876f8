// Sessions of version 4 with the post-quantum ratchet at work.
#include <gtest/gtest.h>

#include <set>

#include "core/crypto/sha2.h"
#include "core/e2e/two_peers_test.h"

namespace core::e2e {
namespace {

Error error_of(const Result<std::string>& result) {
  return result ? Error::kOutOfOrder : result.error();
}

// Whether a message carries the post-quantum ratchet.
bool has_payload(const Wire& wire) {
  return !(wire.type == MessageType::kWhisper
               ? SignalMessage::parse(wire.bytes)->pq_ratchet
               : PreKeyMessage::parse(wire.bytes)->message.pq_ratchet)
              .empty();
}

// One fifth is lost, the rest comes in another order and some of it twice, and
// both devices restart at any time: what is not too late is read.
TEST(SpqrSession, HoldsForManyEpochsThroughLossReorderingAndRestarts) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    Peer alice(seed), bob(seed + 100);
    TestRng dice(seed);
    ASSERT_TRUE(alice.initiate(bob).ok());
    ASSERT_TRUE(bob.receive(alice, alice.send(bob, "first")).ok());
    struct Sent {
      Wire wire;
      std::string text;
    };
    std::vector<Sent> ways[2];
    std::set<std::string> read;
    int too_late = 0;
    for (int i = 0; alice.record->current().spqr_epoch() < 8 && i < 4000; ++i) {
      const auto who = dice.next() % 2;
      Peer& sender = who == 0 ? alice : bob;
      Peer& receiver = who == 0 ? bob : alice;
      auto& way = ways[who];
      const std::string text = "message " + std::to_string(i);
      way.push_back({sender.send(receiver, text), text});
      EXPECT_TRUE(has_payload(way.back().wire));
      if (dice.chance(10)) sender.restart();
      if (dice.chance(20)) way.pop_back();
      while (!way.empty() && (way.size() > 4 || dice.chance(50))) {
        const std::size_t at = dice.next() % std::min<std::size_t>(way.size(), 3);
        const Sent sent = way[at];
        way.erase(way.begin() + static_cast<std::ptrdiff_t>(at));
        const auto got = receiver.receive(sender, sent.wire);
        if (!got) {
          EXPECT_EQ(got.error(), Error::kBadTag);  // more than five turns late
          ++too_late;
          continue;
        }
        EXPECT_EQ(*got, sent.text);
        EXPECT_TRUE(read.insert(*got).second);
        if (dice.chance(10)) receiver.restart();
        if (dice.chance(10)) {
          EXPECT_FALSE(receiver.receive(sender, sent.wire).ok());
        }
      }
    }
    EXPECT_GE(alice.record->current().spqr_epoch(), 8u);
    EXPECT_GE(bob.record->current().spqr_epoch(), 7u);
    EXPECT_LE(too_late, 20);
    EXPECT_GT(read.size(), 400u);
  }
}

// The type byte of a payload: behind the version and two varints.
std::uint8_t payload_kind(Bytes payload) {
  std::size_t at = 1;
  for (int varint = 0; varint < 2; ++varint) {
    while ((payload[at++] & 0x80) != 0) continue;
  }
  return payload[at];
}

// In every state of either side, flipped bits of any message change nothing:
// all bits of the first message with each kind of payload, and some of the others.
TEST(SpqrSession, RefusesFlippedBitsInEveryStateAndStaysAsItWas) {
  Peer alice(1), bob(2);
  ASSERT_TRUE(alice.initiate(bob).ok());
  ASSERT_TRUE(bob.receive(alice, alice.send(bob, "first")).ok());
  TestRng dice(3);
  std::set<std::uint8_t> kinds;
  for (int i = 0; alice.record->current().spqr_epoch() < 4; ++i) {
    Peer& sender = i % 2 == 0 ? bob : alice;
    Peer& receiver = i % 2 == 0 ? alice : bob;
    const auto wire = sender.send(receiver, "text");
    const auto message = SignalMessage::parse(wire.bytes);
    ASSERT_TRUE(message.ok());
    const auto payload = static_cast<std::size_t>(message->pq_ratchet.data() - wire.bytes.data());
    const auto before = receiver.stored();
    const std::size_t bits = 8 * wire.bytes.size();
    const bool is_new = kinds.insert(payload_kind(message->pq_ratchet)).second;
    for (std::size_t n = 0; n < (is_new ? bits : 60); ++n) {
      // The payload's fields, then anything.
      const std::size_t bit = is_new ? n : n < 40 ? 8 * payload + n : dice.next() % bits;
      auto changed = wire;
      changed.bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      ASSERT_FALSE(receiver.receive(sender, changed).ok()) << i << ' ' << bit;
      ASSERT_EQ(receiver.stored(), before) << i << ' ' << bit;
    }
    ASSERT_TRUE(receiver.receive(sender, wire).ok());
  }
  EXPECT_EQ(kinds.size(), 7u) << "every kind of payload has come";
}

TEST(SpqrSession, AFailingRandomSourceChangesNothingInEveryState) {
  Peer alice(1), bob(2);
  ASSERT_TRUE(alice.initiate(bob).ok());
  alice.rng.fail_at(1);  // the first key is made with the first message
  const auto before = alice.stored();
  EXPECT_EQ(alice.try_send(bob, "first").error(), Error::kRng);
  EXPECT_EQ(alice.stored(), before);
  ASSERT_TRUE(bob.receive(alice, alice.send(bob, "first")).ok());
  int failures = 0;
  for (int i = 0; alice.record->current().spqr_epoch() < 3; ++i) {
    Peer& sender = i % 2 == 0 ? bob : alice;
    Peer& receiver = i % 2 == 0 ? alice : bob;
    const auto stored = sender.stored();
    sender.rng.fail_at(1);
    const auto failed = sender.try_send(receiver, "text");
    sender.rng.fail_at(0);
    if (!failed) {
      EXPECT_EQ(failed.error(), Error::kRng);
      EXPECT_EQ(sender.stored(), stored);
      ++failures;
    }
    ASSERT_TRUE(receiver.receive(sender, failed ? *failed : sender.send(receiver, "text")).ok());
  }
  EXPECT_EQ(failures, 3);  // Bob's ciphertext, his key, Alice's ciphertext
}

TEST(SpqrSession, KeepsBothKeysOfTwoThousandMissingMessages) {
  Peer alice(1), bob(2);
  ASSERT_TRUE(alice.initiate(bob).ok());
  std::vector<Wire> sent;
  for (std::size_t i = 0; i <= kMaxSkippedKeys; ++i) sent.push_back(alice.send(bob, "x"));
  ASSERT_TRUE(bob.receive(alice, sent.back()).ok());
  EXPECT_EQ(bob.record->skipped_count(), kMaxSkippedKeys);
  EXPECT_EQ(bob.record->skipped_spqr_count(), kMaxSkippedKeys);
  bob.restart();
  for (std::size_t i = 0; i < kMaxSkippedKeys; ++i) ASSERT_TRUE(bob.receive(alice, sent[i]).ok());
  EXPECT_EQ(bob.record->skipped_count(), 0u);
  EXPECT_EQ(bob.record->skipped_spqr_count(), 0u);
}

// Keys of an epoch that has gone go with it, and with their session.
TEST(SpqrSession, ForgetsTheKeysOfOldEpochsAndOfDroppedSessions) {
  Peer alice(1), bob(2);
  ASSERT_TRUE(alice.initiate(bob).ok());
  alice.send(bob, "lost");
  ASSERT_TRUE(bob.receive(alice, alice.send(bob, "first")).ok());
  EXPECT_EQ(bob.record->skipped_spqr_count(), 1u);
  while (alice.record->current().spqr_epoch() < 4) {
    ASSERT_TRUE(alice.receive(bob, bob.send(alice, "b")).ok());
    ASSERT_TRUE(bob.receive(alice, alice.send(bob, "a")).ok());
  }
  EXPECT_EQ(bob.record->skipped_spqr_count(), 0u);
  alice.send(bob, "lost");
  ASSERT_TRUE(bob.receive(alice, alice.send(bob, "a")).ok());
  EXPECT_EQ(bob.record->skipped_spqr_count(), 1u);
  for (std::size_t i = 0; i <= kMaxArchivedSessions; ++i) {
    ASSERT_TRUE(alice.initiate(bob).ok());
    ASSERT_TRUE(bob.receive(alice, alice.send(bob, "new")).ok());
  }
  EXPECT_EQ(bob.record->skipped_spqr_count(), 0u);
}

// ---- peers from before the post-quantum ratchet ------------------------------

// Turns a device into one that has never heard of it. REQUIRES: one session,
// without skipped keys.
void forget_spqr(Peer& peer) {
  Buffer stored = peer.stored();
  const std::size_t pending = stored[2] == 1 ? 1594 : 0;  // with a one-time prekey
  const std::size_t begin = 4 + 72 + 138 + stored[4 + 72 + 137] * 71u;
  stored[begin] = 0;      // minimum
  stored[begin + 1] = 0;  // use
  stored.erase(stored.begin() + static_cast<std::ptrdiff_t>(begin + 2),
               stored.end() - static_cast<std::ptrdiff_t>(8 + 4 + pending));
  const auto digest = crypto::sha256(Bytes(stored).first(stored.size() - 8));
  copy(Bytes(digest).first(8), MutBytes(stored).last(8));
  ASSERT_TRUE(SessionRecord::parse(stored, *peer.record).ok());
  ASSERT_FALSE(peer.record->current().has_spqr());
}

void expect_talk(Peer& alice, Peer& bob, bool with_spqr) {
  for (int i = 0; i < 10; ++i) {
    const auto b = bob.send(alice, "b"), a = alice.send(bob, "a");
    EXPECT_EQ(has_payload(b), with_spqr);
    EXPECT_EQ(has_payload(a), with_spqr);
    EXPECT_EQ(*alice.receive(bob, b), "b");
    EXPECT_EQ(*bob.receive(alice, a), "a");
    alice.restart();
    bob.restart();
  }
  EXPECT_EQ(alice.record->current().has_spqr(), with_spqr);
  EXPECT_EQ(bob.record->current().has_spqr(), with_spqr);
}

TEST(SpqrMinimum, AnOldInitiatorIsRefusedUnlessTheMinimumIsNone) {
  Peer alice(1), bob(2);
  alice.minimum = SpqrMinimum::kNone;
  ASSERT_TRUE(alice.initiate(bob).ok());
  forget_spqr(alice);
  const auto first = alice.send(bob, "first");
  EXPECT_FALSE(has_payload(first));
  const auto before = bob.stored();
  EXPECT_EQ(error_of(bob.receive(alice, first)), Error::kBadTag);
  EXPECT_EQ(bob.stored(), before);
  bob.minimum = SpqrMinimum::kNone;
  EXPECT_EQ(*bob.receive(alice, first), "first");
  expect_talk(alice, bob, false);
}

TEST(SpqrMinimum, AnOldResponderIsRefusedUnlessTheMinimumIsNone) {
  for (const auto minimum : {SpqrMinimum::kNone, SpqrMinimum::kV1}) {
    Peer alice(1), bob(2);
    alice.minimum = minimum;
    bob.minimum = SpqrMinimum::kNone;
    ASSERT_TRUE(alice.initiate(bob).ok());
    ASSERT_TRUE(bob.receive(alice, alice.send(bob, "first")).ok());
    forget_spqr(bob);
    const auto answer = bob.send(alice, "answer");
    const auto before = alice.stored();
    if (minimum == SpqrMinimum::kV1) {
      EXPECT_EQ(error_of(alice.receive(bob, answer)), Error::kBadTag);
      EXPECT_EQ(alice.stored(), before);
      continue;
    }
    EXPECT_EQ(*alice.receive(bob, answer), "answer");
    expect_talk(alice, bob, false);
  }
}

// With the minimum none the initiator's first messages have no key, as a peer
// without the ratchet must be able to read them.
TEST(SpqrMinimum, TwoThatHaveTheRatchetUseItWhateverTheMinimum) {
  for (const auto hers : {SpqrMinimum::kNone, SpqrMinimum::kV1}) {
    for (const auto his : {SpqrMinimum::kNone, SpqrMinimum::kV1}) {
      Peer alice(1), bob(2);
      alice.minimum = hers;
      bob.minimum = his;
      ASSERT_TRUE(alice.initiate(bob).ok());
      const auto late = alice.send(bob, "late"), first = alice.send(bob, "first");
      alice.restart();
      const auto got = bob.receive(alice, first);
      if (hers == SpqrMinimum::kNone && his == SpqrMinimum::kV1) {
        EXPECT_EQ(error_of(got), Error::kBadTag);
        continue;
      }
      EXPECT_EQ(*got, "first");
      expect_talk(alice, bob, true);
      if (hers == SpqrMinimum::kV1) {
        EXPECT_FALSE(bob.receive(alice, late).ok()) << "more than five turns late";
      }
    }
  }
}

TEST(SpqrMinimum, WhatBothHaveAgreedOnCannotBeLeftOut) {
  Peer alice(1), bob(2);
  alice.minimum = bob.minimum = SpqrMinimum::kNone;
  ASSERT_TRUE(alice.initiate(bob).ok());
  ASSERT_TRUE(bob.receive(alice, alice.send(bob, "first")).ok());
  ASSERT_TRUE(alice.receive(bob, bob.send(alice, "answer")).ok());
  forget_spqr(alice);
  const auto before = bob.stored();
  EXPECT_EQ(error_of(bob.receive(alice, alice.send(bob, "x"))), Error::kBadTag);
  EXPECT_EQ(bob.stored(), before);
}

}  // namespace
}  // namespace core::e2e
