// The messenger of a small device on flash, in a world of the real server's
// rules: what it writes, and that power may fail in every operation of a chip.
#include <gmock/gmock.h>

#include "core/messenger/world_test.h"
#include "ports/flash/chip_test.h"

namespace ports::flash {
namespace {

using core::messenger::TestDevice;
using core::messenger::TestDisk;
using core::messenger::Text;
using core::messenger::World;
using Tear = fake::FakeNor::Tear;

static_assert(core::messenger::kProfile == core::messenger::Profile::kSmall);
static_assert(FlashStore::kMaxValueSize >= core::messenger::kMaxValueSize);

class FlashDisk final : public TestDisk {
 public:
  static constexpr Nor::Geometry kGeometry{
      .block_size = 4096, .block_count = 64, .program_unit = 4};
  core::messenger::Store& store() override { return *chip.store; }
  bool power_is_off() const override { return chip.nor.power_is_off(); }
  void power_on() override { CHECK(chip.restart().ok()); }

  TestChip chip{kGeometry, 2000};
};

TestChip& chip_of(TestDevice& device) { return static_cast<FlashDisk&>(*device.disk).chip; }

// Four messages each way, first messages and ordinary ones.
class Conversation {
 public:
  Conversation() {
    world.make_disk = [] { return std::make_unique<FlashDisk>(); };
    world.add("alice");
    world.add("bob");
    world.run_for(60'000);
  }
  bool run() {
    for (int i = 0; i < 4; ++i) {
      world.send("alice", "bob", "a" + std::to_string(i));
      if (!world.run_until_quiet(300'000)) return false;
      world.send("bob", "alice", "b" + std::to_string(i));
      if (!world.run_until_quiet(300'000)) return false;
    }
    return true;
  }
  World world;
};

class EveryOperation : public testing::TestWithParam<Text> {};

TEST_P(EveryOperation, MayBeTheLastBeforeAPowerCut) {
  constexpr std::array kTears = {Tear::kBytes, Tear::kAll, Tear::kBits, Tear::kNothing};
  std::uint64_t n = 1;
  for (bool cut = true; cut; ++n) {
    Conversation talk;
    auto& device = talk.world[GetParam()];
    chip_of(device).nor.cut_power_at(n, kTears[n % kTears.size()]);
    ASSERT_TRUE(talk.run()) << "operation " << n;
    EXPECT_THAT(talk.world["bob"].texts_from("alice"),
                testing::ElementsAre("a0", "a1", "a2", "a3"));
    EXPECT_THAT(talk.world["alice"].texts_from("bob"),
                testing::ElementsAre("b0", "b1", "b2", "b3"));
    EXPECT_EQ(device.messenger->counters().unreadable, 0u) << "operation " << n;
    cut = device.restarts > 0;
  }
  EXPECT_GT(n, 20u);
}

INSTANTIATE_TEST_SUITE_P(Of, EveryOperation, testing::Values("alice", "bob"),
                         [](const auto& test) { return test.param; });

// What the chip of one device has seen.
struct Cost {
  std::uint64_t programs, bytes, erasures;
  static Cost of(TestDevice& device) {
    const auto& nor = chip_of(device).nor;
    std::uint64_t erasures = 0;
    for (const auto n : nor.erasures()) erasures += n;
    return {nor.programs(), nor.programmed(), erasures};
  }
};

TEST(FlashOfADevice, IsWrittenLittleForAMessage) {
  constexpr std::uint64_t kMessages = 400;
  Conversation talk;
  ASSERT_TRUE(talk.run());
  auto& alice = talk.world["alice"];
  auto& bob = talk.world["bob"];
  const Text text(100, 'x');
  for (const auto answers : {0u, 1u}) {
    const auto alice_before = Cost::of(alice), bob_before = Cost::of(bob);
    for (std::uint64_t i = 0; i < kMessages; ++i) {
      const bool back = answers != 0 && i % 2 == 1;
      talk.world.send(back ? "bob" : "alice", back ? "alice" : "bob", text);
      ASSERT_TRUE(talk.world.run_until_quiet());
    }
    for (auto* device : {&alice, &bob}) {
      const auto before = device == &alice ? alice_before : bob_before;
      const auto now = Cost::of(*device);
      // Most of it is for what the messenger commits, some for the collector.
      EXPECT_LE(now.programs - before.programs, 4 * kMessages);
      EXPECT_LE(now.bytes - before.bytes, 1500 * kMessages);
      std::printf("%s, %s: %.2f programs, %.0f bytes, %.3f erasures a message\n",
                  answers != 0 ? "in turns" : "one way", device->name.c_str(),
                  double(now.programs - before.programs) / kMessages,
                  double(now.bytes - before.bytes) / kMessages,
                  double(now.erasures - before.erasures) / kMessages);
    }
  }
  std::printf("used %zu of %zu bytes\n", chip_of(bob).store->used(),
              chip_of(bob).store->capacity());
}

}  // namespace
}  // namespace ports::flash
