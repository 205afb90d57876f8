// The n-th write, call and draw fails while a group is made, changed and written
// to, for every n: every member reads everything it should, once, in order.
#include <gtest/gtest.h>

#include "core/messenger/world_test.h"

namespace core::messenger {
namespace {

using Cut = ports::fake::FakeStore::Cut;
using Texts = std::vector<Text>;

class GroupTalk {
 public:
  GroupTalk() {
    for (const Text name : {"alice", "bob", "carol"}) world.add(name);
    world.run_for(2'000);
    for (const Text name : {"alice", "bob", "carol"}) {
      world.go_offline(world[name]);
      world.go_online(world[name]);  // lists the contacts
    }
    world.run_for(2'000);
  }
  bool quiet() { return world.run_until_quiet(300'000); }
  bool run() {
    id = world.make_group("alice", {"bob"});
    if (!quiet()) return false;
    world.send_group("alice", id, "a1");
    world.send_group("bob", id, "b1");
    if (!quiet()) return false;
    world.change_group("alice", id, {"carol"}, {});
    world.send_group("alice", id, "a2");
    if (!quiet()) return false;
    world.send_group("bob", id, "b2");
    world.send_group("carol", id, "c2");
    if (!quiet()) return false;
    world.change_group("alice", id, {}, {"bob"});
    world.send_group("alice", id, "a3");
    if (!quiet()) return false;
    world.send_group("carol", id, "c3");
    return quiet();
  }
  Texts read(const Text& reader, const Text& sender) {
    return world[reader].texts_from(sender, id);
  }
  void expect_everything(const Text& where) {
    EXPECT_EQ(read("alice", "bob"), (Texts{"b1", "b2"})) << where;
    EXPECT_EQ(read("alice", "carol"), (Texts{"c2", "c3"})) << where;
    EXPECT_EQ(read("bob", "alice"), (Texts{"a1", "a2"})) << where;
    EXPECT_EQ(read("bob", "carol"), (Texts{"c2"})) << where;
    EXPECT_EQ(read("carol", "alice"), (Texts{"a2", "a3"})) << where;
    EXPECT_EQ(read("carol", "bob"), (Texts{"b2"})) << where;
    for (const Text name : {"alice", "bob", "carol"}) {
      EXPECT_EQ(world[name].messenger->counters().unreadable, 0u) << where;
      EXPECT_EQ(world[name].messenger->counters().group_refused, 0u) << where;
      EXPECT_EQ(world[name].messenger->info().failed, 0u) << where;
    }
    EXPECT_EQ(world["bob"].groups().find(id)->state, GroupState::kLeft) << where;
    EXPECT_EQ(world["carol"].groups().find(id)->members, 2u) << where;
  }
  World world;
  GroupId id{};
};

class EveryGroupWrite : public testing::TestWithParam<Text> {};

TEST_P(EveryGroupWrite, MayBeTheLastBeforeAPowerCut) {
  std::uint64_t n = 1;
  for (bool cut = true; cut; ++n) {
    GroupTalk talk;
    auto& device = talk.world[GetParam()];
    device.store.cut_power_at(n);
    ASSERT_TRUE(talk.run()) << "write " << n;
    talk.expect_everything("write " + std::to_string(n));
    cut = device.restarts > 0;
  }
  EXPECT_GT(n, 60u);
}

TEST_P(EveryGroupWrite, MayBeACommitWhosePowerCutComesTooLate) {
  std::uint64_t n = 1;
  for (bool cut = true; cut; ++n) {
    GroupTalk talk;
    auto& device = talk.world[GetParam()];
    device.store.cut_power_at(n, Cut::kAfter);
    ASSERT_TRUE(talk.run()) << "commit " << n;
    talk.expect_everything("commit " + std::to_string(n));
    cut = device.restarts > 0;
  }
  EXPECT_GT(n, 15u);
}

TEST_P(EveryGroupWrite, MayBeACallThatFailsOnce) {
  std::uint64_t n = 1;
  for (bool failed = true; failed; n += 7) {
    GroupTalk talk;
    auto& device = talk.world[GetParam()];
    const auto before = device.store.calls();
    device.store.fail_call_at(n);
    talk.world.retry_sends = true;
    ASSERT_TRUE(talk.run()) << "call " << n;
    talk.expect_everything("call " + std::to_string(n));
    failed = device.store.calls() - before >= n;
  }
  EXPECT_GT(n, 100u);
}

TEST_P(EveryGroupWrite, MayNeedARandomNumberThatFails) {
  for (std::uint64_t n = 1;; ++n) {
    GroupTalk talk;
    auto& device = talk.world[GetParam()];
    const auto before = device.rng.draws();
    device.rng.fail_at(n);
    talk.world.retry_sends = true;
    ASSERT_TRUE(talk.run()) << "draw " << n;
    talk.expect_everything("draw " + std::to_string(n));
    if (device.rng.draws() - before < n) break;
    EXPECT_EQ(device.messenger->counters().rng_failures, 1u) << "draw " << n;
  }
}

INSTANTIATE_TEST_SUITE_P(Of, EveryGroupWrite, testing::Values("alice", "bob", "carol"),
                         [](const auto& test) { return test.param; });

// Six devices in one group, a fifth of all packets lost, devices and the server
// killed at random, members coming and going.
TEST(GroupCrowd, LosesNothingAndKeepsTheOrder) {
  World world(43);
  ports::fake::FakeRng dice(11);
  Texts names;
  for (int i = 0; i < 6; ++i) names.push_back("device-" + std::to_string(i));
  for (const auto& name : names) world.add(name);
  world.run_for(2000);
  for (const auto& name : names) {
    world.go_offline(world[name]);
    world.go_online(world[name]);
  }
  world.run_for(2000);
  // The last one comes and goes; what the others write to each other is complete.
  const auto id = world.make_group(names[0], {names[1], names[2], names[3], names[4]});
  ASSERT_TRUE(world.run_until_quiet());
  world.net.set_weather(
      {.loss_percent = 20, .duplicate_percent = 5, .delay_ms = 5, .jitter_ms = 300});
  std::map<Text, Texts> sent;
  bool guest = false;
  for (int i = 0; i < 300; ++i) {
    const auto& from = names[dice.next() % 5];
    const Text text = from + " no. " + std::to_string(i);
    if (dice.chance(5)) world[from].store.cut_power_at(1 + dice.next() % 40);
    world.send_group(from, id, text);
    sent[from].push_back(text);
    if (dice.chance(4)) {
      if (guest) {
        world.change_group(names[0], id, {}, {names[5]});
      } else {
        world.change_group(names[0], id, {names[5]}, {});
      }
      guest = !guest;
    }
    if (dice.chance(3)) world.crash(world[names[dice.next() % 6]]);
    if (dice.chance(1)) world.restart_server();
    if (dice.chance(3)) world.go_offline(world[names[dice.next() % 6]]);
    if (dice.chance(15)) {
      auto& back = world[names[dice.next() % 6]];
      if (!back.online) world.go_online(back);
    }
    world.run_for(static_cast<std::int64_t>(dice.next() % 400));
  }
  for (const auto& name : names) {
    if (!world[name].online) world.go_online(world[name]);
  }
  ASSERT_TRUE(world.run_until_quiet());
  std::uint64_t restarts = 0;
  for (const auto& [from, texts] : sent) {
    for (std::size_t i = 0; i < 5; ++i) {
      if (names[i] == from) continue;
      EXPECT_EQ(world[names[i]].texts_from(from, id), texts) << names[i];
    }
  }
  for (std::size_t i = 0; i < 5; ++i) {
    restarts += world[names[i]].restarts;
    EXPECT_EQ(world[names[i]].messenger->counters().unreadable, 0u);
  }
  EXPECT_GT(restarts, 10u);
}

}  // namespace
}  // namespace core::messenger
