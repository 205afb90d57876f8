// What a caller cannot see: no heap is used, and nothing secret stays behind.
#include <gtest/gtest.h>

#include <cstring>

#include "core/e2e/fingerprint.h"
#include "core/e2e/two_peers_test.h"
#include "test/no_heap.h"

namespace core::e2e {
namespace {

TEST(Hygiene, NoPublicCallUsesTheHeap) {
  Peer alice(1), bob(2);
  Buffer wire(encrypted_size(100)), text(100, 'x'), plain(wire.size());
  Buffer stored(SessionRecord::kMaxSerializedSize);
  std::size_t size = 0;
  Status parsed;
  const test::HeapCount heap;
  for (int round = 0; round < 3; ++round) {
    bool ok = alice.initiate(bob).ok();
    const auto keys = bob.keys();
    const auto to_bob = alice.with(bob), to_alice = bob.with(alice);
    auto sealed = alice.record->encrypt(to_bob, text, alice.now, alice.rng, Peer::work(), wire);
    ok = ok && sealed.ok();
    const auto first = PreKeyMessage::parse(Bytes(wire).first(sealed->size));
    ok = ok &&
         bob.record
             ->decrypt_prekey(
                 {.identity = bob.identity, .parties = to_alice, .message = *first, .keys = &keys},
                 bob.rng, Peer::work(), plain)
             .ok();
    for (int i = 0; i < 10; ++i) {
      sealed = bob.record->encrypt(to_alice, text, bob.now, bob.rng, Peer::work(), wire);
      if (i % 3 == 1) continue;  // lost
      const auto message = SignalMessage::parse(Bytes(wire).first(sealed->size));
      ok = ok &&
           alice.record->decrypt_whisper(to_bob, *message, alice.rng, Peer::work(), plain).ok();
      ok = ok &&
           !alice.record->decrypt_whisper(to_bob, *message, alice.rng, Peer::work(), plain).ok();
    }
    size = *alice.record->serialize(stored);
    parsed = SessionRecord::parse(Bytes(stored).first(size), *alice.record);
    ASSERT_TRUE(ok && parsed.ok());
  }
  const Fingerprint number({alice.identity.public_key(), text}, {bob.identity.public_key(), text},
                           2);
  ASSERT_TRUE(number
                  .compare(Fingerprint({bob.identity.public_key(), text},
                                       {alice.identity.public_key(), text}, 2)
                               .scannable())
                  .ok());
  alice.record->archive_current();
  alice.record->clear();
  EXPECT_EQ(heap.count(), 0u);
}

TEST(Hygiene, AClearedRecordHoldsNothing) {
  Peer alice(1), bob(2);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(alice.initiate(bob).ok());
    alice.send(bob, "skipped");
    ASSERT_TRUE(bob.receive(alice, alice.send(bob, "a")).ok());
    ASSERT_TRUE(alice.receive(bob, bob.send(alice, "b")).ok());
    ASSERT_TRUE(bob.receive(alice, alice.send(bob, "c")).ok());
  }
  const auto stored = bob.stored();
  const auto contains = [&](Bytes what) {
    const auto* begin = reinterpret_cast<const std::uint8_t*>(bob.record.get());
    return std::search(begin, begin + sizeof(SessionRecord), what.begin(), what.end()) !=
           begin + sizeof(SessionRecord);
  };
  // Where a session of version 4 keeps its secrets: see docs/spec/end-to-end.md.
  const Bytes session = Bytes(stored).subspan(4);
  const Bytes root_key = session.subspan(72, 32), private_key = session.subspan(104, 32),
              chain_key = session.subspan(169, 32);
  const Bytes spqr = session.subspan(72 + 138 + session[209] * 71u + 2);
  const Bytes auth_root = spqr.subspan(4, 32), auth_mac = spqr.subspan(36, 32),
              spqr_root = spqr.subspan(69, 32);
  ASSERT_EQ(bob.record->skipped_count(), 3u);
  ASSERT_EQ(bob.record->skipped_spqr_count(), 3u);
  const Bytes spqr_key = Bytes(stored).subspan(stored.size() - 8 - 32, 32);
  const Bytes seed = Bytes(stored).subspan(stored.size() - 8 - 3 * 38 - 2 - 32, 32);
  const auto secrets = {root_key, private_key, chain_key, auth_root,
                        auth_mac, spqr_root,   spqr_key,  seed};
  for (const auto secret : secrets) EXPECT_TRUE(contains(secret));
  bob.record->clear();
  for (const auto secret : secrets) EXPECT_FALSE(contains(secret));
  EXPECT_EQ(bob.stored(), Peer(3).stored());
}

TEST(Hygiene, AMessageReadAnewLeavesNoKeyToReadItAgain) {
  Peer alice(1), bob(2);
  ASSERT_TRUE(alice.initiate(bob).ok());
  const auto first = alice.send(bob, "a");
  ASSERT_TRUE(bob.receive(alice, first).ok());
  // Whoever takes Bob's record now cannot read what he has read.
  Peer thief(2);
  ASSERT_TRUE(SessionRecord::parse(bob.stored(), *thief.record).ok());
  EXPECT_FALSE(thief.receive(alice, first).ok());
}

// Both devices are named by service ids: the names are under the MAC.
TEST(Addresses, MustBeThoseThatTheCallerExpects) {
  Peer alice(1), bob(2);
  ASSERT_TRUE(alice.initiate(bob).ok());
  ASSERT_TRUE(bob.receive(alice, alice.send(bob, "a")).ok());
  ASSERT_TRUE(alice.receive(bob, bob.send(alice, "b")).ok());
  const auto wire = alice.send(bob, "c");
  auto message = *SignalMessage::parse(wire.bytes);
  const ByteArray<kAddressesSize> named{1, 2, 3}, other{1, 2, 4};
  message.addresses = named;
  auto parties = bob.with(alice);
  Buffer plain(wire.bytes.size());
  const auto before = bob.stored();
  EXPECT_EQ(bob.record->decrypt_whisper(parties, message, bob.rng, Peer::work(), plain).error(),
            Error::kBadTag);
  parties.addresses = other;
  EXPECT_EQ(bob.record->decrypt_whisper(parties, message, bob.rng, Peer::work(), plain).error(),
            Error::kBadTag);
  EXPECT_EQ(bob.stored(), before);
  parties.addresses = named;
  EXPECT_TRUE(bob.record->decrypt_whisper(parties, message, bob.rng, Peer::work(), plain).ok());
}

}  // namespace
}  // namespace core::e2e
