// Two devices and the server: the ordinary life of messages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/messenger/world_test.h"

namespace core::messenger {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Weather = ports::fake::Net<Packet>::Weather;

TEST(Messenger, TwoDevicesExchangeMessages) {
  World world;
  world.add("alice");
  world.add("bob");
  const auto id = world.send("alice", "bob", "hello");
  EXPECT_EQ(*world["alice"].messenger->state_of(id), OutboxState::kQueued);
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_EQ(*world["alice"].messenger->state_of(id), OutboxState::kSent);
  EXPECT_THAT(world["bob"].texts_from("alice"), ElementsAre("hello"));

  world.send("bob", "alice", "hello yourself");
  world.send("bob", "alice", "");
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_THAT(world["alice"].texts_from("bob"), ElementsAre("hello yourself", ""));
  EXPECT_EQ(world["alice"].count(EventKind::kMessageSent), 1u);
  EXPECT_EQ(world["alice"].messenger->counters().sessions_started, 1u);
  EXPECT_EQ(world["bob"].messenger->counters().sessions_accepted, 1u);
  EXPECT_EQ(world["bob"].messenger->counters().sessions_started, 0u);
}

TEST(Messenger, MailWaitsForADeviceThatIsAway) {
  World world;
  world.add("alice");
  auto& bob = world.add("bob");
  world.run_for(60'000);
  world.go_offline(bob);
  for (int i = 0; i < 200; ++i) world.send("alice", "bob", "message " + std::to_string(i));
  ASSERT_TRUE(world.run_until([&] { return world["alice"].messenger->info().queued == 0; }));
  EXPECT_THAT(bob.texts_from("alice"), IsEmpty());
  world.go_online(bob);
  ASSERT_TRUE(world.run_until_quiet());
  const auto texts = bob.texts_from("alice");
  ASSERT_EQ(texts.size(), 200u);
  for (std::size_t i = 0; i < 200; ++i) EXPECT_EQ(texts[i], "message " + std::to_string(i));
}

TEST(Messenger, ManyMailsTravelInFewRequests) {
  World world;
  auto& alice = world.add("alice");
  world.add("bob");
  world.run_for(60'000);
  world.send("alice", "bob", "first");
  ASSERT_TRUE(world.run_until_quiet());
  world.send("bob", "alice", "answer");
  ASSERT_TRUE(world.run_until_quiet());
  for (int i = 0; i < 100; ++i) world.send("alice", "bob", std::to_string(i));
  int sends = 0;
  world.on_publish = [&](const TestDevice& device, const Outgoing& out) {
    if (&device == &alice && out.method == api::Method::kSend) ++sends;
  };
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_LE(sends, 4);
}

TEST(Messenger, WhatIsSentWhileOfflineGoesOutLater) {
  World world;
  auto& alice = world.add("alice");
  world.add("bob");
  world.run_for(1000);
  world.go_offline(alice);
  world.send("alice", "bob", "one");
  world.run_for(10'000);
  world.crash(alice);  // the outbox is on disk
  world.send("alice", "bob", "two");
  world.run_for(10'000);
  EXPECT_EQ(alice.messenger->next_deadline(), kNever) << "nothing to do while offline";
  world.go_online(alice);
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_THAT(world["bob"].texts_from("alice"), ElementsAre("one", "two"));
}

TEST(Messenger, FirstMessagesMayCross) {
  World world;
  world.add("alice");
  world.add("bob");
  world.run_for(30'000);
  world.send("alice", "bob", "a1");
  world.send("bob", "alice", "b1");
  ASSERT_TRUE(world.run_until_quiet());
  for (int i = 2; i < 6; ++i) {
    world.send("alice", "bob", "a" + std::to_string(i));
    world.send("bob", "alice", "b" + std::to_string(i));
    ASSERT_TRUE(world.run_until_quiet());
  }
  EXPECT_THAT(world["bob"].texts_from("alice"), ElementsAre("a1", "a2", "a3", "a4", "a5"));
  EXPECT_THAT(world["alice"].texts_from("bob"), ElementsAre("b1", "b2", "b3", "b4", "b5"));
}

TEST(Messenger, ALongTextTravelsWhole) {
  World world;
  world.add("alice");
  world.add("bob");
  const Text text(kMaxPlaintext, 'x');
  world.send("alice", "bob", text);
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_THAT(world["bob"].texts_from("alice"), ElementsAre(text));
  EXPECT_EQ(
      world["alice"].messenger->send(device_name("bob"), bytes_of(text + "x"), {}, {}).error(),
      Error::kFull);
}

TEST(Messenger, RefusesMessagesToItselfAndToNobody) {
  World world;
  auto& alice = world.add("alice");
  EXPECT_EQ(alice.messenger->send(device_name("alice"), {}, {}, {}).error(), Error::kMalformed);
  EXPECT_EQ(alice.messenger->send({}, {}, {}, {}).error(), Error::kMalformed);
}

TEST(Messenger, AMessageToAnUnknownNameFailsAndIsForgotten) {
  World world;
  auto& alice = world.add("alice");
  world.add("bob");
  const auto lost = world.send("alice", "nobody", "hello?");
  const auto fine = world.send("alice", "bob", "hello");
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_EQ(*alice.messenger->state_of(lost), OutboxState::kFailed);
  EXPECT_EQ(*alice.messenger->state_of(fine), OutboxState::kSent);
  EXPECT_EQ(alice.count(EventKind::kMessageFailed), 1u);
  EXPECT_EQ(alice.messenger->outbox_after(0)->reason, api::Code::kUnknownDevice);
  EXPECT_EQ(alice.messenger->discard(fine).error(), Error::kNotFound);
  EXPECT_TRUE(alice.messenger->discard(lost).ok());
  EXPECT_EQ(*alice.messenger->state_of(lost), OutboxState::kSent);
  EXPECT_FALSE(alice.messenger->contact(device_name("nobody")).ok());
  EXPECT_FALSE(alice.messenger->state_of(fine + 1).ok());
}

TEST(Messenger, AFullOutboxSaysSo) {
  World world;
  auto& alice = world.add("alice");
  world.go_offline(alice);
  for (std::size_t i = 0; i < kMaxOutbox; ++i) world.send("alice", "bob", "x");
  EXPECT_EQ(alice.messenger->send(device_name("bob"), {}, {}, {}).error(), Error::kFull);
}

TEST(Messenger, NothingIsAskedForWhileTheInboxIsFull) {
  World world;
  world.add("alice");
  auto& bob = world.add("bob");
  world.run_for(30'000);
  bob.reads = false;
  for (std::size_t i = 0; i < kMaxInbox + 50; ++i) {
    world.send("alice", "bob", std::to_string(i));
    if (i % 64 == 63) world.run_for(100);
  }
  world.run_for(120'000);
  EXPECT_EQ(bob.messenger->info().unread, kMaxInbox);
  EXPECT_GE(world.service->totals()->mails, 50u);
  bob.reads = true;
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_EQ(bob.texts_from("alice").size(), kMaxInbox + 50);
}

TEST(Messenger, AFullMailboxIsTriedAgainInOrder) {
  server::service::Limits limits;
  limits.max_mailbox_count = 5;
  World world(1, limits);
  auto& alice = world.add("alice");
  auto& bob = world.add("bob");
  world.run_for(10'000);
  world.go_offline(bob);
  for (int i = 0; i < 12; ++i) world.send("alice", "bob", std::to_string(i));
  world.run_for(60'000);
  EXPECT_EQ(alice.messenger->info().queued, 7u);
  EXPECT_EQ(alice.messenger->outbox_after(0)->reason, api::Code::kFull);
  world.go_online(bob);
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_THAT(bob.texts_from("alice"),
              ElementsAre("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"));
}

TEST(Messenger, ExpiredMailLeavesAHoleThatBlocksNothing) {
  server::service::Limits limits;
  limits.mail_kept_ms = 60'000;
  World world(1, limits);
  world.add("alice");
  auto& bob = world.add("bob");
  world.send("alice", "bob", "zero");
  ASSERT_TRUE(world.run_until_quiet());
  world.go_offline(bob);
  for (int i = 1; i < 4; ++i) world.send("alice", "bob", "lost " + std::to_string(i));
  world.run_for(300'000);
  world.send("alice", "bob", "after the hole");
  world.run_for(10'000);
  world.go_online(bob);
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_THAT(bob.texts_from("alice"), ElementsAre("zero", "after the hole"));
}

TEST(Messenger, AResetSessionStartsAnew) {
  World world;
  auto& alice = world.add("alice");
  world.add("bob");
  world.send("alice", "bob", "one");
  ASSERT_TRUE(world.run_until_quiet());
  world.send("bob", "alice", "two");
  ASSERT_TRUE(world.run_until_quiet());
  ASSERT_TRUE(alice.messenger->reset_session(device_name("bob")).ok());
  EXPECT_EQ(alice.messenger->reset_session(device_name("nobody")).error(), Error::kNotFound);
  world.send("alice", "bob", "three");
  ASSERT_TRUE(world.run_until_quiet());
  world.send("bob", "alice", "four");
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_EQ(alice.messenger->counters().sessions_started, 2u);
  EXPECT_THAT(world["bob"].texts_from("alice"), ElementsAre("one", "three"));
  EXPECT_THAT(alice.texts_from("bob"), ElementsAre("two", "four"));
}

TEST(Messenger, BadWeatherCostsTimeAndNothingElse) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    World world(seed);
    world.net.set_weather(
        Weather{.loss_percent = 30, .duplicate_percent = 20, .delay_ms = 5, .jitter_ms = 2000});
    world.add("alice");
    world.add("bob");
    std::vector<Text> from_alice, from_bob;
    for (int i = 0; i < 40; ++i) {
      from_alice.push_back("a" + std::to_string(i));
      from_bob.push_back("b" + std::to_string(i));
      world.send("alice", "bob", from_alice.back());
      world.send("bob", "alice", from_bob.back());
      world.run_for(500);
    }
    ASSERT_TRUE(world.run_until_quiet());
    EXPECT_EQ(world["bob"].texts_from("alice"), from_alice);
    EXPECT_EQ(world["alice"].texts_from("bob"), from_bob);
    EXPECT_EQ(world["alice"].messenger->counters().unreadable, 0u);
    EXPECT_GT(world["alice"].messenger->counters().repeats, 0u);
  }
}

TEST(Messenger, AnIdleDeviceAsksRarely) {
  World world;
  auto& alice = world.add("alice");
  world.run_for(60'000);
  const auto before = alice.messenger->counters().requests;
  world.run_for(3'600'000);
  const auto asked = alice.messenger->counters().requests - before;
  EXPECT_GE(asked, 230u);  // every 15 s, so that a restarted server finds it
  EXPECT_LE(asked, 250u);
}

TEST(Messenger, ACertificateIsRenewedOverACrash) {
  World world;
  auto& alice = world.add("alice");
  world.go_offline(alice);
  const Text csr = "a request";
  ASSERT_TRUE(alice.messenger->renew(bytes_of(csr), world.clock.now()).ok());
  world.crash(alice);
  world.go_online(alice);
  ASSERT_TRUE(world.run_until([&] { return alice.count(EventKind::kCertificate) == 1; }));
  ByteArray<64> certificate{};
  EXPECT_EQ(*alice.messenger->certificate(certificate), csr.size());
  EXPECT_TRUE(alice.messenger->certificate_taken().ok());
  EXPECT_EQ(alice.messenger->certificate(certificate).error(), Error::kNotFound);
  ASSERT_TRUE(alice.messenger->renew(bytes_of("bad"), world.clock.now()).ok());
  ASSERT_TRUE(world.run_until([&] { return alice.count(EventKind::kRefused) == 1; }));
}

TEST(Messenger, ARevokedDeviceFallsSilent) {
  World world;
  auto& alice = world.add("alice");
  world.add("bob");
  world.run_for(30'000);
  ASSERT_TRUE(world.service->revoke(device_name("alice")).ok());
  world.send("alice", "bob", "let me in");
  ASSERT_TRUE(world.run_until([&] { return alice.messenger->info().revoked; }));
  world.run_for(60'000);
  EXPECT_EQ(alice.count(EventKind::kRevoked), 1u);
  const auto before = alice.messenger->counters().requests;
  world.run_for(3'600'000);
  EXPECT_LE(alice.messenger->counters().requests - before, 15u);
}

}  // namespace
}  // namespace core::messenger
