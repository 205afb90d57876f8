// The messenger of a small device in NVS, in a world of the real server's rules:
// what it writes, and that power may fail in its calls.
#include <gmock/gmock.h>

#include "core/messenger/world_test.h"
#include "ports/esp_idf/nvs_test.h"

namespace ports::esp_idf {
namespace {

using core::messenger::TestDevice;
using core::messenger::TestDisk;
using core::messenger::Text;
using core::messenger::World;
using Cut = fake::FakeNvs::Cut;
using Left = fake::FakeNvs::Left;

static_assert(core::messenger::kProfile == core::messenger::Profile::kSmall);
static_assert(NvsStore::kMaxValueSize >= core::messenger::kMaxValueSize);

// Alice's store is in NVS, Bob's in memory.
class NvsDisk final : public TestDisk {
 public:
  core::messenger::Store& store() override { return *nvs.store; }
  bool power_is_off() const override { return nvs.nvs.power_is_off(); }
  void power_on() override { CHECK(nvs.restart().ok()); }

  TestNvs nvs{48};
};

fake::FakeNvs& nvs_of(TestDevice& device) { return static_cast<NvsDisk&>(*device.disk).nvs.nvs; }

// Messages each way, first ones and ordinary ones.
class Conversation {
 public:
  Conversation() {
    world.make_disk = [] { return std::make_unique<NvsDisk>(); };
    world.add("alice");
    world.make_disk = nullptr;
    world.add("bob");
    world.run_for(60'000);
  }
  bool run(int rounds) {
    for (int i = 0; i < rounds; ++i) {
      world.send("alice", "bob", "a" + std::to_string(i));
      if (!world.run_until_quiet(300'000)) return false;
      world.send("bob", "alice", "b" + std::to_string(i));
      if (!world.run_until_quiet(300'000)) return false;
    }
    return true;
  }
  World world;
};

TEST(NvsOfADevice, MayLosePowerInItsCalls) {
  constexpr Cut kCuts[] = {Cut::kBefore, Cut::kAfter};
  constexpr Left kLefts[] = {Left::kSome, Left::kNothing, Left::kAll};
  std::uint64_t n = 1;
  for (bool cut = true; cut; n += 5) {
    Conversation talk;
    auto& alice = talk.world["alice"];
    nvs_of(alice).cut_power_at(n, kCuts[n % 2], kLefts[n % 3]);
    ASSERT_TRUE(talk.run(2)) << "call " << n;
    EXPECT_THAT(talk.world["bob"].texts_from("alice"), testing::ElementsAre("a0", "a1"));
    EXPECT_THAT(alice.texts_from("bob"), testing::ElementsAre("b0", "b1"));
    EXPECT_EQ(alice.messenger->counters().unreadable, 0u) << "call " << n;
    cut = alice.restarts > 0;
  }
  EXPECT_GT(n, 100u);
}

TEST(NvsOfADevice, SaysWhatAMessageCosts) {
  constexpr int kRounds = 100;
  Conversation talk;
  ASSERT_TRUE(talk.run(4));
  auto& nvs = nvs_of(talk.world["alice"]);
  const auto written = nvs.entries_written(), erased = nvs.erasures(), calls = nvs.operations();
  ASSERT_TRUE(talk.run(kRounds));
  const auto entries = double(nvs.entries_written() - written) / (2 * kRounds);
  EXPECT_LT(entries, 400);
  std::printf("in turns: %.0f entries of 32 bytes, %.1f calls, %.2f pages erased a message\n",
              entries, double(nvs.operations() - calls) / (2 * kRounds),
              double(nvs.erasures() - erased) / (2 * kRounds));
  std::printf("%zu keys, %zu entries in use, %.0f pages\n", nvs.blobs().size(), nvs.entries_used(),
              double(nvs.entries_used()) / fake::FakeNvs::kEntries);
}

}  // namespace
}  // namespace ports::esp_idf
