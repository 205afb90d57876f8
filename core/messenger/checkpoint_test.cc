// Checkpoints, mail ids and reset messages: what is sealed and signed.
#include <gtest/gtest.h>

#include "core/messenger/checkpoint.h"
#include "core/messenger/reset_message.h"
#include "core/messenger/world_test.h"

namespace core::messenger {
namespace {

Secret<32> key_of(std::uint8_t first) {
  Secret<32> key;
  key.mut()[0] = first;
  return key;
}

TEST(Checkpoint, OpensForItsDeviceAndOnlyAsItWas) {
  const auto key = key_of(1);
  const auto sealed = seal_checkpoint(key, 77, {5, 6, 7, 8});
  const auto opened = open_checkpoint(key, sealed);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->through, 5u);
  EXPECT_EQ(opened->unread_from, 6u);
  EXPECT_EQ(opened->last_out, 7u);
  EXPECT_EQ(opened->last_in, 8u);
  EXPECT_FALSE(open_checkpoint(key_of(2), sealed).ok());
  for (std::size_t bit = 0; bit < 8 * sealed.seal.size(); ++bit) {
    auto changed = sealed;
    changed.seal[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_FALSE(open_checkpoint(key, changed).ok()) << bit;
  }
  for (unsigned bit = 0; bit < 54; ++bit) {
    auto changed = sealed;
    changed.generation ^= std::uint64_t{1} << bit;
    EXPECT_FALSE(open_checkpoint(key, changed).ok()) << bit;
  }
}

TEST(MailId, NamesItsMessageToItsDeviceAlone) {
  ports::fake::FakeRng rng(1);
  const auto key = key_of(1);
  const auto a = make_mail_id(key, 1234, rng), b = make_mail_id(key, 1234, rng);
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_NE(*a, *b);
  EXPECT_EQ(message_of(key, *a), 1234u);
  EXPECT_EQ(message_of(key, *b), 1234u);
  EXPECT_NE(message_of(key_of(2), *a), 1234u);
  rng.fail_at(1);
  EXPECT_EQ(make_mail_id(key, 1, rng).error(), Error::kRng);
}

class ResetMessage : public testing::Test {
 protected:
  ResetRoute route() const { return {alice, alice_key.public_key(), bob, bob_key.public_key()}; }
  std::vector<std::uint8_t> sealed(std::size_t unread) {
    SessionReset reset;
    reset.generation = 300;
    reset.unread_count = unread;
    for (std::size_t i = 0; i < unread; ++i) reset.unread[i][0] = static_cast<std::uint8_t>(i + 1);
    std::vector<std::uint8_t> out(SessionReset::kMaxSize);
    out.resize(*reset.seal(route(), alice_key.private_key(), rng, out));
    return out;
  }
  const DeviceName alice = device_name("alice"), bob = device_name("bob");
  const e2e::OurIdentity alice_key{key_of(8).view()}, bob_key{key_of(16).view()};
  ports::fake::FakeRng rng{1};
};

TEST_F(ResetMessage, SurvivesARoundTripAndNoTruncation) {
  for (const std::size_t unread : {std::size_t{0}, std::size_t{1}, kMaxUnreadMails}) {
    const auto mail = sealed(unread);
    const auto opened = SessionReset::open(mail, route());
    ASSERT_TRUE(opened.ok());
    EXPECT_EQ(opened->generation, 300u);
    ASSERT_EQ(opened->unread_count, unread);
    for (std::size_t i = 0; i < unread; ++i) EXPECT_EQ(opened->unread[i][0], i + 1);
    for (std::size_t size = 0; size < mail.size(); ++size) {
      EXPECT_FALSE(SessionReset::open(Bytes(mail).first(size), route()).ok()) << size;
    }
  }
  auto nine = sealed(kMaxUnreadMails);
  const auto one = sealed(1);
  nine.insert(nine.end(), one.begin() + 5, one.begin() + 5 + 18);  // one more name
  EXPECT_EQ(SessionReset::open(nine, route()).error(), Error::kMalformed);
  std::vector<std::uint8_t> small(100);
  rng.fail_at(1);
  EXPECT_EQ(
      SessionReset{.generation = 1}.seal(route(), alice_key.private_key(), rng, small).error(),
      Error::kRng);
  EXPECT_EQ(SessionReset{.generation = 1}
                .seal(route(), alice_key.private_key(), rng, MutBytes(small).first(60))
                .error(),
            Error::kFull);
}

// The signature's bytes stand for themselves: XEdDSA's own tests flip them all.
TEST_F(ResetMessage, RefusesEveryFlippedBitAndEveryOtherRoute) {
  const auto mail = sealed(2);
  for (std::size_t bit = 0; bit < 8 * mail.size(); ++bit) {
    auto changed = mail;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_FALSE(SessionReset::open(changed, route()).ok()) << bit;
  }
  const auto carol = device_name("carol");
  const auto k = alice_key.public_key(), l = bob_key.public_key();
  EXPECT_EQ(SessionReset::open(mail, {carol, k, bob, l}).error(), Error::kBadTag);
  EXPECT_EQ(SessionReset::open(mail, {alice, l, bob, l}).error(), Error::kBadTag);
  EXPECT_EQ(SessionReset::open(mail, {alice, k, carol, l}).error(), Error::kBadTag);
  EXPECT_EQ(SessionReset::open(mail, {alice, k, bob, k}).error(), Error::kBadTag);
  EXPECT_EQ(SessionReset::open(mail, {bob, l, alice, k}).error(), Error::kBadTag);
}

}  // namespace
}  // namespace core::messenger
