// A store put back to an older copy, at every commit of a run: traffic flows
// again by itself, nothing is shown twice, and no message key ever has two uses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/messenger/world_test.h"

namespace core::messenger {
namespace {

using testing::ElementsAre;

// Reads along on the wire: a sender's ratchet key and a number in its chain
// name a message key. The same bytes may come again; others may not.
class KeyWatch {
 public:
  void look(const TestDevice& from, const Outgoing& out) {
    if (out.method != api::Method::kSend) return;
    const auto mails = api::MailsView::parse(api::RequestView::parse(out.payload)->body);
    ASSERT_TRUE(mails.ok());
    auto rest = mails->mail;
    while (const auto mail = rest.next()) {
      Bytes bytes = mail->ciphertext;
      if (mail->type == kResetMailType) {
        ++resets;
        last_reset.assign(bytes.begin(), bytes.end());
        continue;
      }
      if (mail->type == e2e::kSenderKeyType) {
        const auto message = *e2e::SenderKeyMessage::parse(bytes);
        expect_one_use({from.name,
                        {7, static_cast<std::uint8_t>(message.chain_id >> 24),
                         static_cast<std::uint8_t>(message.chain_id >> 16),
                         static_cast<std::uint8_t>(message.chain_id >> 8),
                         static_cast<std::uint8_t>(message.chain_id)},
                        message.iteration},
                       bytes);
        continue;
      }
      std::optional<e2e::PreKeyMessage> first;
      if (mail->type == static_cast<std::uint32_t>(e2e::MessageType::kPreKey)) {
        first = *e2e::PreKeyMessage::parse(bytes);
      }
      const auto message = first ? first->message : *e2e::SignalMessage::parse(bytes);
      const auto key = message.ratchet_key.serialized();
      expect_one_use({from.name, {key.begin(), key.end()}, message.counter}, bytes);
    }
  }
  std::size_t resets = 0;
  std::vector<std::uint8_t> last_reset;

 private:
  // The sender, its chain, and the number in that.
  using MessageKey = std::tuple<Text, std::vector<std::uint8_t>, std::uint32_t>;
  void expect_one_use(const MessageKey& key, Bytes bytes) {
    const std::vector<std::uint8_t> mail(bytes.begin(), bytes.end());
    const auto [at, is_new] = used_.emplace(key, mail);
    EXPECT_EQ(at->second, mail) << std::get<0>(key) << " used a message key twice";
  }
  std::map<MessageKey, std::vector<std::uint8_t>> used_;
};

using Copies = std::vector<ports::fake::FakeStore::Contents>;

class Healing : public testing::TestWithParam<Text> {
 protected:
  struct Run {
    Run() {
      world.on_publish = [this](const TestDevice& from, const Outgoing& out) {
        watch.look(from, out);
      };
      world.add("alice");
      world.add("bob");
      world.run_for(2'000);
    }
    // Both ways, so that ratchets turn; one side writes twice in a row.
    void talk(const Text& tag) {
      for (int i = 0; i < 5; ++i) {
        const auto n = tag + std::to_string(i);
        say("alice", "bob", "a" + n);
        if (i == 1) say("alice", "bob", "a" + n + " again");
        say("bob", "alice", "b" + n);
      }
    }
    void say(const Text& from, const Text& to, const Text& text) {
      world.send(from, to, text);
      sent[to].push_back(text);
      world.run_for(1'000);
    }
    void put_back(const Text& name, const ports::fake::FakeStore::Contents& copy) {
      auto& device = world[name];
      world.run_for(20'000);  // the last acknowledgement says what has been read
      device.take_events();
      device.stop();
      device.store.keep_copies(nullptr);
      device.store.restore(copy);
      ASSERT_TRUE(device.start(world.clock.now()));
      device.messenger->connected(world.clock.now());
    }
    // No text comes twice, and the order holds.
    void expect_once(const Text& name) {
      auto texts = world[name].texts_from(name == "alice" ? "bob" : "alice");
      std::vector<Text> expected;
      for (const auto& text : sent[name]) {
        if (std::find(texts.begin(), texts.end(), text) != texts.end()) expected.push_back(text);
      }
      EXPECT_EQ(texts, expected) << name;
    }
    World world;
    KeyWatch watch;
    std::map<Text, std::vector<Text>> sent;
  };
};

TEST_P(Healing, AnOlderCopyOfEveryCommitHealsByItself) {
  const Text of = GetParam(), other = of == "alice" ? "bob" : "alice";
  Copies copies;
  {
    Run run;
    run.world[of].store.keep_copies(&copies);
    run.talk("");
    run.world[of].store.keep_copies(nullptr);
  }
  ASSERT_GT(copies.size(), 25u);
  for (std::size_t n = 0; n + 1 < copies.size(); ++n) {
    SCOPED_TRACE("copy " + std::to_string(n));
    Run run;  // the same, up to here and beyond: all of it is deterministic
    Copies again;
    run.world[of].store.keep_copies(&again);
    run.talk("");
    ASSERT_EQ(again[n], copies[n]);
    run.put_back(of, again[n]);
    run.world.run_for(5'000);
    EXPECT_EQ(run.world[of].messenger->info().put_backs, 1u);
    EXPECT_FALSE(run.world[of].messenger->info().healing);
    run.talk(" later");
    run.world.run_for(20'000);
    for (const auto& name : {of, other}) {
      run.expect_once(name);
      EXPECT_EQ(run.world[name].messenger->counters().unreadable, 0u);
      EXPECT_EQ(run.world[name].messenger->info().queued, 0u);
      EXPECT_EQ(run.world[name].texts_from(name == "alice" ? "bob" : "alice"), run.sent[name]);
    }
    EXPECT_TRUE(run.world[of].messenger->info().digest_matches);
  }
}

// Alice writes to her group; her store is put back to each of its commits, and
// she writes once more before anybody can tell her.
TEST(HealingOfGroups, AnOlderCopyOfEveryCommitHealsByItself) {
  std::size_t count = 1;
  for (std::size_t n = 0; n < count; ++n) {
    SCOPED_TRACE("copy " + std::to_string(n));
    World world;
    KeyWatch watch;
    world.on_publish = [&](const TestDevice& from, const Outgoing& out) { watch.look(from, out); };
    for (const Text name : {"alice", "bob", "carol"}) world.add(name);
    world.run_for(2'000);
    for (const Text name : {"alice", "bob", "carol"}) {
      world.go_offline(world[name]);
      world.go_online(world[name]);  // lists the contacts
    }
    world.run_for(2'000);
    auto& alice = world["alice"];
    const auto id = world.make_group("alice", {"bob", "carol"});
    ASSERT_TRUE(world.run_until_quiet());
    Copies copies;
    alice.store.keep_copies(&copies);
    std::vector<Text> texts;
    const auto say = [&](const Text& text) {
      world.send_group("alice", id, text);
      texts.push_back(text);
    };
    for (const Text text : {"one", "two", "three"}) {
      say(text);
      if (text != "two") world.run_for(1'000);  // two of them go out together
    }
    world.run_for(20'000);
    alice.take_events();
    alice.stop();
    alice.store.keep_copies(nullptr);
    count = copies.size();
    alice.store.restore(copies[n]);
    ASSERT_TRUE(alice.start(world.clock.now()));
    say("before the check");
    alice.messenger->connected(world.clock.now());
    world.run_for(20'000);
    say("after it");
    ASSERT_TRUE(world.run_until_quiet());
    for (const Text name : {"bob", "carol"}) {
      EXPECT_EQ(world[name].texts_from("alice", id), texts) << name;
      EXPECT_EQ(world[name].messenger->counters().unreadable, 0u) << name;
    }
  }
  EXPECT_GT(count, 5u);
}

TEST_P(Healing, APowerCutAtEveryWriteOfItChangesNothing) {
  const Text of = GetParam();
  std::uint64_t n = 1;
  for (bool cut = true; cut; n += n < 20 ? 2 : 9) {
    SCOPED_TRACE("write " + std::to_string(n));
    Run run;
    run.talk("");
    const auto copy = run.world[of].store.contents();
    run.talk(" lost");
    run.put_back(of, copy);
    run.world[of].store.cut_power_at(n);
    run.talk(" later");
    run.world.run_for(30'000);
    cut = run.world[of].restarts > 0;
    run.world[of].store.cut_power_at(0);
    for (const Text name : {"alice", "bob"}) {
      run.expect_once(name);
      EXPECT_EQ(run.world[name].texts_from(name == "alice" ? "bob" : "alice").back(),
                run.sent[name].back());
      EXPECT_EQ(run.world[name].messenger->info().queued, 0u);
    }
  }
  EXPECT_GT(n, 60u);
}

INSTANTIATE_TEST_SUITE_P(Of, Healing, testing::Values("alice", "bob"),
                         [](const auto& test) { return test.param; });

// ---- resets alone

class Reset : public testing::Test {
 protected:
  void SetUp() override {
    world.on_publish = [this](const TestDevice& from, const Outgoing& out) {
      watch.look(from, out);
      methods.insert(out.method);
    };
    world.add("alice");
    world.add("bob");
    world.send("alice", "bob", "one");
    ASSERT_TRUE(world.run_until_quiet());
    world.send("bob", "alice", "two");
    ASSERT_TRUE(world.run_until_quiet());
    world.run_for(20'000);
  }
  // Bob's record of his sessions is damaged; nothing else is.
  void lose_sessions() {
    auto& bob = world["bob"];
    bob.stop();
    auto contents = bob.store.contents();
    std::erase_if(contents, [](const auto& record) {
      return record.first[0] == static_cast<std::uint8_t>(Kind::kSession);
    });
    bob.store.restore(contents);
    ASSERT_TRUE(bob.start(world.clock.now()));
    bob.messenger->connected(world.clock.now());
    world.run_for(5'000);
  }
  World world;
  KeyWatch watch;
  std::set<api::Method> methods;
};

TEST_F(Reset, AContactThatCannotReadAsksForANewSessionAndTheSenderIsTold) {
  auto &alice = world["alice"], &bob = world["bob"];
  lose_sessions();
  const auto id = world.send("alice", "bob", "not to be read");
  ASSERT_TRUE(world.run_until_quiet());
  world.run_for(5'000);
  EXPECT_EQ(bob.messenger->counters().resets_sent, 1u);
  EXPECT_EQ(alice.messenger->counters().resets_taken, 1u);
  EXPECT_EQ(alice.count(EventKind::kNotRead), 1u);
  const auto told = std::find_if(alice.shown.begin(), alice.shown.end(), [](const auto& entry) {
    return entry.second.kind == InboxKind::kNotRead;
  });
  ASSERT_NE(told, alice.shown.end());
  EXPECT_EQ(told->second.text, std::to_string(id));
  EXPECT_EQ(told->second.from, "bob");
  world.send("alice", "bob", "again");
  world.send("bob", "alice", "back");
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_THAT(bob.texts_from("alice"), ElementsAre("one", "again"));
  EXPECT_THAT(alice.texts_from("bob"), ElementsAre("two", "back"));
  EXPECT_EQ(watch.resets, 1u);
}

TEST_F(Reset, ManyUnreadMessagesCostTwoResetsAndOneNewSession) {
  auto& alice = world["alice"];
  lose_sessions();
  for (int i = 0; i < 6; ++i) {
    world.send("alice", "bob", std::to_string(i));
    world.run_for(2);  // several are under way before the reset comes
  }
  world.run_for(400'000);
  EXPECT_LE(watch.resets, 2u);
  EXPECT_EQ(alice.messenger->counters().resets_taken, 1u) << "the second only names the rest";
  Text named;
  for (const auto& [id, entry] : alice.shown) {
    if (entry.kind == InboxKind::kNotRead) named += entry.text + ' ';
  }
  const auto unread = world["bob"].messenger->counters().unreadable;
  EXPECT_EQ(static_cast<std::uint64_t>(std::count(named.begin(), named.end(), ' ')), unread);
  EXPECT_EQ(world["bob"].texts_from("alice").size() + unread, 7u);
}

TEST_F(Reset, ARepeatedOneDoesNothing) {
  auto& alice = world["alice"];
  lose_sessions();
  world.send("alice", "bob", "not to be read");
  ASSERT_TRUE(world.run_until_quiet());
  world.run_for(5'000);
  ASSERT_EQ(watch.resets, 1u);
  const auto before = alice.messenger->counters();
  ByteArray<2048> push{};
  api::MailsWriter writer(push);
  const ByteArray<16> mail_id{9};
  api::MailView mail{.mail_id = mail_id};
  mail.from = device_name("bob");
  mail.type = kResetMailType;
  mail.ciphertext = watch.last_reset;
  mail.sequence = alice.messenger->info().through + 1;
  ASSERT_TRUE(writer.add(mail).ok());
  ASSERT_TRUE(
      alice.messenger
          ->receive(api::Down::kMail, writer.written(), world.clock.now(), world.clock.wall())
          .ok());
  EXPECT_EQ(alice.messenger->counters().duplicates, before.duplicates + 1);
  EXPECT_EQ(alice.messenger->counters().resets_taken, before.resets_taken);
}

TEST_F(Reset, ACheckpointThatIsNotOfTheDeviceIsIgnored) {
  auto& bob = world["bob"];
  const auto account = world.server_store.find_account(device_name("bob"))->id;
  ASSERT_TRUE(world.server_store.begin().ok());
  ASSERT_TRUE(world.server_store.note_checkpoint(account, {std::uint64_t{1} << 40, {}}).ok());
  ASSERT_TRUE(world.server_store.commit().ok());
  world.go_offline(bob);
  world.go_online(bob);
  world.send("bob", "alice", "three");
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_EQ(bob.messenger->counters().false_checkpoints, 1u);
  EXPECT_EQ(bob.messenger->info().put_backs, 0u);
  EXPECT_EQ(bob.messenger->counters().sessions_started, 0u) << "on the session that there was";
  EXPECT_THAT(world["alice"].texts_from("bob"), ElementsAre("two", "three"));
}

TEST_F(Reset, NothingIsWrittenBeforeTheServerHasAnswered) {
  auto& bob = world["bob"];
  world.crash(bob);
  world.net.drop_all();
  world.net.set_weather({.loss_percent = 100});
  methods.clear();
  world.send("bob", "alice", "three");
  world.run_for(60'000);
  EXPECT_TRUE(methods.contains(api::Method::kStatus));
  for (const auto method : {api::Method::kSend, api::Method::kBundle, api::Method::kPublish}) {
    EXPECT_FALSE(methods.contains(method));
  }
  EXPECT_EQ(bob.messenger->outbox_after(0)->state, OutboxState::kQueued);
  world.net.set_weather({});
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_THAT(world["alice"].texts_from("bob"), ElementsAre("two", "three"));
}

}  // namespace
}  // namespace core::messenger
