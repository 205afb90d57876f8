// A store put back to an older copy, at every commit of a run: traffic flows
// again by itself, nothing is shown twice, and no message key ever has two uses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/messenger/world_test.h"

namespace core::messenger {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

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
        continue;
      }
      std::optional<e2e::PreKeyMessage> first;
      if (mail->type == static_cast<std::uint32_t>(e2e::MessageType::kPreKey)) {
        first = *e2e::PreKeyMessage::parse(bytes);
      }
      const auto message = first ? first->message : *e2e::SignalMessage::parse(bytes);
      const auto key = message.ratchet_key.serialized();
      const auto [at, is_new] = used_.emplace(
          std::tuple{from.name, std::vector<std::uint8_t>(key.begin(), key.end()), message.counter},
          std::vector<std::uint8_t>(bytes.begin(), bytes.end()));
      EXPECT_TRUE(equal_var_sized(at->second, bytes)) << from.name << " used a message key twice";
    }
  }
  std::size_t resets = 0;

 private:
  static bool equal_var_sized(Bytes a, Bytes b) { return a.size() == b.size() && equal_var(a, b); }
  std::map<std::tuple<Text, std::vector<std::uint8_t>, std::uint32_t>, std::vector<std::uint8_t>>
      used_;
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

}  // namespace
}  // namespace core::messenger
