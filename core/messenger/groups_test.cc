// Groups over the real server's rules: who reads what, and who may change what.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/messenger/world_test.h"

namespace core::messenger {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Texts = std::vector<Text>;

// Alice's group of alice, bob and carol. Dave is not in it.
class GroupsTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const Text name : {"alice", "bob", "carol", "dave"}) world.add(name);
    world.run_for(2000);
    for (const Text name : {"alice", "bob", "carol", "dave"}) {
      world.go_offline(world[name]);
      world.go_online(world[name]);  // lists the contacts
    }
    world.run_for(2000);
    id = world.make_group("alice", {"bob", "carol"});
    ASSERT_TRUE(world.run_until_quiet());
  }
  Texts read(const Text& reader, const Text& sender) {
    return world[reader].texts_from(sender, id);
  }
  Group group_at(const Text& name) { return *world[name].groups().find(id); }
  std::uint32_t chain_of(const Text& sender, const Text& text) {
    std::uint32_t chain = 0;
    world.on_publish = [&](const TestDevice& device, const Outgoing& out) {
      if (device.name != sender || out.method != api::Method::kSend) return;
      auto mails = *api::MailsView::parse(api::RequestView::parse(out.payload)->body);
      while (const auto mail = mails.mail.next()) {
        if (mail->type != e2e::kSenderKeyType) continue;
        chain = e2e::SenderKeyMessage::parse(mail->ciphertext)->chain_id;
      }
    };
    world.send_group(sender, id, text);
    EXPECT_TRUE(world.run_until_quiet());
    world.on_publish = nullptr;
    return chain;
  }
  Status push(TestDevice& to, const Text& from, std::uint32_t type, Bytes ciphertext) {
    const ByteArray<16> mail_id{1};
    api::MailView mail{.mail_id = mail_id};
    mail.from = device_name(from);
    mail.type = type;
    mail.ciphertext = ciphertext;
    mail.sequence = to.messenger->info().through + 1;
    std::vector<std::uint8_t> payload(kMaxPayload);
    api::MailsWriter out(payload);
    CHECK(out.add(mail).ok());
    return to.messenger->receive(api::Down::kMail, out.written(), world.clock.now(),
                                 world.clock.wall());
  }

  // Any bytes in place of what would be encrypted.
  void inject(const Text& from, const Text& to, const std::vector<std::uint8_t>& content) {
    auto& device = world[from];
    ASSERT_EQ(device.messenger->info().queued, 0u);
    world.send(from, to, "");
    ASSERT_TRUE(device.store.begin().ok());
    ASSERT_TRUE(device.store.put(RecordKey(Kind::kOutboxText, 0).bytes, content).ok());
    ASSERT_TRUE(device.store.commit().ok());
    ASSERT_TRUE(world.run_until_quiet());
  }

  World world;
  GroupId id{};
};

TEST_F(GroupsTest, EveryMemberReadsWhatEveryMemberWrites) {
  EXPECT_EQ(group_at("bob").owner, device_name("alice"));
  EXPECT_EQ(group_at("bob").members, 3u);
  EXPECT_EQ(world["bob"].count(InboxKind::kGroupChanged), 1u);
  for (const Text name : {"alice", "bob", "carol"}) {
    world.send_group(name, id, "1 of " + name);
    world.send_group(name, id, "2 of " + name);
    ASSERT_TRUE(world.run_until_quiet());
  }
  for (const Text reader : {"alice", "bob", "carol"}) {
    for (const Text writer : {"alice", "bob", "carol"}) {
      if (reader == writer) continue;
      EXPECT_EQ(read(reader, writer), (Texts{"1 of " + writer, "2 of " + writer}));
    }
  }
  EXPECT_FALSE(world["dave"].groups().find(id).ok());
  EXPECT_EQ(world["alice"].count(EventKind::kMessageSent), 2u) << "keys and states are no messages";
}

TEST_F(GroupsTest, OneUploadGoesToAllMembers) {
  world.send_group("alice", id, "hands over the keys");
  ASSERT_TRUE(world.run_until_quiet());
  std::size_t mails = 0, recipients = 0;
  world.on_publish = [&](const TestDevice& device, const Outgoing& out) {
    if (device.name != "alice" || out.method != api::Method::kSend) return;
    auto view = *api::MailsView::parse(api::RequestView::parse(out.payload)->body);
    while (const auto mail = view.mail.next()) {
      ++mails;
      recipients += mail->recipients();
    }
  };
  world.send_group("alice", id, "hello");
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_EQ(mails, 1u);
  EXPECT_EQ(recipients, 2u);
}

TEST_F(GroupsTest, TheServerSeesNeitherNamesNorTexts) {
  Text everything;
  world.on_publish = [&](const TestDevice&, const Outgoing& out) {
    everything.append(out.payload.begin(), out.payload.end());
  };
  world.change_group("alice", id, {"dave"}, {});
  world.send_group("alice", id, "a text for the group");
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_THAT(read("dave", "alice"), ElementsAre("a text for the group"));
  EXPECT_GT(everything.size(), 1000u);
  EXPECT_EQ(everything.find("the group"), Text::npos);
}

TEST_F(GroupsTest, AMemberThatIsRemovedReadsNothingAnyMore) {
  const auto of_alice = chain_of("alice", "with bob");
  const auto of_carol = chain_of("carol", "with bob");
  EXPECT_EQ(chain_of("carol", "again with bob"), of_carol);
  world.change_group("alice", id, {}, {"bob"});
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_EQ(group_at("bob").state, GroupState::kLeft);
  EXPECT_EQ(world["bob"].groups().send(id, {}, {}, {}).error(), Error::kOutOfOrder);
  EXPECT_NE(chain_of("alice", "without bob"), of_alice);
  EXPECT_NE(chain_of("carol", "without bob"), of_carol);
  EXPECT_THAT(read("bob", "alice"), ElementsAre("with bob"));
  EXPECT_THAT(read("bob", "carol"), ElementsAre("with bob", "again with bob"));
  EXPECT_THAT(read("carol", "alice"), ElementsAre("with bob", "without bob"));
  EXPECT_THAT(read("alice", "carol"), ElementsAre("with bob", "again with bob", "without bob"));
}

// Not only is it not sent: what bob has kept does not open it either.
TEST_F(GroupsTest, TheKeysOfAMemberThatIsRemovedOpenNothingNew) {
  world.send_group("alice", id, "with bob");
  ASSERT_TRUE(world.run_until_quiet());
  auto& bob = world["bob"];
  world.go_offline(bob);
  std::vector<std::uint8_t> wire;
  world.on_publish = [&](const TestDevice& device, const Outgoing& out) {
    if (device.name != "alice" || out.method != api::Method::kSend) return;
    auto mails = *api::MailsView::parse(api::RequestView::parse(out.payload)->body);
    while (const auto mail = mails.mail.next()) {
      if (mail->type == 7) wire.assign(mail->ciphertext.begin(), mail->ciphertext.end());
    }
  };
  world.change_group("alice", id, {}, {"bob"});
  world.send_group("alice", id, "without bob");
  world.run_for(5000);
  ASSERT_FALSE(wire.empty());
  // Bob has not heard of it, and gets the message from a hostile server.
  ASSERT_TRUE(push(bob, "alice", 7, wire).ok());
  world.run_for(100);
  EXPECT_THAT(read("bob", "alice"), ElementsAre("with bob"));
  EXPECT_EQ(bob.count(InboxKind::kUnreadable), 1u);
}

TEST_F(GroupsTest, AMemberThatIsAddedReadsFromThenOnUnderTheSameKeys) {
  const auto chain = chain_of("bob", "before dave");
  world.change_group("alice", id, {"dave"}, {});
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_EQ(chain_of("bob", "with dave"), chain);
  world.send_group("dave", id, "hello all");
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_THAT(read("dave", "bob"), ElementsAre("with dave"));
  for (const Text name : {"alice", "bob", "carol"}) {
    EXPECT_THAT(read(name, "dave"), ElementsAre("hello all"));
    EXPECT_EQ(world[name].messenger->counters().unreadable, 0u);
  }
}

TEST_F(GroupsTest, AMemberThatComesBackReadsOnlyWhatIsNew) {
  world.send_group("alice", id, "one");
  ASSERT_TRUE(world.run_until_quiet());
  world.change_group("alice", id, {}, {"bob"});
  world.send_group("alice", id, "two");
  ASSERT_TRUE(world.run_until_quiet());
  world.change_group("alice", id, {"bob"}, {});
  ASSERT_TRUE(world.run_until_quiet());
  world.send_group("alice", id, "three");
  world.send_group("carol", id, "four");
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_THAT(read("bob", "alice"), ElementsAre("one", "three"));
  EXPECT_THAT(read("bob", "carol"), ElementsAre("four"));
  world.send_group("bob", id, "five");
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_THAT(read("carol", "bob"), ElementsAre("five"));
}

// Dave writes before carol has heard of dave: what dave hands over with the key
// says it, in the owner's words.
TEST_F(GroupsTest, ANewMembersMessageMayOvertakeTheOwners) {
  auto& carol = world["carol"];
  world.go_offline(carol);
  world.change_group("alice", id, {"dave"}, {});
  // The owner's mail to carol waits at the owner, who is cut off.
  ASSERT_TRUE(world.run_until([&] { return world["dave"].groups().find(id).ok(); }));
  world.send_group("dave", id, "first");
  world.run_for(5000);
  // Only dave's mails reach carol.
  std::vector<std::uint8_t> key, text;
  const auto box =
      *world.server_store.read_mail(world.server_store.find_account(device_name("carol"))->id,
                                    carol.messenger->info().through, 100, 1 << 20, {});
  std::uint32_t key_type = 0;
  for (const auto& mail : box) {
    if (mail.sender != device_name("dave")) continue;
    if (mail.type == 7) {
      text = mail.ciphertext;
    } else {
      key = mail.ciphertext;
      key_type = mail.type;
    }
  }
  ASSERT_FALSE(key.empty() || text.empty());
  ASSERT_TRUE(push(carol, "dave", key_type, key).ok());
  EXPECT_EQ(group_at("carol").members, 4u);
  ASSERT_TRUE(push(carol, "dave", 7, text).ok());
  world.run_for(100);
  EXPECT_THAT(read("carol", "dave"), ElementsAre("first"));
}

TEST_F(GroupsTest, OnlyTheOwnerChangesTheGroup) {
  const std::vector<DeviceName> dave = {device_name("dave")};
  auto& bob = world["bob"];
  EXPECT_EQ(bob.groups().change(id, dave, {}, world.clock.now(), world.clock.wall()).error(),
            Error::kRefused);
  // A hostile bob makes states of his own, as alice's or as his, and signs them.
  const auto revision = group_at("carol").revision;
  for (const Text owner : {"alice", "bob"}) {
    std::vector<std::uint8_t> state(1000), content(2000);
    GroupStateWriter writer(state, id, revision + 8, *GroupName::parse(bytes_of("mine")),
                            device_name(owner));
    for (const Text name : {"alice", "bob", "carol", "dave"}) writer.member(device_name(name));
    state.resize(*writer.finish());
    const auto signature = *sign_group(bob.messenger->identity_private_key(), state, bob.rng);
    const SignedGroupView as_signed{.state = state, .signature = signature};
    content.resize(*ContentView{.group = as_signed}.encode(content));
    inject("bob", "carol", content);
    EXPECT_EQ(group_at("carol").members, 3u);
    EXPECT_EQ(group_at("carol").revision, revision);
    EXPECT_EQ(world["carol"].messenger->counters().group_refused, owner == "alice" ? 1u : 2u);
  }
  EXPECT_EQ(world["carol"].count(InboxKind::kUnsupported), 0u);
}

// What bob got of alice and passes on is taken as hers, once.
TEST_F(GroupsTest, AnOldStatePlayedAgainChangesNothing) {
  world.change_group("alice", id, {"dave"}, {});
  ASSERT_TRUE(world.run_until_quiet());
  const auto old = world["bob"].store.contents().at({'h', 0, 0});
  world.change_group("alice", id, {}, {"dave"});
  ASSERT_TRUE(world.run_until_quiet());
  const auto revision = group_at("carol").revision;
  std::vector<std::uint8_t> content(2000);
  const SignedGroupView as_signed{.state = Bytes(old).subspan(65),
                                  .signature = Bytes(old).subspan(1, 64)};
  content.resize(*ContentView{.group = as_signed}.encode(content));
  inject("bob", "carol", content);
  EXPECT_EQ(group_at("carol").members, 3u);
  EXPECT_EQ(group_at("carol").revision, revision);
}

TEST_F(GroupsTest, AStrangerHandsOverNoKey) {
  auto& dave = world["dave"];
  const auto key = *e2e::OurSenderKey::make(dave.rng);
  ByteArray<e2e::SenderKeyDistribution::kMaxSize> distribution{};
  const auto size = *key.distribution(id, distribution);
  const auto state = world["bob"].store.contents().at({'h', 0, 0});
  std::vector<std::uint8_t> content(2000);
  const SignedGroupView as_signed{.state = Bytes(state).subspan(65),
                                  .signature = Bytes(state).subspan(1, 64)};
  content.resize(
      *ContentView{.group = as_signed, .sender_key = Bytes(distribution).first(size)}.encode(
          content));
  inject("dave", "carol", content);
  EXPECT_EQ(world["carol"].messenger->counters().group_refused, 1u);
}

TEST_F(GroupsTest, WhoLeavesIsTakenOutByTheOwner) {
  const auto chain = chain_of("carol", "with bob");
  ASSERT_TRUE(world["bob"].groups().leave(id, world.clock.now(), world.clock.wall()).ok());
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_EQ(group_at("bob").state, GroupState::kLeft);
  EXPECT_EQ(group_at("alice").members, 2u);
  EXPECT_EQ(group_at("carol").members, 2u);
  EXPECT_NE(chain_of("carol", "without bob"), chain);
  EXPECT_THAT(read("bob", "carol"), ElementsAre("with bob"));
}

TEST_F(GroupsTest, AGroupEndsWhenItsOwnerLeaves) {
  ASSERT_TRUE(world["alice"].groups().leave(id, world.clock.now(), world.clock.wall()).ok());
  ASSERT_TRUE(world.run_until_quiet());
  for (const Text name : {"alice", "bob", "carol"}) {
    EXPECT_EQ(group_at(name).state, GroupState::kLeft);
    EXPECT_EQ(world[name].groups().send(id, {}, {}, {}).error(), Error::kOutOfOrder);
  }
}

TEST_F(GroupsTest, AMemberWithAnotherKeyGetsNothingUntilItIsAccepted) {
  const auto chain = chain_of("alice", "old");
  auto& bob = world["bob"];
  world.replace(bob);
  bob.shown.clear();
  for (const Text name : {"alice", "carol"}) {
    world.go_offline(world[name]);
    world.go_online(world[name]);
  }
  ASSERT_TRUE(world.run_until([&] {
    return world["alice"].messenger->contact(device_name("bob"))->state ==
           ContactState::kKeyChanged;
  }));
  std::uint32_t new_chain = 0;
  world.on_publish = [&](const TestDevice& device, const Outgoing& out) {
    if (device.name != "alice" || out.method != api::Method::kSend) return;
    auto mails = *api::MailsView::parse(api::RequestView::parse(out.payload)->body);
    while (const auto mail = mails.mail.next()) {
      if (mail->type == 7) new_chain = e2e::SenderKeyMessage::parse(mail->ciphertext)->chain_id;
      for (auto also = mail->also_to; const auto to = also.next();) {
        EXPECT_FALSE(*to == device_name("bob"));
      }
      EXPECT_FALSE(mail->to == device_name("bob"));
    }
  };
  world.send_group("alice", id, "not for a stranger");
  world.run_for(10'000);
  EXPECT_NE(new_chain, chain);
  EXPECT_THAT(read("carol", "alice"), ElementsAre("old", "not for a stranger"));
  EXPECT_EQ(world["alice"].messenger->info().queued, 2u);  // the key, the message

  world.on_publish = nullptr;
  ASSERT_TRUE(world["alice"].messenger->accept_new_key(device_name("bob"), world.clock.now()).ok());
  ASSERT_TRUE(world.run_until_quiet());
  // The new device has learnt of the group by what came with the key.
  EXPECT_THAT(read("bob", "alice"), ElementsAre("not for a stranger"));
  EXPECT_EQ(group_at("bob").members, 3u);
}

// Bob's new device wrote before carol trusted it: she asks for what she missed
// the key of, and reads from then on.
TEST_F(GroupsTest, AKeyThatWasMissedIsAskedFor) {
  auto& bob = world["bob"];
  auto& carol = world["carol"];
  world.replace(bob);
  for (auto* device : {&world["alice"], &carol}) {
    world.go_offline(*device);
    world.go_online(*device);
  }
  world.run_for(2000);
  ASSERT_TRUE(world["alice"].messenger->accept_new_key(device_name("bob"), world.clock.now()).ok());
  world.send_group("alice", id, "welcome back");
  ASSERT_TRUE(world.run_until([&] { return world["bob"].groups().find(id).ok(); }));
  world.send_group("bob", id, "too early for carol");
  world.run_for(10'000);
  EXPECT_THAT(read("alice", "bob"), ElementsAre("too early for carol"));
  EXPECT_THAT(read("carol", "bob"), IsEmpty());
  ASSERT_TRUE(carol.messenger->accept_new_key(device_name("bob"), world.clock.now()).ok());
  world.send_group("bob", id, "unreadable, and asked for");
  world.run_for(10'000);
  world.send_group("bob", id, "readable");
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_EQ(read("carol", "bob").back(), "readable");
}

TEST_F(GroupsTest, AFullMailboxHoldsUpNobodyElse) {
  world.send_group("alice", id, "0");
  ASSERT_TRUE(world.run_until_quiet());
  auto& bob = world["bob"];
  world.go_offline(bob);
  server::service::Limits limits;
  // Bob's mailbox takes three mails of one sender.
  World small(3, [&] {
    limits.max_sender_count = 3;
    return limits;
  }());
  for (const Text name : {"alice", "bob", "carol"}) small.add(name);
  small.run_for(2000);
  for (const Text name : {"alice", "bob", "carol"}) {
    small.go_offline(small[name]);
    small.go_online(small[name]);
  }
  small.run_for(2000);
  const auto group = small.make_group("alice", {"bob", "carol"});
  ASSERT_TRUE(small.run_until_quiet());
  small.go_offline(small["bob"]);
  Texts texts;
  for (int i = 0; i < 10; ++i) {
    texts.push_back(std::to_string(i));
    small.send_group("alice", group, texts.back());
    small.run_for(1000);
  }
  EXPECT_EQ(small["carol"].texts_from("alice", group), texts);
  EXPECT_GT(small["alice"].messenger->info().queued, 5u);
  small.go_online(small["bob"]);
  ASSERT_TRUE(small.run_until_quiet());
  EXPECT_EQ(small["bob"].texts_from("alice", group), texts);
}

TEST_F(GroupsTest, ARevokedMemberHoldsUpNobodyElse) {
  world.send_group("alice", id, "one");
  ASSERT_TRUE(world.run_until_quiet());
  ASSERT_TRUE(world.service->revoke(device_name("bob")).ok());
  world.send_group("alice", id, "two");
  ASSERT_TRUE(world.run_until([&] { return world["alice"].messenger->info().queued == 0; }));
  ASSERT_TRUE(world.run_until([&] { return read("carol", "alice").size() == 2; }));
  EXPECT_EQ(world["alice"].count(EventKind::kMessageFailed), 1u);
  EXPECT_EQ(world["alice"].messenger->info().failed, 0u);
}

TEST_F(GroupsTest, WhatThisVersionDoesNotKnowIsShownAsSuchAndBlocksNothing) {
  auto& bob = world["bob"];
  std::size_t count = 0;
  for (const std::vector<std::uint8_t>& content : {std::vector<std::uint8_t>{},
                                                   {0x7a, 0x01, 'x'},
                                                   {0x22, 0x01, 0},
                                                   {0xff, 0xff},
                                                   {0x12, 0x00},
                                                   {0x1a, 0x02, 1, 2}}) {
    inject("alice", "bob", content);
    EXPECT_EQ(bob.count(InboxKind::kUnsupported), ++count);
    EXPECT_EQ(bob.messenger->counters().unsupported, count);
  }
  // A text with something new beside it is a text.
  inject("alice", "bob", {0x0a, 0x02, 'h', 'i', 0x7a, 0x01, 'x'});
  EXPECT_THAT(bob.texts_from("alice"), ElementsAre("hi"));
  EXPECT_EQ(bob.messenger->counters().unreadable, 0u);
}

TEST_F(GroupsTest, GarbageOfTypeSevenIsReportedAndBlocksNothing) {
  auto& bob = world["bob"];
  const ByteArray<80> garbage{0x33, 1, 2, 3};
  const auto through = bob.messenger->info().through;
  for (const Text from : {"alice", "stranger"}) ASSERT_TRUE(push(bob, from, 7, garbage).ok());
  EXPECT_EQ(bob.messenger->info().through, through + 2);
  EXPECT_EQ(bob.messenger->counters().unreadable, 2u);
}

TEST_F(GroupsTest, AMemberCannotWriteAsAnother) {
  world.send_group("alice", id, "alice's");
  ASSERT_TRUE(world.run_until_quiet());
  std::vector<std::uint8_t> wire;
  world.on_publish = [&](const TestDevice& device, const Outgoing& out) {
    if (device.name != "alice" || out.method != api::Method::kSend) return;
    auto mails = *api::MailsView::parse(api::RequestView::parse(out.payload)->body);
    while (const auto mail = mails.mail.next()) {
      if (mail->type == 7) wire.assign(mail->ciphertext.begin(), mail->ciphertext.end());
    }
  };
  world.send_group("alice", id, "alice's too");
  ASSERT_TRUE(world.run_until_quiet());
  // The server says that it is carol's.
  ASSERT_TRUE(push(world["bob"], "carol", 7, wire).ok());
  world.run_for(100);
  EXPECT_THAT(read("bob", "carol"), IsEmpty());
  // And dave, who is not in the group, writes nothing at all.
  ASSERT_TRUE(push(world["bob"], "dave", 7, wire).ok());
  world.run_for(100);
  EXPECT_THAT(read("bob", "dave"), IsEmpty());
  EXPECT_EQ(world["bob"].count(InboxKind::kUnreadable), 2u);
  // Nor is it shown twice.
  ASSERT_TRUE(push(world["bob"], "alice", 7, wire).ok());
  world.run_for(100);
  EXPECT_THAT(read("bob", "alice"), ElementsAre("alice's", "alice's too"));
}

TEST_F(GroupsTest, GroupsSurviveARestart) {
  world.send_group("bob", id, "one");
  ASSERT_TRUE(world.run_until_quiet());
  for (const Text name : {"alice", "bob", "carol"}) world.crash(world[name]);
  EXPECT_EQ(group_at("carol").members, 3u);
  EXPECT_EQ(*world["carol"].groups().member(id, 0), device_name("alice"));
  world.send_group("bob", id, "two");
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_THAT(read("carol", "bob"), ElementsAre("one", "two"));
}

TEST_F(GroupsTest, CallsThatCannotBeHaveNoEffect) {
  auto alice = world["alice"].groups();
  const auto now = world.clock.now();
  const auto wall = world.clock.wall();
  const auto name = *GroupName::parse(bytes_of("x"));
  const std::vector<DeviceName> nobody = {device_name("nobody")}, me = {device_name("alice")};
  EXPECT_EQ(alice.create(name, nobody, now, wall).error(), Error::kNotFound);
  EXPECT_EQ(alice.create(name, me, now, wall).error(), Error::kMalformed);
  EXPECT_EQ(alice.create(name, std::vector(kMaxGroupMembers + 1, me[0]), now, wall).error(),
            Error::kFull);
  EXPECT_EQ(alice.change({}, {}, {}, now, wall).error(), Error::kNotFound);
  EXPECT_EQ(alice.send({}, {}, now, wall).error(), Error::kNotFound);
  EXPECT_EQ(alice.send(id, std::vector<std::uint8_t>(kMaxPlaintext + 1), now, wall).error(),
            Error::kFull);
  const auto revision = alice.find(id)->revision;
  EXPECT_TRUE(alice.change(id, std::vector{device_name("bob")}, nobody, now, wall).ok());
  EXPECT_EQ(alice.find(id)->revision, revision);
  const auto empty = alice.create(name, {}, now, wall);
  ASSERT_TRUE(empty.ok());
  EXPECT_EQ(alice.send(*empty, {}, now, wall).error(), Error::kOutOfOrder);
  while (alice.count() < kMaxGroups) ASSERT_TRUE(alice.create(name, {}, now, wall).ok());
  EXPECT_EQ(alice.create(name, {}, now, wall).error(), Error::kFull);
  ASSERT_TRUE(alice.leave(*empty, now, wall).ok());  // makes room
  EXPECT_TRUE(alice.create(name, {}, now, wall).ok());
  EXPECT_FALSE(GroupName::parse({}).ok());
  EXPECT_FALSE(GroupName::parse(bytes_of("a\nb")).ok());
  EXPECT_FALSE(GroupName::parse(bytes_of("\xff")).ok());
  EXPECT_FALSE(GroupName::parse(bytes_of(Text(65, 'x'))).ok());
}

TEST_F(GroupsTest, MessagesToGroupsLeaveRoomForOthers) {
  auto& alice = world["alice"];
  world.go_offline(alice);
  std::size_t count = 0;
  while (alice.groups().send(id, bytes_of("x"), world.clock.now(), world.clock.wall())) ++count;
  EXPECT_EQ(count, kMaxGroupOutbox);
  world.send("alice", "dave", "still possible");
  world.go_online(alice);
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_EQ(read("bob", "alice").size(), kMaxGroupOutbox);
  EXPECT_THAT(world["dave"].texts_from("alice"), ElementsAre("still possible"));
}

}  // namespace
}  // namespace core::messenger
