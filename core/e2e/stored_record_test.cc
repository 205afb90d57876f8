#include <gtest/gtest.h>

#include "core/crypto/sha2.h"
#include "core/e2e/two_peers_test.h"

namespace core::e2e {
namespace {

// A record with an archived session, a pending one and skipped messages.
struct Stored {
  Stored() : alice(1), bob(2) {
    CHECK(alice.initiate(bob).ok());
    CHECK(bob.receive(alice, alice.send(bob, "one")).ok());
    alice.send(bob, "skipped");
    alice.send(bob, "skipped too");
    CHECK(bob.receive(alice, alice.send(bob, "two")).ok());
    CHECK(bob.initiate(alice).ok());
    bytes = bob.stored();
  }
  Peer alice, bob;
  Buffer bytes;
};

Status parse(const Buffer& bytes, SessionRecord& record) {
  return SessionRecord::parse(bytes, record);
}

// Makes the sum right again, so that what is behind it is tested.
Buffer summed(Buffer bytes) {
  const auto body = Bytes(bytes).first(bytes.size() - 8);
  const auto digest = crypto::sha256(body);
  copy(Bytes(digest).first(8), MutBytes(bytes).last(8));
  return bytes;
}

TEST(StoredRecord, ComesBackAsItWas) {
  Stored stored;
  EXPECT_EQ(stored.bob.record->skipped_count(), 2u);
  auto record = std::make_unique<SessionRecord>();
  ASSERT_TRUE(parse(stored.bytes, *record).ok());
  EXPECT_TRUE(record->is_pending());
  EXPECT_EQ(record->archived_count(), 1u);
  EXPECT_EQ(record->skipped_count(), 2u);
  Buffer again(stored.bytes.size());
  ASSERT_TRUE(record->serialize(again).ok());
  EXPECT_EQ(again, stored.bytes);
}

TEST(StoredRecord, RefusesEveryTruncationAndEveryFlippedBit) {
  const Stored stored;
  auto record = std::make_unique<SessionRecord>();
  for (std::size_t size = 0; size < stored.bytes.size(); ++size) {
    const Buffer shorter(stored.bytes.begin(),
                         stored.bytes.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(parse(shorter, *record).error(), Error::kMalformed);
  }
  for (std::size_t bit = 0; bit < 8 * stored.bytes.size(); ++bit) {
    auto changed = stored.bytes;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_EQ(parse(changed, *record).error(), Error::kMalformed);
  }
  auto longer = stored.bytes;
  longer.push_back(0);
  EXPECT_EQ(parse(longer, *record).error(), Error::kMalformed);
}

TEST(StoredRecord, RefusesTruncationsAndNonsenseWithARightSum) {
  const Stored stored;
  auto record = std::make_unique<SessionRecord>();
  for (std::size_t size = 8; size < stored.bytes.size(); ++size) {
    Buffer shorter(stored.bytes.begin(), stored.bytes.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_FALSE(parse(summed(shorter), *record).ok()) << size;
    EXPECT_FALSE(record->has_current());
    EXPECT_EQ(record->skipped_count(), 0u);
  }
  const auto with = [&](std::size_t at, std::uint8_t value) {
    auto changed = stored.bytes;
    changed[at] = value;
    return parse(summed(changed), *record).error();
  };
  EXPECT_EQ(with(0, 1), Error::kBadVersion);
  EXPECT_EQ(with(1, 2), Error::kMalformed);   // pending without a current session
  EXPECT_EQ(with(1, 7), Error::kMalformed);   // unknown flag
  EXPECT_EQ(with(2, 0), Error::kMalformed);   // current, but no sessions
  EXPECT_EQ(with(2, 42), Error::kMalformed);  // more than can be kept
  EXPECT_EQ(with(3, 5), Error::kMalformed);   // session version
  EXPECT_EQ(with(4, 6), Error::kMalformed);   // type byte of the identity key
  auto longer = stored.bytes;
  longer.insert(longer.begin() + 3, 0);
  EXPECT_FALSE(parse(summed(longer), *record).ok());
}

TEST(StoredRecord, ReplacesWhatTheObjectHeld) {
  Stored stored;
  const Peer carol(3);
  EXPECT_TRUE(parse(carol.stored(), *stored.bob.record).ok());
  EXPECT_FALSE(stored.bob.record->has_current());
  EXPECT_EQ(stored.bob.stored(), carol.stored());
  EXPECT_FALSE(parse({}, *stored.bob.record).ok());
}

TEST(StoredRecord, SaysWhenThereIsNoRoom) {
  const Stored stored;
  for (std::size_t size = 0; size < stored.bytes.size(); ++size) {
    Buffer out(size, 0xaa);
    EXPECT_EQ(stored.bob.record->serialize(out).error(), Error::kFull);
    EXPECT_EQ(out, Buffer(size));
  }
}

}  // namespace
}  // namespace core::e2e
