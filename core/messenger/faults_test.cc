// The n-th write, call and draw fails, for every n: nothing is lost, nothing
// is shown twice, the order is kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/messenger/world_test.h"

namespace core::messenger {
namespace {

using Cut = ports::fake::FakeStore::Cut;

// Four messages each way, first messages and ordinary ones. Both devices have
// published their keys, so that the fault hits the conversation.
class Conversation {
 public:
  Conversation() {
    world.add("alice");
    world.add("bob");
    world.run_for(2'000);
  }
  bool run() {
    for (int i = 0; i < 4; ++i) {
      world.send("alice", "bob", "a" + std::to_string(i));
      if (i == 2) world.send("alice", "bob", "a2 again");
      if (!world.run_until_quiet(300'000)) return false;
      world.send("bob", "alice", "b" + std::to_string(i));
      if (i == 1) world.send("alice", "bob", "crossing");
      if (!world.run_until_quiet(300'000)) return false;
    }
    return true;
  }
  void expect_everything(const Text& where) {
    const std::vector<Text> to_bob = {"a0", "a1", "crossing", "a2", "a2 again", "a3"};
    const std::vector<Text> to_alice = {"b0", "b1", "b2", "b3"};
    EXPECT_EQ(world["bob"].texts_from("alice"), to_bob) << where;
    EXPECT_EQ(world["alice"].texts_from("bob"), to_alice) << where;
    for (const Text name : {"alice", "bob"}) {
      EXPECT_EQ(world[name].messenger->counters().unreadable, 0u) << where;
      EXPECT_EQ(world[name].messenger->info().failed, 0u) << where;
    }
  }
  World world;
};

class EveryWrite : public testing::TestWithParam<Text> {};

TEST_P(EveryWrite, MayBeTheLastBeforeAPowerCut) {
  std::uint64_t n = 1;
  for (bool cut = true; cut; ++n) {
    Conversation talk;
    auto& device = talk.world[GetParam()];
    device.store.cut_power_at(n);
    ASSERT_TRUE(talk.run()) << "write " << n;
    talk.expect_everything("write " + std::to_string(n));
    cut = device.restarts > 0;
  }
  EXPECT_GT(n, 60u);
}

TEST_P(EveryWrite, MayBeACommitWhosePowerCutComesTooLate) {
  std::uint64_t n = 1;
  for (bool cut = true; cut; ++n) {
    Conversation talk;
    auto& device = talk.world[GetParam()];
    device.store.cut_power_at(n, Cut::kAfter);
    ASSERT_TRUE(talk.run()) << "commit " << n;
    talk.expect_everything("commit " + std::to_string(n));
    cut = device.restarts > 0;
  }
  EXPECT_GT(n, 20u);
}

TEST_P(EveryWrite, MayBeACallThatFailsOnce) {
  // Every call of the first messages, then every third: they repeat.
  std::uint64_t n = 1;
  for (bool failed = true; failed; n += n < 40 ? 1 : 3) {
    Conversation talk;
    auto& device = talk.world[GetParam()];
    const auto before = device.store.calls();
    device.store.fail_call_at(n);
    talk.world.retry_sends = true;
    ASSERT_TRUE(talk.run()) << "call " << n;
    talk.expect_everything("call " + std::to_string(n));
    failed = device.store.calls() - before >= n;
    EXPECT_LE(device.messenger->counters().store_failures, 1u) << "call " << n;
  }
  EXPECT_GT(n, 100u);
}

TEST_P(EveryWrite, MayNeedARandomNumberThatFails) {
  for (std::uint64_t n = 1;; ++n) {
    Conversation talk;
    auto& device = talk.world[GetParam()];
    const auto before = device.rng.draws();
    device.rng.fail_at(n);
    talk.world.retry_sends = true;  // a message's mail id is drawn by send()
    ASSERT_TRUE(talk.run()) << "draw " << n;
    talk.expect_everything("draw " + std::to_string(n));
    if (device.rng.draws() - before < n) break;
    EXPECT_EQ(device.messenger->counters().rng_failures, 1u) << "draw " << n;
  }
}

INSTANTIATE_TEST_SUITE_P(Of, EveryWrite, testing::Values("alice", "bob"),
                         [](const auto& test) { return test.param; });

// What comes while there is no room is not acknowledged, and is counted as the
// store's failure; it is there once there is room.
TEST(AStoreWithoutRoom, LosesNothing) {
  using Room = ports::fake::FakeStore::Room;
  Conversation talk;
  auto& bob = talk.world["bob"];
  bob.store.set_room(Room::kNone);
  talk.world.send("alice", "bob", "a0");
  talk.world.run_for(30'000);
  EXPECT_GT(bob.messenger->counters().store_failures, 0u);
  EXPECT_TRUE(bob.texts_from("alice").empty());
  bob.store.set_room(Room::kLeft);
  ASSERT_TRUE(talk.world.run_until_quiet(300'000));
  EXPECT_EQ(bob.texts_from("alice"), std::vector<Text>{"a0"});
}

// The first minutes of a device: making and publishing its keys.
TEST(EveryWriteOfANewDevice, MayBeTheLastBeforeAPowerCut) {
  std::uint64_t n = 1;
  for (bool cut = true; cut; n += n < 20 ? 1 : 7) {
    World world;
    auto& bob = world.add("bob");
    bob.store.cut_power_at(n);
    world.run_for(60'000);
    cut = bob.restarts > 0;
    const auto account = world.server_store.find_account(device_name("bob"))->id;
    const auto stock = *world.server_store.pre_key_state(account);
    // What was made before the cut goes out; only a low stock is filled up.
    EXPECT_GE(stock.one_time_count, 25u) << "write " << n;
    EXPECT_GE(stock.one_time_kem_count, 2u) << "write " << n;
    EXPECT_EQ(bob.messenger->counters().refusals, 0u) << "write " << n;
    world.add("alice");
    world.send("alice", "bob", "hello");
    ASSERT_TRUE(world.run_until_quiet());
    EXPECT_EQ(bob.texts_from("alice").size(), 1u) << "write " << n;
  }
  EXPECT_GT(n, 100u);
}

// Ten devices, a thousand messages, a fifth of all packets lost, devices and
// the server killed at random.
TEST(Crowd, LosesNothingAndKeepsTheOrder) {
  World world(42);
  ports::fake::FakeRng dice(7);
  std::vector<Text> names;
  for (int i = 0; i < 10; ++i) names.push_back("device-" + std::to_string(i));
  for (const auto& name : names) world.add(name);
  world.run_for(1000);
  world.net.set_weather(
      {.loss_percent = 20, .duplicate_percent = 5, .delay_ms = 5, .jitter_ms = 300});
  std::map<std::pair<Text, Text>, std::vector<Text>> sent;
  for (int i = 0; i < 1000; ++i) {
    const auto& from = names[dice.next() % 10];
    const auto& to = names[dice.next() % 10];
    if (from == to) continue;
    const Text text = from + " to " + to + " no. " + std::to_string(i);
    if (dice.chance(3)) world[from].store.cut_power_at(1 + dice.next() % 30);
    world.send(from, to, text);
    sent[{from, to}].push_back(text);
    if (dice.chance(2)) world.crash(world[names[dice.next() % 10]]);
    if (dice.chance(1)) world.restart_server();
    if (dice.chance(2)) world.go_offline(world[names[dice.next() % 10]]);
    if (dice.chance(10)) {
      auto& back = world[names[dice.next() % 10]];
      if (!back.online) world.go_online(back);
    }
    world.run_for(static_cast<std::int64_t>(dice.next() % 200));
  }
  for (const auto& name : names) {
    if (!world[name].online) world.go_online(world[name]);
  }
  ASSERT_TRUE(world.run_until_quiet());
  std::uint64_t restarts = 0;
  for (const auto& [who, texts] : sent) EXPECT_EQ(world[who.second].texts_from(who.first), texts);
  for (const auto& name : names) {
    restarts += world[name].restarts;
    EXPECT_EQ(world[name].messenger->counters().unreadable, 0u);
    EXPECT_EQ(world[name].messenger->info().failed, 0u);
  }
  EXPECT_GT(restarts, 20u);
}

}  // namespace
}  // namespace core::messenger
