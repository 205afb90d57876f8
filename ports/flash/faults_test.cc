// Power fails in every operation of a long run, bits rot, blocks are put back:
// a transaction is there or not, and what was committed stays or is missed.
#include "ports/fake/change_test.h"
#include "ports/flash/chip_test.h"

namespace ports::flash {
namespace {

using fake::Change;
using fake::Model;
using Tear = fake::FakeNor::Tear;
using Image = fake::FakeNor::Image;

constexpr Nor::Geometry kTiny{.block_size = 4096, .block_count = 20, .program_unit = 4};

Model contents(TestChip& chip) { return fake::contents(*chip.store); }

TEST(FlashStorePower, MayFailInEveryOperation) {
  fake::FakeRng dice(21);
  TestChip chip(kTiny, 600), other(kTiny, 600);
  Model model;
  std::uint64_t cuts = 0, done = 0, undone = 0;
  for (int round = 0; round < 1200; ++round) {
    const auto change = Change::random(dice, model);
    const auto changed = change.on(model);
    const Image before = chip.nor.image();
    for (std::uint64_t n = 1;; ++n) {
      const bool even = (n + static_cast<std::uint64_t>(round)) % 2 == 0;
      bool cut = false;
      for (const auto tear :
           {even ? Tear::kBytes : Tear::kBits, dice.chance(50) ? Tear::kNothing : Tear::kAll}) {
        other.nor.load(before);
        ASSERT_TRUE(other.restart().ok());
        other.nor.cut_power_at(n, tear);
        const auto status = change.on(*other.store);
        cut = other.nor.power_is_off();
        if (!cut) {
          ASSERT_TRUE(status.ok());
          break;
        }
        ++cuts;
        EXPECT_FALSE(status.ok());
        ASSERT_TRUE(other.restart().ok()) << round << " " << n;
        auto now = contents(other);
        ASSERT_TRUE(now == model || now == changed) << round << " " << n;
        now == changed ? ++done : ++undone;
        // Power fails again while the device makes up for it.
        other.nor.cut_power_at(1 + dice.next() % 3, dice.chance(50) ? Tear::kBits : Tear::kBytes);
        static_cast<void>(change.on(*other.store));
        ASSERT_TRUE(other.restart().ok()) << round << " " << n;
        const auto again = contents(other);
        ASSERT_TRUE(again == changed || (again == now && now == model)) << round << " " << n;
        ASSERT_TRUE(change.on(*other.store).ok());
        ASSERT_TRUE(contents(other) == changed);
        ASSERT_TRUE(other.restart().ok());
        ASSERT_TRUE(contents(other) == changed);
      }
      if (!cut) break;
    }
    // One in four goes on with what a cut has left.
    if (dice.chance(25)) {
      chip.nor.cut_power_at(1 + dice.next() % 2, Tear::kBits);
      static_cast<void>(change.on(*chip.store));
      ASSERT_TRUE(chip.restart().ok());
    }
    ASSERT_TRUE(change.on(*chip.store).ok());
    model = changed;
    ASSERT_TRUE(contents(chip) == model);
  }
  const auto& erasures = chip.nor.erasures();
  EXPECT_GT(*std::min_element(erasures.begin(), erasures.end()), 4u) << "the ring went round";
  EXPECT_GT(cuts, 3000u);
  EXPECT_GT(done, 100u);
  EXPECT_GT(undone, 100u);
  std::printf("%llu cuts, %llu operations in the run, %llu done, %llu undone\n",
              static_cast<unsigned long long>(cuts),
              static_cast<unsigned long long>(chip.nor.operations()),
              static_cast<unsigned long long>(done), static_cast<unsigned long long>(undone));
}

TEST(FlashStorePower, MayFailWhileTheStoreIsFormatted) {
  for (std::uint64_t n = 1; n <= kTiny.block_count + 1; ++n) {
    for (const auto tear : {Tear::kNothing, Tear::kBits, Tear::kBytes, Tear::kAll}) {
      TestChip chip(kTiny, 600);
      ASSERT_TRUE(chip.put("a", "1").ok());
      chip.nor.cut_power_at(n, tear);
      fake::FakeRng rng(5);
      EXPECT_FALSE(chip.store->format(rng).ok());
      static_cast<void>(chip.restart());
      ASSERT_TRUE(chip.store->format(rng).ok());
      EXPECT_EQ(chip.get("a"), "none");
      ASSERT_TRUE(chip.put("a", "2").ok());
      ASSERT_TRUE(chip.restart().ok());
      EXPECT_EQ(chip.get("a"), "2");
    }
  }
}

// A chip that fails an operation, and works on.
TEST(FlashStoreFailure, UndoesATransactionAndTheNextOneWorks) {
  fake::FakeRng dice(22);
  TestChip chip(kTiny, 600);
  Model model;
  std::uint64_t failures = 0;
  for (int round = 0; round < 1500; ++round) {
    const auto change = Change::random(dice, model);
    if (dice.chance(40)) {
      chip.nor.fail_at(1 + dice.next() % 3, static_cast<Tear>(dice.next() % 4));
    }
    const auto status = change.on(*chip.store);
    chip.nor.fail_at(0, Tear::kNothing);
    if (status) {
      model = change.on(model);
    } else {
      ++failures;
      EXPECT_EQ(status.error(), core::Error::kStore);
    }
    ASSERT_TRUE(contents(chip) == model) << round;
    if (status && dice.chance(10)) {
      ASSERT_TRUE(chip.restart().ok());
      ASSERT_TRUE(contents(chip) == model) << round;
    }
  }
  EXPECT_GT(failures, 300u);
}

// A store that went round some times, its contents, and those before the last
// transaction.
struct Aged {
  TestChip chip{kTiny, 600};
  Model model, before;
  std::vector<Image> past;

  explicit Aged(std::uint64_t seed, int rounds) {
    fake::FakeRng dice(seed);
    for (int round = 0; round < rounds; ++round) {
      const auto change = Change::random(dice, model);
      CHECK(change.on(*chip.store).ok());
      before = model;
      model = change.on(model);
      if (round % 10 == 0) past.push_back(chip.nor.image());
    }
  }
  std::uint64_t epoch(const Image& image, std::size_t block) const {
    const auto at = core::Bytes(image).subspan(block * kTiny.block_size + 20, 8);
    return core::Reader(at).u64_be() + 1;  // blank: 0
  }
  std::size_t newest() {
    std::size_t best = 0;
    for (std::size_t i = 0; i < kTiny.block_count; ++i) {
      if (epoch(chip.nor.image(), i) > epoch(chip.nor.image(), best)) best = i;
    }
    return best;
  }
};

TEST(FlashStoreDamage, OfAnyBitIsMissedByNobody) {
  Aged aged(31, 300);
  const Image image = aged.chip.nor.image();
  fake::FakeRng dice(9);
  int refused = 0, last_undone = 0;
  for (std::size_t at = dice.next() % 17; at < image.size(); at += 17) {
    auto damaged = image;
    damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ (1 << dice.next() % 8));
    aged.chip.nor.load(damaged);
    if (!aged.chip.restart()) {
      ++refused;
      EXPECT_EQ(aged.chip.nor.image(), damaged);
      continue;
    }
    const auto now = contents(aged.chip);
    ASSERT_TRUE(now == aged.model || now == aged.before) << at;
    if (now != aged.model) ++last_undone;
  }
  EXPECT_GT(refused, 300);
  EXPECT_LT(last_undone, 300);  // damage to the last record is like a cut
}

TEST(FlashStoreDamage, IsNoticedWhenAValueIsRead) {
  TestChip chip(kTiny, 600);
  ASSERT_TRUE(chip.put("a", std::string(500, 'v')).ok());
  chip.nor.image()[kBlockHeader + 100] ^= 1;
  std::vector<std::uint8_t> out(500, 0xee);
  EXPECT_EQ(chip.store->get(bytes_of("a"), out).error(), core::Error::kStore);
  EXPECT_EQ(out, std::vector<std::uint8_t>(500, 0));
  EXPECT_EQ(chip.put("a", std::string(500, 'w')).error(), core::Error::kStore);
}

TEST(FlashStoreDamage, ByPuttingBackABlockIsNoticedUnlessItIsTheNewest) {
  Aged aged(32, 400);
  const Image image = aged.chip.nor.image();
  const auto newest = aged.newest();
  int refused = 0, changes = 0;
  for (std::size_t block = 0; block < kTiny.block_count; ++block) {
    if (block == newest) continue;
    auto versions = aged.past;
    versions.emplace_back(image.size(), 0xff);
    for (const auto& old : versions) {
      auto forged = image;
      const auto from = static_cast<std::ptrdiff_t>(block * kTiny.block_size);
      std::copy(old.begin() + from, old.begin() + from + kTiny.block_size, forged.begin() + from);
      if (forged == image) continue;
      ++changes;
      aged.chip.nor.load(forged);
      if (!aged.chip.restart()) {
        ++refused;
      } else {
        ASSERT_EQ(contents(aged.chip), aged.model) << "block " << block;
      }
    }
  }
  EXPECT_GT(refused, changes / 3);  // the others were not in the log
}

TEST(FlashStoreDamage, ByPuttingARecordElsewhereIsNoticed) {
  Aged aged(33, 300);
  const Image image = aged.chip.nor.image();
  fake::FakeRng dice(9);
  for (int i = 0; i < 500; ++i) {
    auto forged = image;
    const std::size_t size = 4 * (16 + dice.next() % 200);
    const auto from = static_cast<std::ptrdiff_t>(4 * (dice.next() % ((image.size() - size) / 4)));
    const auto to = static_cast<std::ptrdiff_t>(4 * (dice.next() % ((image.size() - size) / 4)));
    std::copy_n(image.begin() + from, size, forged.begin() + to);
    aged.chip.nor.load(forged);
    if (!aged.chip.restart()) continue;
    const auto block = static_cast<std::size_t>(to) / kTiny.block_size;
    const auto last = (static_cast<std::size_t>(to) + size) / kTiny.block_size;
    if (block == aged.newest() || last == aged.newest()) continue;
    ASSERT_EQ(contents(aged.chip), aged.model);
  }
}

}  // namespace
}  // namespace ports::flash
