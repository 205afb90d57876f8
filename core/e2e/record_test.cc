#include "core/e2e/record.h"

#include <gtest/gtest.h>

#include <set>

#include "core/e2e/two_peers_test.h"

namespace core::e2e {
namespace {

constexpr std::int64_t kDayMs = 24 * 60 * 60 * 1000;

// Alice has initiated, Bob has read and answered, and Alice has read that.
struct Pair {
  Pair() : alice(1), bob(2) {
    CHECK(alice.initiate(bob).ok());
    CHECK(*bob.receive(alice, alice.send(bob, "one")) == "one");
    CHECK(*alice.receive(bob, bob.send(alice, "two")) == "two");
  }
  Peer alice, bob;
};

Error error_of(const Result<std::string>& result) {
  return result ? Error::kOutOfOrder : result.error();
}

TEST(SessionRecord, CarriesMessagesBothWays) {
  for (const bool with_kem : {true, false}) {
    for (const bool with_one_time : {true, false}) {
      Peer alice(1), bob(2);
      auto bundle = bob.bundle();
      if (!with_kem) bundle.kem.reset();
      if (!with_one_time) bundle.one_time.reset();
      ASSERT_TRUE(alice.initiate(bob, bundle).ok());
      EXPECT_TRUE(alice.record->is_pending());
      const auto first = alice.send(bob, "hello");
      EXPECT_EQ(first.type, MessageType::kPreKey);
      EXPECT_EQ(first.bytes[0], with_kem ? 0x44 : 0x34);
      EXPECT_EQ(*bob.receive(alice, first), "hello");
      EXPECT_FALSE(bob.record->is_pending());
      EXPECT_EQ(bob.record->current().their_registration_id(), 77u);
      EXPECT_EQ(*bob.receive(alice, alice.send(bob, "")), "");
      const auto answer = bob.send(alice, "good day");
      EXPECT_EQ(answer.type, MessageType::kWhisper);
      EXPECT_EQ(*alice.receive(bob, answer), "good day");
      EXPECT_FALSE(alice.record->is_pending());
      EXPECT_EQ(alice.send(bob, "x").type, MessageType::kWhisper);
      EXPECT_EQ(bob.new_sessions, 1);
    }
  }
}

TEST(SessionRecord, SaysWhichPreKeysWereUsedAndOnlyOnce) {
  Peer alice(1), bob(2);
  ASSERT_TRUE(alice.initiate(bob).ok());
  const auto first = alice.send(bob, "a"), second = alice.send(bob, "b");
  const auto open = [&](const Wire& wire, const OurPreKeys* keys) {
    const auto message = PreKeyMessage::parse(wire.bytes);
    Buffer out(wire.bytes.size());
    const auto parties = bob.with(alice);
    return bob.record->decrypt_prekey(
        {.identity = bob.identity, .parties = parties, .message = *message, .keys = keys}, bob.rng,
        Peer::work(), out);
  };
  EXPECT_FALSE(bob.record->knows_base_key(*PreKeyMessage::parse(first.bytes)));
  EXPECT_EQ(open(first, nullptr).error(), Error::kNotFound);
  const auto keys = bob.keys();
  const auto opened = open(first, &keys);
  ASSERT_TRUE(opened.ok());
  EXPECT_TRUE(opened->new_session);
  EXPECT_EQ(opened->used_one_time, 11u);
  EXPECT_EQ(opened->used_kem, 13u);
  EXPECT_TRUE(bob.record->knows_base_key(*PreKeyMessage::parse(second.bytes)));
  const auto again = open(second, nullptr);
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->new_session);
  EXPECT_FALSE(again->used_one_time.has_value());
  EXPECT_FALSE(again->used_kem.has_value());
}

TEST(SessionRecord, LivesThroughLossReorderingDuplicatesAndRestarts) {
  Pair pair;
  TestRng dice(7);
  struct Sent {
    Wire wire;
    std::string text;
  };
  std::vector<Sent> to_bob, to_alice;
  std::set<std::string> read;
  int duplicates = 0, lost = 0;
  for (int i = 0; i < 1500; ++i) {
    const bool from_alice = dice.chance(50);
    auto& sender = from_alice ? pair.alice : pair.bob;
    auto& receiver = from_alice ? pair.bob : pair.alice;
    auto& way = from_alice ? to_bob : to_alice;
    const std::string text = "message " + std::to_string(i);
    way.push_back({sender.send(receiver, text), text});
    if (dice.chance(20)) {
      way.pop_back();
      ++lost;
    }
    // Of what is under way, sometimes take one from anywhere near the front.
    while (!way.empty() && (way.size() > 6 || dice.chance(40))) {
      const auto at =
          static_cast<std::ptrdiff_t>(dice.next() % std::min<std::size_t>(way.size(), 4));
      const Sent sent = way[static_cast<std::size_t>(at)];
      way.erase(way.begin() + at);
      const auto got = receiver.receive(sender, sent.wire);
      // Only a message more than five turns of the ratchet late may be lost.
      if (!got) {
        EXPECT_EQ(got.error(), Error::kBadTag);
        ++lost;
        continue;
      }
      EXPECT_EQ(*got, sent.text);
      EXPECT_TRUE(read.insert(*got).second);
      if (dice.chance(10)) {
        EXPECT_EQ(error_of(receiver.receive(sender, sent.wire)), Error::kReplay);
        ++duplicates;
      }
      if (dice.chance(10)) receiver.restart();
      EXPECT_LE(receiver.stored().size(), 4096u + 38 * receiver.record->skipped_count() +
                                              38 * receiver.record->skipped_spqr_count());
    }
  }
  EXPECT_GT(duplicates, 50);
  EXPECT_LT(lost, 400);
  EXPECT_GT(read.size(), 1000u);
}

TEST(SessionRecord, StaysWithinFourKilobytesAtEveryStage) {
  Peer alice(1), bob(2);
  EXPECT_EQ(alice.stored().size(), 16u);
  ASSERT_TRUE(alice.initiate(bob).ok());
  EXPECT_LE(alice.stored().size(), 2400u);
  EXPECT_EQ(*bob.receive(alice, alice.send(bob, "a")), "a");
  std::size_t largest = 0;
  while (alice.record->current().spqr_epoch() < 4) {
    EXPECT_EQ(*alice.receive(bob, bob.send(alice, "b")), "b");
    EXPECT_EQ(*bob.receive(alice, alice.send(bob, "a")), "a");
    largest = std::max({largest, alice.stored().size(), bob.stored().size()});
  }
  EXPECT_LE(largest, 3200u);
  EXPECT_GE(largest, 2500u);
}

TEST(SessionRecord, ReadsAMessageFiveTurnsLateButNotSix) {
  for (const int turns : {4, 5}) {
    Pair pair;
    const auto late = pair.alice.send(pair.bob, "late");
    ASSERT_EQ(*pair.bob.receive(pair.alice, pair.alice.send(pair.bob, "next")), "next");
    for (int i = 0; i < turns; ++i) {
      ASSERT_TRUE(pair.alice.receive(pair.bob, pair.bob.send(pair.alice, "b")).ok());
      ASSERT_TRUE(pair.bob.receive(pair.alice, pair.alice.send(pair.bob, "a")).ok());
    }
    const auto got = pair.bob.receive(pair.alice, late);
    EXPECT_EQ(got.ok(), turns == 4) << turns;
    EXPECT_EQ(pair.bob.record->skipped_count(), 0u);  // a dropped chain's seeds go with it
  }
}

TEST(SessionRecord, BothMayInitiateAtOnce) {
  Peer alice(1), bob(2);
  ASSERT_TRUE(alice.initiate(bob).ok());
  ASSERT_TRUE(bob.initiate(alice).ok());
  const auto from_alice = alice.send(bob, "from alice"), from_bob = bob.send(alice, "from bob");
  EXPECT_EQ(*bob.receive(alice, from_alice), "from alice");
  EXPECT_EQ(*alice.receive(bob, from_bob), "from bob");
  EXPECT_EQ(alice.record->archived_count(), 1u);
  EXPECT_EQ(bob.record->archived_count(), 1u);
  for (int i = 0; i < 5; ++i) {
    const auto a = alice.send(bob, "a"), b = bob.send(alice, "b");
    EXPECT_EQ(a.type, MessageType::kWhisper);
    EXPECT_EQ(b.type, MessageType::kWhisper);
    EXPECT_EQ(*bob.receive(alice, a), "a");
    EXPECT_EQ(*alice.receive(bob, b), "b");
  }
}

TEST(SessionRecord, AMessageOfTheOldSessionBringsItBack) {
  Pair pair;
  auto& [alice, bob] = pair;
  const auto under_way = bob.send(alice, "on the old session");
  const auto old_base = to_array(View<33>(alice.record->current().base_key()));
  alice.record->archive_current();
  EXPECT_FALSE(alice.record->has_current());
  EXPECT_EQ(alice.try_send(bob, "x").error(), Error::kNotFound);
  ASSERT_TRUE(alice.initiate(bob).ok());
  EXPECT_EQ(*bob.receive(alice, alice.send(bob, "on the new one")), "on the new one");
  EXPECT_EQ(bob.record->archived_count(), 1u);
  // Alice reads the late message with the archived session and goes on with it.
  EXPECT_EQ(*alice.receive(bob, under_way), "on the old session");
  EXPECT_TRUE(equal_var(alice.record->current().base_key(), old_base));
  const auto next = alice.send(bob, "old again");
  EXPECT_EQ(next.type, MessageType::kWhisper);
  EXPECT_EQ(*bob.receive(alice, next), "old again");
  EXPECT_TRUE(equal_var(bob.record->current().base_key(), old_base));
  EXPECT_EQ(*alice.receive(bob, bob.send(alice, "agreed")), "agreed");
}

TEST(SessionRecord, APreKeyMessageOfAKnownSessionMakesItCurrent) {
  Peer alice(1), bob(2);
  ASSERT_TRUE(alice.initiate(bob).ok());
  const auto first = alice.send(bob, "1"), late = alice.send(bob, "late");
  ASSERT_TRUE(bob.receive(alice, first).ok());
  const auto base = to_array(View<33>(bob.record->current().base_key()));
  ASSERT_TRUE(alice.initiate(bob).ok());
  ASSERT_TRUE(bob.receive(alice, alice.send(bob, "2")).ok());
  EXPECT_FALSE(equal_var(bob.record->current().base_key(), base));
  EXPECT_EQ(*bob.receive(alice, late), "late");
  EXPECT_TRUE(equal_var(bob.record->current().base_key(), base));
  EXPECT_EQ(bob.new_sessions, 2);
  EXPECT_EQ(error_of(bob.receive(alice, late)), Error::kReplay);
}

TEST(SessionRecord, ARetiredSessionIsReadFromAndNeverComesBack) {
  Peer alice(1), bob(2);
  ASSERT_TRUE(alice.initiate(bob).ok());
  const auto first = alice.send(bob, "1"), late_first = alice.send(bob, "late first");
  ASSERT_TRUE(bob.receive(alice, first).ok());
  ASSERT_TRUE(alice.receive(bob, bob.send(alice, "2")).ok());
  const auto late = alice.send(bob, "late"), later = alice.send(bob, "later");
  bob.record->retire_all();
  EXPECT_FALSE(bob.record->has_current());
  bob.restart();
  EXPECT_EQ(*bob.receive(alice, late), "late");
  EXPECT_EQ(*bob.receive(alice, late_first), "late first");
  EXPECT_FALSE(bob.record->has_current()) << "neither brings it back";
  EXPECT_EQ(bob.try_send(alice, "x").error(), Error::kNotFound);
  ASSERT_TRUE(bob.initiate(alice).ok());
  const auto base = to_array(View<33>(bob.record->current().base_key()));
  EXPECT_EQ(*bob.receive(alice, later), "later");
  EXPECT_TRUE(equal_var(bob.record->current().base_key(), base));
  EXPECT_EQ(*alice.receive(bob, bob.send(alice, "anew")), "anew");
}

TEST(SessionRecord, KeepsFortyArchivedSessionsAndDropsTheOldest) {
  Peer alice(1), bob(2);
  std::vector<Wire> late;
  for (int i = 0; i < 42; ++i) {
    ASSERT_TRUE(alice.initiate(bob).ok());
    const auto skipped = alice.send(bob, "skipped");
    late.push_back(alice.send(bob, "late"));
    ASSERT_TRUE(bob.receive(alice, alice.send(bob, "now")).ok());
  }
  EXPECT_EQ(alice.record->archived_count(), 40u);
  EXPECT_EQ(bob.record->archived_count(), 40u);
  EXPECT_EQ(bob.record->skipped_count(), 2 * 41u);
  EXPECT_LE(bob.stored().size(), SessionRecord::kMaxSerializedSize);
  bob.restart();
  EXPECT_EQ(*bob.receive(alice, late[1]), "late");
  // The first session is gone; its message looks like a new handshake.
  EXPECT_FALSE(bob.record->knows_base_key(*PreKeyMessage::parse(late[0].bytes)));
  bob.record->archive_current();
  EXPECT_EQ(bob.record->archived_count(), 40u);
  EXPECT_FALSE(bob.record->has_current());
}

TEST(SessionRecord, StopsWritingToWhoNeverAnsweredAfterThirtyDays) {
  Peer alice(1), bob(2);
  ASSERT_TRUE(alice.initiate(bob).ok());
  const auto start = alice.now.ms;
  alice.now.ms = start + 29 * kDayMs;
  EXPECT_TRUE(alice.try_send(bob, "x").ok());
  alice.now.ms = start + 31 * kDayMs;
  EXPECT_EQ(alice.try_send(bob, "x").error(), Error::kExpired);
  alice.now.ms = start - kDayMs;  // a clock that was set back
  const auto wire = alice.send(bob, "x");
  ASSERT_TRUE(bob.receive(alice, wire).ok());
  alice.now.ms = bob.now.ms = start + 31 * kDayMs;
  ASSERT_TRUE(alice.receive(bob, bob.send(alice, "at last")).ok());
  EXPECT_TRUE(alice.try_send(bob, "x").ok());  // answered: it never expires
}

TEST(SessionRecord, AllowsAJumpOf25000AndRefusesOneMore) {
  Pair pair;
  auto& [alice, bob] = pair;
  for (int i = 0; i < 25000; ++i) alice.send(bob, "");
  const auto allowed = alice.send(bob, "25000 before this");
  const auto refused = alice.send(bob, "25001 before this");
  const auto before = bob.stored();
  EXPECT_EQ(error_of(bob.receive(alice, refused)), Error::kFull);
  EXPECT_EQ(bob.stored(), before);
  EXPECT_EQ(*bob.receive(alice, allowed), "25000 before this");
  EXPECT_EQ(bob.record->skipped_count(), 2000u);
}

TEST(SessionRecord, KeepsTheLast2000SkippedMessages) {
  Pair pair;
  auto& [alice, bob] = pair;
  std::vector<Wire> sent;
  for (int i = 0; i < 2300; ++i) sent.push_back(alice.send(bob, std::to_string(i)));
  ASSERT_EQ(*bob.receive(alice, sent.back()), "2299");
  EXPECT_EQ(bob.record->skipped_count(), 2000u);
  bob.restart();
  EXPECT_EQ(error_of(bob.receive(alice, sent[298])), Error::kReplay);
  EXPECT_EQ(*bob.receive(alice, sent[299]), "299");
  EXPECT_EQ(*bob.receive(alice, sent[2298]), "2298");
  EXPECT_EQ(*bob.receive(alice, sent[1000]), "1000");
  EXPECT_EQ(error_of(bob.receive(alice, sent[1000])), Error::kReplay);
  EXPECT_EQ(bob.record->skipped_count(), 1997u);
  // New ones push the oldest out.
  for (int i = 0; i < 10; ++i) sent.push_back(alice.send(bob, std::to_string(2300 + i)));
  ASSERT_EQ(*bob.receive(alice, sent.back()), "2309");
  EXPECT_EQ(bob.record->skipped_count(), 2000u);
  EXPECT_EQ(error_of(bob.receive(alice, sent[305])), Error::kReplay);
  EXPECT_EQ(*bob.receive(alice, sent[306]), "306");
}

void expect_zeros(const Buffer& bytes) { ASSERT_EQ(bytes, Buffer(bytes.size())); }

// Nothing that fails leaves a trace, and no plaintext.
void expect_refused(Peer& receiver, const Peer& sender, const Wire& wire, const Buffer& before) {
  const auto got = receiver.receive(sender, wire);
  ASSERT_FALSE(got.ok());
  ASSERT_EQ(receiver.stored(), before);
}

TEST(SessionRecord, RefusesEveryFlippedBitOfAMessageAndStaysAsItWas) {
  Pair pair;
  auto& [alice, bob] = pair;
  ASSERT_TRUE(bob.receive(alice, alice.send(bob, "turns")).ok());
  const auto skipped = alice.send(bob, "skipped");
  ASSERT_TRUE(bob.receive(alice, alice.send(bob, "known chain")).ok());
  const auto known = alice.send(bob, "next in a known chain");
  ASSERT_TRUE(alice.receive(bob, bob.send(alice, "turn")).ok());
  const auto turning = alice.send(bob, "in a new chain");
  const auto before = bob.stored();
  for (const auto* wire : {&skipped, &known, &turning}) {
    for (std::size_t bit = 0; bit < 8 * wire->bytes.size(); ++bit) {
      auto changed = *wire;
      changed.bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      expect_refused(bob, alice, changed, before);
      if (SignalMessage::parse(changed.bytes).ok()) expect_zeros(bob.plaintext);
    }
    for (std::size_t size = 0; size < wire->bytes.size(); ++size) {
      auto shorter = *wire;
      shorter.bytes.resize(size);
      expect_refused(bob, alice, shorter, before);
    }
  }
  EXPECT_TRUE(bob.receive(alice, skipped).ok());
  EXPECT_TRUE(bob.receive(alice, turning).ok());
  EXPECT_TRUE(bob.receive(alice, known).ok());
}

// A device finds its keys by their ids.
bool names_the_keys(const Wire& wire, const prekey::Bundle& keys) {
  const auto m = PreKeyMessage::parse(wire.bytes);
  return m && m->pre_key_id == keys.one_time->id &&
         m->signed_pre_key_id == keys.signed_pre_key.id &&
         (!keys.kem || m->kem_pre_key_id == keys.kem->id);
}

// The exceptions, both harmless: the low half of the version byte, which tells
// the sender's newest version and is read by nobody; and the registration id
// (its field, whole), which is told to the application and part of no key.
TEST(SessionRecord, APreKeyMessageWithAFlippedBitIsRefusedOrMeansTheSame) {
  for (const bool kem : {true, false}) {
    SCOPED_TRACE(kem ? "version 4" : "version 3");
    Peer alice(1), bob(2);
    auto bundle = bob.bundle();
    if (!kem) bundle.kem.reset();
    ASSERT_TRUE(alice.initiate(bob, bundle).ok());
    const auto wire = alice.send(bob, "hello");
    const auto first = *PreKeyMessage::parse(wire.bytes);
    const auto at = [&](Bytes part) {
      return part.empty() ? std::size_t{0}
                          : static_cast<std::size_t>(part.data() - wire.bytes.data());
    };
    const std::size_t message_end = at(first.message.mac) + kMessageMacSize;
    const std::size_t kem_begin = kem ? at(first.kem_ciphertext) : wire.bytes.size();
    const auto before = bob.stored();
    std::size_t accepted = 0, tried = 0;
    for (std::size_t bit = 0; bit < 8 * wire.bytes.size(); ++bit) {
      // One bit of each byte of the KEM's ciphertext: they are all alike.
      if (bit / 8 >= kem_begin && bit % 8 != bit / 8 % 8) continue;
      ++tried;
      auto changed = wire;
      changed.bytes[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
      if (!names_the_keys(changed, bundle)) continue;
      const auto got = bob.receive(alice, changed);
      if (!got) {
        ASSERT_EQ(bob.stored(), before) << bit;
        expect_zeros(bob.plaintext);
        continue;
      }
      ASSERT_EQ(*got, "hello");
      // The registration id's field, tag and number, is the one behind the message.
      const bool is_version = bit < 4;
      const bool is_registration = bit / 8 == message_end || bit / 8 == message_end + 1;
      EXPECT_TRUE(is_version || is_registration) << "byte " << bit / 8 << " bit " << bit % 8;
      ++accepted;
      bob.record->clear();
    }
    EXPECT_GE(accepted, 4u + 7u);
    EXPECT_LE(accepted, 4u + 16u);
    EXPECT_EQ(tried, 7 * kem_begin + wire.bytes.size());
    EXPECT_EQ(*bob.receive(alice, wire), "hello");
  }
}

TEST(SessionRecord, RefusesAnotherIdentity) {
  Pair pair;
  auto& [alice, bob] = pair;
  Peer mallory(3);
  const auto wire = alice.send(bob, "x");
  const auto before = bob.stored();
  EXPECT_EQ(error_of(bob.receive(mallory, wire)), Error::kNotFound);
  EXPECT_EQ(bob.try_send(mallory, "x").error(), Error::kUntrusted);
  EXPECT_EQ(bob.initiate(alice, mallory.bundle()).error(), Error::kUntrusted);
  Peer eve(4);
  ASSERT_TRUE(eve.initiate(bob).ok());
  EXPECT_EQ(error_of(bob.receive(alice, eve.send(bob, "x"))), Error::kUntrusted);
  EXPECT_EQ(bob.stored(), before);
  EXPECT_EQ(*bob.receive(alice, wire), "x");
}

TEST(SessionRecord, RefusesABundleWithABadSignature) {
  Peer alice(1), bob(2);
  auto bundle = bob.bundle();
  bundle.signed_pre_key.signature = bob.kem_signature;
  EXPECT_EQ(alice.initiate(bob, bundle).error(), Error::kBadTag);
  bundle = bob.bundle();
  bundle.kem->signature = bob.signed_signature;
  EXPECT_EQ(alice.initiate(bob, bundle).error(), Error::kBadTag);
  EXPECT_FALSE(alice.record->has_current());
}

TEST(SessionRecord, AFailingRandomSourceChangesNothing) {
  Peer alice(1), bob(2);
  for (unsigned n = 1; n <= 3; ++n) {
    alice.rng.fail_at(n);
    EXPECT_EQ(alice.initiate(bob).error(), Error::kRng);
    EXPECT_FALSE(alice.record->has_current());
  }
  ASSERT_TRUE(alice.initiate(bob).ok());
  const auto first = alice.send(bob, "first");
  auto before = bob.stored();
  bob.rng.fail_at(1);
  EXPECT_EQ(error_of(bob.receive(alice, first)), Error::kRng);
  expect_zeros(bob.plaintext);
  EXPECT_EQ(bob.stored(), before);
  ASSERT_TRUE(bob.receive(alice, first).ok());
  const auto answer = bob.send(alice, "answer");
  before = alice.stored();
  alice.rng.fail_at(1);
  EXPECT_EQ(error_of(alice.receive(bob, answer)), Error::kRng);
  EXPECT_EQ(alice.stored(), before);
  EXPECT_EQ(*alice.receive(bob, answer), "answer");
}

TEST(SessionRecord, NeedsTheRoomThatItSays) {
  Pair pair;
  auto& [alice, bob] = pair;
  const auto before = alice.stored();
  const auto size = alice.send(bob, "a message").bytes.size();
  ASSERT_TRUE(SessionRecord::parse(before, *alice.record).ok());
  for (std::size_t room = 0; room < size; ++room) {
    Buffer out(room, 0xaa);
    EXPECT_EQ(
        alice.record
            ->encrypt(alice.with(bob), bytes_of("a message"), {}, alice.rng, Peer::work(), out)
            .error(),
        Error::kFull);
    expect_zeros(out);
  }
  EXPECT_EQ(alice.stored(), before);
  const auto wire = alice.send(bob, "a message");
  const auto message = SignalMessage::parse(wire.bytes);
  Buffer small(15, 0xaa);
  EXPECT_EQ(
      bob.record->decrypt_whisper(bob.with(alice), *message, bob.rng, Peer::work(), small).error(),
      Error::kFull);
  EXPECT_EQ(small, Buffer(15));
  EXPECT_EQ(*bob.receive(alice, wire), "a message");
}

TEST(SessionRecord, EncryptedSizeIsAnUpperBound) {
  Peer alice(1), bob(2);
  auto bundle = bob.bundle();
  bundle.one_time->id = bundle.signed_pre_key.id = bundle.kem->id = UINT32_MAX;
  ASSERT_TRUE(alice.initiate(bob, bundle).ok());
  for (const std::size_t size : {0u, 1u, 15u, 16u, 100u, 65536u}) {
    const auto wire = alice.send(bob, std::string(size, 'x'));
    EXPECT_LE(wire.bytes.size(), encrypted_size(size));
    EXPECT_GE(wire.bytes.size() + 100, encrypted_size(size));
  }
}

}  // namespace
}  // namespace core::e2e
