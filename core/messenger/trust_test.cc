// Whose key is it: contacts, safety numbers, changed keys, hostile mail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/messenger/world_test.h"

namespace core::messenger {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Two devices that have exchanged a message each way.
class Trust : public testing::Test {
 protected:
  void SetUp() override {
    world.add("alice");
    world.add("bob");
    world.send("alice", "bob", "hello");
    ASSERT_TRUE(world.run_until_quiet());
    world.send("bob", "alice", "hi");
    ASSERT_TRUE(world.run_until_quiet());
  }
  Contact bob_at_alice() { return *world["alice"].messenger->contact(device_name("bob")); }
  Status push(TestDevice& to, const api::MailView& mail) {
    std::vector<std::uint8_t> payload(kMaxPayload);
    api::MailsWriter out(payload);
    CHECK(out.add(mail).ok());
    return to.messenger->receive(api::Down::kMail, out.written(), world.clock.now(),
                                 world.clock.wall());
  }

  World world;
};

TEST_F(Trust, ContactsComeFromTheServerByTheirKeys) {
  world.add("carol");
  world.run_for(1000);
  auto& alice = world["alice"];
  world.go_offline(alice);
  world.go_online(alice);
  world.run_for(1000);
  ASSERT_EQ(alice.messenger->contact_count(), 2u);
  const auto carol = alice.messenger->contact(device_name("carol"));
  ASSERT_TRUE(carol.ok());
  EXPECT_TRUE(equal_var(carol->identity_key, world.identity_of("carol")));
  EXPECT_EQ(carol->state, ContactState::kUnverified);
  EXPECT_EQ(alice.messenger->contact_at(0)->name, device_name("bob"));
}

TEST_F(Trust, AListOfManyContactsComesInPages) {
  ASSERT_TRUE(world.server_store.begin().ok());
  for (int i = 0; i < 250; ++i) {
    server::store::Account account;
    account.name = device_name("many-" + std::to_string(i));
    account.identity_key[0] = 5;
    account.identity_key[1] = static_cast<std::uint8_t>(i);
    account.identity_key[2] = 1;
    account.registration_id = 1;
    ASSERT_TRUE(world.server_store.add_account(account).ok());
  }
  ASSERT_TRUE(world.server_store.commit().ok());
  auto& alice = world["alice"];
  world.go_offline(alice);
  world.go_online(alice);
  world.run_for(1000);
  EXPECT_EQ(alice.messenger->contact_count(), std::min<std::size_t>(251, kMaxContacts));
}

TEST_F(Trust, BothSidesSeeTheSameSafetyNumber) {
  const auto ours = world["alice"].messenger->safety_number(device_name("bob"));
  const auto theirs = world["bob"].messenger->safety_number(device_name("alice"));
  ASSERT_TRUE(ours.ok() && theirs.ok());
  EXPECT_EQ(ours->digits, theirs->digits);
  EXPECT_NE(ours->scannable, theirs->scannable);
  const auto compare = [this](Bytes scanned) {
    return world["alice"].messenger->compare_safety_number(device_name("bob"), scanned);
  };
  EXPECT_TRUE(compare(theirs->scannable).ok());
  EXPECT_EQ(compare(ours->scannable).error(), Error::kUntrusted);
  EXPECT_EQ(compare(Bytes(theirs->scannable).first(73)).error(), Error::kMalformed);
  EXPECT_EQ(world["alice"].messenger->safety_number(device_name("nobody")).error(),
            Error::kNotFound);
}

TEST_F(Trust, AVerifiedContactStaysSoOverARestart) {
  auto& alice = world["alice"];
  ASSERT_TRUE(alice.messenger->mark_verified(device_name("bob")).ok());
  world.crash(alice);
  EXPECT_EQ(bob_at_alice().state, ContactState::kVerified);
  EXPECT_EQ(alice.messenger->mark_verified(device_name("nobody")).error(), Error::kNotFound);
  EXPECT_EQ(alice.messenger->accept_new_key(device_name("bob"), {}).error(), Error::kOutOfOrder);
}

TEST_F(Trust, AChangedKeyBlocksSendingUntilItIsAccepted) {
  auto& alice = world["alice"];
  ASSERT_TRUE(alice.messenger->mark_verified(device_name("bob")).ok());
  const auto old_key = bob_at_alice().identity_key;
  world.replace(world["bob"]);
  world["bob"].shown.clear();
  world.go_offline(alice);
  world.go_online(alice);  // fetches the contacts
  ASSERT_TRUE(world.run_until([&] { return alice.count(EventKind::kKeyChanged) == 1; }));
  EXPECT_EQ(bob_at_alice().state, ContactState::kKeyChanged);
  EXPECT_EQ(bob_at_alice().identity_key, old_key);
  EXPECT_TRUE(equal_var(bob_at_alice().new_identity_key, world.identity_of("bob")));
  EXPECT_EQ(alice.messenger->mark_verified(device_name("bob")).error(), Error::kUntrusted);
  world.run_for(1000);
  EXPECT_EQ(alice.shown.rbegin()->second.kind, InboxKind::kKeyChanged);

  world.send("alice", "bob", "is it you?");
  world.run_for(600'000);
  EXPECT_EQ(alice.messenger->info().queued, 1u);
  EXPECT_THAT(world["bob"].texts_from("alice"), IsEmpty());
  world.crash(alice);
  world.run_for(60'000);
  EXPECT_EQ(alice.messenger->info().queued, 1u) << "also after a restart";

  ASSERT_TRUE(alice.messenger->accept_new_key(device_name("bob"), world.clock.now()).ok());
  EXPECT_EQ(bob_at_alice().state, ContactState::kUnverified);
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_THAT(world["bob"].texts_from("alice"), ElementsAre("is it you?"));
}

TEST_F(Trust, WhatWasEncryptedForTheOldKeyIsEncryptedAnew) {
  auto& alice = world["alice"];
  world.net.set_weather({.loss_percent = 100});
  world.send("alice", "bob", "one");
  world.send("alice", "bob", "two");
  world.run_for(1000);
  ASSERT_EQ(alice.messenger->outbox_after(0)->state, OutboxState::kEncrypted);
  world.net.set_weather({});
  world.go_offline(alice);
  world.replace(world["bob"]);
  world["bob"].shown.clear();
  const auto key = to_array(View<33>(world.identity_of("bob").first<33>()));
  ASSERT_TRUE(alice.messenger->add_contact(device_name("bob"), key, world.clock.now()).ok());
  EXPECT_EQ(bob_at_alice().state, ContactState::kKeyChanged);
  world.go_online(alice);
  world.run_for(60'000);
  EXPECT_EQ(alice.messenger->info().queued, 2u);
  ASSERT_TRUE(alice.messenger->accept_new_key(device_name("bob"), world.clock.now()).ok());
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_THAT(world["bob"].texts_from("alice"), ElementsAre("one", "two"));
}

TEST_F(Trust, AFirstMessageUnderAnotherKeyIsKeptOutAndReported) {
  auto& alice = world["alice"];
  world.go_offline(alice);
  world.replace(world["bob"]);
  ASSERT_TRUE(world.run_until([&] { return world["bob"].messenger->contact_count() > 0; }));
  // So that only the message tells alice: the list of contacts does not come.
  world.send("bob", "alice", "new phone");
  world.send("bob", "alice", "who is this?");
  world.run_for(30'000);
  const auto texts_before = alice.texts_from("bob");
  world.go_online(alice);
  ASSERT_TRUE(world.run_until([&] { return alice.count(EventKind::kKeyChanged) == 1; }));
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_EQ(alice.texts_from("bob"), texts_before);
  EXPECT_EQ(bob_at_alice().state, ContactState::kKeyChanged);
  ASSERT_TRUE(alice.messenger->accept_new_key(device_name("bob"), world.clock.now()).ok());
  world.send("bob", "alice", "once more");
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_EQ(alice.texts_from("bob").back(), "once more");
}

TEST_F(Trust, MailThatCannotBeReadIsReportedAndBlocksNothing) {
  auto& bob = world["bob"];
  const auto through = bob.messenger->info().through;
  const ByteArray<16> mail_id{};
  const ByteArray<80> garbage{0x44, 1, 2, 3};
  std::uint64_t sequence = through;
  std::size_t unreadable = 0;
  for (const Text from : {"alice", "stranger"}) {
    for (const std::uint32_t type : {0u, 2u, 3u, 7u}) {
      api::MailView mail{.mail_id = mail_id};
      mail.from = device_name(from);
      mail.type = type;
      mail.ciphertext = garbage;
      mail.sequence = ++sequence;
      ASSERT_TRUE(push(bob, mail).ok());
      EXPECT_EQ(bob.messenger->info().through, sequence);
      EXPECT_EQ(bob.messenger->counters().unreadable, ++unreadable);
    }
  }
  EXPECT_FALSE(bob.messenger->contact(device_name("stranger")).ok())
      << "nobody becomes a contact by garbage";
  world.run_for(100);
  EXPECT_EQ(bob.count(EventKind::kUnreadable), unreadable);
}

TEST_F(Trust, AMailPushedTwiceUnderTwoNumbersIsShownOnce) {
  auto& bob = world["bob"];
  std::vector<std::uint8_t> ciphertext;
  std::uint32_t type = 0;
  world.on_publish = [&](const TestDevice& device, const Outgoing& out) {
    if (device.name != "alice" || out.method != api::Method::kSend) return;
    auto mails = *api::MailsView::parse(api::RequestView::parse(out.payload)->body);
    const auto mail = mails.mail.next();
    ciphertext.assign(mail->ciphertext.begin(), mail->ciphertext.end());
    type = mail->type;
  };
  world.send("alice", "bob", "once");
  ASSERT_TRUE(world.run_until_quiet());
  const auto before = bob.texts_from("alice");
  const ByteArray<16> mail_id{9};
  api::MailView mail{.mail_id = mail_id};
  mail.from = device_name("alice");
  mail.type = type;
  mail.ciphertext = ciphertext;
  mail.sequence = bob.messenger->info().through + 1;
  ASSERT_TRUE(push(bob, mail).ok());
  EXPECT_EQ(bob.messenger->counters().duplicates, 1u);
  EXPECT_EQ(bob.messenger->info().through, mail.sequence);
  world.run_for(100);
  EXPECT_EQ(bob.texts_from("alice"), before);
  EXPECT_EQ(bob.messenger->counters().unreadable, 0u);
}

TEST_F(Trust, MailAheadOfItsTimeIsNotTaken) {
  auto& bob = world["bob"];
  const ByteArray<16> mail_id{};
  const ByteArray<8> garbage{1};
  api::MailView mail{.mail_id = mail_id};
  mail.from = device_name("alice");
  mail.ciphertext = garbage;
  mail.sequence = bob.messenger->info().through + 2;
  ASSERT_TRUE(push(bob, mail).ok());
  EXPECT_EQ(bob.messenger->counters().out_of_order, 1u);
  EXPECT_EQ(bob.messenger->counters().unreadable, 0u);
}

// The server leaves out what a device has no room for: its user hears of it, and
// what comes after it is read.
TEST_F(Trust, AMailWithoutItsTextIsToldAndBlocksNothing) {
  auto& bob = world["bob"];
  const ByteArray<16> mail_id{1};
  for (const std::uint32_t type : {2, 3, 7}) {
    const auto unreadable = bob.messenger->counters().unreadable;
    const auto through = bob.messenger->info().through;
    api::MailView mail{.mail_id = mail_id, .type = type, .left_out = 60'000};
    mail.from = device_name("alice");
    mail.sequence = through + 1;
    ASSERT_TRUE(push(bob, mail).ok()) << type;
    EXPECT_EQ(bob.messenger->info().through, through + 1) << type;
    EXPECT_EQ(bob.messenger->counters().unreadable, unreadable + 1) << type;
  }
  EXPECT_TRUE(bob.messenger->contact(device_name("alice")).ok());
}

TEST_F(Trust, EveryTruncationOfEveryPayloadIsHarmless) {
  auto& bob = world["bob"];
  const ByteArray<16> mail_id{};
  const ByteArray<40> garbage{0x44};
  std::vector<std::uint8_t> payload(200);
  api::MailsWriter out(payload);
  api::MailView mail{.mail_id = mail_id};
  mail.from = device_name("alice");
  mail.ciphertext = garbage;
  mail.sequence = 1'000'000;
  ASSERT_TRUE(out.add(mail).ok());
  for (std::size_t size = 0; size <= out.written().size(); ++size) {
    for (const auto topic : {api::Down::kReply, api::Down::kMail, api::Down::kNotice}) {
      static_cast<void>(bob.messenger->receive(topic, out.written().first(size), world.clock.now(),
                                               world.clock.wall()));
    }
  }
  EXPECT_GT(bob.messenger->counters().malformed, 0u);
  world.send("alice", "bob", "still here?");
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_EQ(bob.texts_from("alice").back(), "still here?");
}

}  // namespace
}  // namespace core::messenger
