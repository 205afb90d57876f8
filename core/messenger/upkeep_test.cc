// Prekeys: stock, refill, rotation by age, drift, restarts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/messenger/world_test.h"

namespace core::messenger {
namespace {

using testing::ElementsAre;

constexpr std::int64_t kDay = 24 * 3600 * std::int64_t{1000};

class Upkeep : public testing::Test {
 protected:
  void SetUp() override {
    world.add("bob");
    world.run_for(60'000);
  }
  TestDevice& bob() { return world["bob"]; }
  server::store::AccountId account(const Text& name) {
    return world.server_store.find_account(device_name(name))->id;
  }
  server::store::PreKeyState stock() { return *world.server_store.pre_key_state(account("bob")); }
  void take_one_time(int count) {
    ASSERT_TRUE(world.server_store.begin().ok());
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(world.server_store.take_one_time(account("bob")).ok());
    }
    ASSERT_TRUE(world.server_store.commit().ok());
  }
  void take_kem(int count) {
    ASSERT_TRUE(world.server_store.begin().ok());
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(world.server_store.take_one_time_kem(account("bob")).ok());
    }
    ASSERT_TRUE(world.server_store.commit().ok());
  }
  void reconnect() {
    world.go_offline(bob());
    world.go_online(bob());
    world.run_for(60'000);
  }
  std::size_t records(Kind kind) {
    std::size_t count = 0;
    for (const auto& [key, value] : bob().store.contents()) {
      if (key[0] == static_cast<std::uint8_t>(kind)) ++count;
    }
    return count;
  }

  World world;
};

TEST_F(Upkeep, ANewDeviceStocksTheServer) {
  EXPECT_EQ(stock().one_time_count, 100u);
  EXPECT_EQ(stock().one_time_kem_count, 8u);
  EXPECT_EQ(stock().highest_signed, 1u);
  EXPECT_EQ(bob().messenger->info().server_one_time, 100u);
  EXPECT_EQ(bob().messenger->info().signed_pre_key_id, 1u);
  EXPECT_EQ(records(Kind::kOneTime), 100u);
  EXPECT_EQ(records(Kind::kOneTimeKem), 8u);
  reconnect();
  EXPECT_TRUE(bob().messenger->info().digest_matches);
  EXPECT_EQ(bob().messenger->counters().refusals, 0u);
}

TEST_F(Upkeep, FillsUpWhenTheStockIsLow) {
  take_one_time(70);
  reconnect();
  EXPECT_EQ(stock().one_time_count, 30u) << "not low yet";
  take_one_time(10);
  take_kem(7);
  reconnect();
  EXPECT_EQ(stock().one_time_count, 100u);
  EXPECT_EQ(stock().one_time_kem_count, 8u);
  EXPECT_EQ(stock().highest_one_time, 180u);
}

TEST_F(Upkeep, FillsUpOnNotice) {
  world.add("alice");
  world.run_for(10'000);
  take_one_time(95);
  world.send("alice", "bob", "hello");
  ASSERT_TRUE(world.run_until_quiet());
  world.run_for(10'000);
  EXPECT_EQ(stock().one_time_count, 100u);
}

TEST_F(Upkeep, AOneTimeKeyIsErasedWithItsFirstUse) {
  world.add("alice");
  world.send("alice", "bob", "hello");
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_EQ(records(Kind::kOneTime), 99u);
  EXPECT_EQ(records(Kind::kOneTimeKem), 7u);
  EXPECT_EQ(records(Kind::kBaseKeys), 0u);
}

TEST_F(Upkeep, ALastResortKeyRemembersItsBaseKeys) {
  for (const Text name : {"alice", "carol"}) world.add(name);
  world.run_for(10'000);
  world.go_offline(bob());
  take_kem(8);
  take_one_time(100);
  world.send("alice", "bob", "a");
  world.send("carol", "bob", "c");
  world.run_for(20'000);
  world.go_online(bob());
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_THAT(bob().texts_from("alice"), ElementsAre("a"));
  EXPECT_THAT(bob().texts_from("carol"), ElementsAre("c"));
  const auto& contents = bob().store.contents();
  const auto found = std::find_if(contents.begin(), contents.end(), [](const auto& record) {
    return record.first[0] == static_cast<std::uint8_t>(Kind::kBaseKeys);
  });
  ASSERT_NE(found, contents.end());
  EXPECT_EQ(found->second.size(), 1u + 2 + 2 + 2 * 16);
}

TEST_F(Upkeep, ReplacesKeysByAgeAndKeepsTheOldOnesForTheOverlap) {
  world.add("alice");
  world.run_for(10'000);
  world.go_offline(bob());
  world.send("alice", "bob", "to the first signed prekey");
  world.run_for(10'000);
  world.go_offline(world["alice"]);
  world.clock.advance(8 * kDay);
  world.go_online(bob());
  world.run_for(60'000);
  EXPECT_EQ(stock().highest_signed, 2u);
  const auto first_resort = bob().messenger->info().last_resort_id;
  EXPECT_EQ(bob().messenger->info().signed_pre_key_id, 2u);
  EXPECT_THAT(bob().texts_from("alice"), ElementsAre("to the first signed prekey"));
  EXPECT_EQ(records(Kind::kSigned), 2u);

  for (int week = 0; week < 10; ++week) {
    world.go_offline(bob());
    world.clock.advance(8 * kDay);
    world.go_online(bob());
    world.run_for(60'000);
    EXPECT_LE(records(Kind::kSigned), 6u);
    EXPECT_LE(records(Kind::kLastResort), 3u);
  }
  EXPECT_EQ(stock().highest_signed, 12u);
  EXPECT_GT(bob().messenger->info().last_resort_id, first_resort);
  world.go_online(world["alice"]);
  world.send("alice", "bob", "still the same session");
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_EQ(bob().texts_from("alice").back(), "still the same session");
}

TEST_F(Upkeep, WithoutAClockNothingIsReplaced) {
  world.clock.forget_wall_time();
  world.go_offline(bob());
  world.clock.advance(40 * kDay);
  world.go_online(bob());
  world.run_for(60'000);
  EXPECT_EQ(bob().messenger->info().signed_pre_key_id, 1u);
}

TEST_F(Upkeep, ReplacesWhatTheServerShouldNotHave) {
  server::store::RepeatedKey foreign;
  foreign.id = 7;
  foreign.public_key.assign(33, 5);
  ASSERT_TRUE(world.server_store.begin().ok());
  ASSERT_TRUE(
      world.server_store.put_repeated(account("bob"), server::store::RepeatedKind::kSigned, foreign)
          .ok());
  ASSERT_TRUE(world.server_store.commit().ok());
  reconnect();
  EXPECT_EQ(stock().highest_signed, 8u);
  reconnect();
  EXPECT_TRUE(bob().messenger->info().digest_matches);
}

TEST_F(Upkeep, ADeviceFromAnOldBackupGetsOverTheIdsThatTheServerKnows) {
  const auto backup = bob().store.contents();
  take_one_time(90);
  take_kem(7);
  reconnect();
  ASSERT_EQ(stock().highest_one_time, 190u);
  bob().stop();
  bob().store.restore(backup);
  ASSERT_TRUE(bob().start(world.clock.now()));
  take_one_time(90);
  take_kem(7);
  reconnect();
  world.run_for(120'000);
  EXPECT_EQ(stock().one_time_count, 100u);
  EXPECT_EQ(stock().one_time_kem_count, 8u);
  world.add("alice");
  world.send("alice", "bob", "hello");
  ASSERT_TRUE(world.run_until_quiet());
  EXPECT_TRUE(bob().texts_from("alice").size() == 1 || bob().messenger->counters().unreadable == 1);
}

TEST(PublishRequest, IsTheSameAfterARestart) {
  World world;
  std::set<std::vector<std::uint8_t>> ids, bodies;
  int published = 0;
  world.on_publish = [&](const TestDevice&, const Outgoing& out) {
    if (out.method != api::Method::kPublish) return;
    ids.insert({out.request_id.begin(), out.request_id.end()});
    const auto body = api::RequestView::parse(out.payload)->body;
    bodies.insert({body.begin(), body.end()});
    ++published;
  };
  auto& bob = world.add("bob");
  // The request gets through; its answers never do.
  ASSERT_TRUE(world.run_until([&] { return published > 0; }));
  for (int i = 0; i < 3; ++i) {
    const int before = published;
    world.net.drop_all();
    world.crash(bob);
    ASSERT_TRUE(world.run_until([&] { return published > before; }));
  }
  EXPECT_EQ(ids.size(), 1u);
  EXPECT_EQ(bodies.size(), 1u);
  world.run_for(10'000);
  EXPECT_EQ(bob.messenger->info().server_one_time, 100u);
  EXPECT_EQ(bob.messenger->counters().refusals, 0u);
}

}  // namespace
}  // namespace core::messenger
