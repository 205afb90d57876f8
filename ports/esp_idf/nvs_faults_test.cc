// Power fails in every call of a long run, blobs rot or are put back: a
// transaction is there or not, and what was committed stays or is missed.
#include "ports/esp_idf/nvs_test.h"

namespace ports::esp_idf {
namespace {

using fake::Change;
using fake::contents;
using fake::Model;
using Cut = fake::FakeNvs::Cut;
using Left = fake::FakeNvs::Left;

constexpr Cut kCuts[] = {Cut::kBefore, Cut::kAfter};
constexpr Left kLefts[] = {Left::kNothing, Left::kAll, Left::kSome};

struct Counts {
  std::uint64_t cuts = 0, done = 0, undone = 0;
};

// One change with power failing in its n-th call, and once more while the device
// makes up for it. Returns false if it had less calls than that.
bool cut_once(TestNvs& nvs, const Change& change, const Model& model, std::uint64_t n, Cut cut,
              Left left, fake::FakeRng& dice, Counts& counts) {
  const auto changed = change.on(model);
  nvs.nvs.cut_power_at(n, cut, left);
  const auto status = change.on(*nvs.store);
  if (!nvs.nvs.power_is_off()) {
    EXPECT_TRUE(status.ok());
    return false;
  }
  ++counts.cuts;
  EXPECT_TRUE(nvs.restart().ok()) << n;
  const auto now = contents(*nvs.store);
  EXPECT_TRUE(now == changed || (now == model && !status)) << n;
  now == changed ? ++counts.done : ++counts.undone;
  nvs.nvs.cut_power_at(1 + dice.next() % 6, kCuts[dice.next() % 2], kLefts[dice.next() % 3]);
  static_cast<void>(change.on(*nvs.store));
  EXPECT_TRUE(nvs.restart().ok()) << n;
  const auto again = contents(*nvs.store);
  EXPECT_TRUE(again == changed || (again == now && now == model)) << n;
  EXPECT_TRUE(change.on(*nvs.store).ok());
  EXPECT_TRUE(contents(*nvs.store) == changed);
  EXPECT_TRUE(nvs.restart().ok());
  EXPECT_TRUE(contents(*nvs.store) == changed);
  return true;
}

TEST(NvsStorePower, MayFailInEveryCall) {
  fake::FakeRng dice(21);
  TestNvs nvs(8);
  Model model;
  Counts counts;
  for (int round = 0; round < 60; ++round) {
    const auto change = Change::random(dice, model);
    const auto before = nvs.nvs.state();
    bool cut_any = true;
    for (std::uint64_t n = 1; cut_any; ++n) {
      cut_any = false;
      for (const auto cut : kCuts) {
        for (const auto left : kLefts) {
          nvs.nvs.load(before);
          ASSERT_TRUE(nvs.restart().ok());
          cut_any = cut_once(nvs, change, model, n, cut, left, dice, counts) || cut_any;
          ASSERT_FALSE(testing::Test::HasFailure()) << "round " << round << ", call " << n;
        }
      }
    }
    nvs.nvs.load(before);
    ASSERT_TRUE(nvs.restart().ok());
    // One in four goes on with what a cut has left.
    if (dice.chance(25)) {
      nvs.nvs.cut_power_at(1 + dice.next() % 5, Cut::kAfter, Left::kSome);
      static_cast<void>(change.on(*nvs.store));
      ASSERT_TRUE(nvs.restart().ok());
    }
    ASSERT_TRUE(change.on(*nvs.store).ok());
    model = change.on(model);
    ASSERT_TRUE(contents(*nvs.store) == model);
  }
  EXPECT_GT(nvs.nvs.erasures(), 10u) << "pages were used again";
  EXPECT_GT(counts.done, 1000u);
  EXPECT_GT(counts.undone, 1000u);
  std::printf("%llu cuts, %llu done, %llu undone\n", static_cast<unsigned long long>(counts.cuts),
              static_cast<unsigned long long>(counts.done),
              static_cast<unsigned long long>(counts.undone));
}

TEST(NvsStorePower, MayFailWhileTheStoreIsFormatted) {
  for (std::uint64_t n = 1; n < 20; ++n) {
    for (const auto cut : kCuts) {
      for (const auto left : kLefts) {
        TestNvs nvs;
        ASSERT_TRUE(nvs.put("a", "1").ok());
        nvs.nvs.cut_power_at(n, cut, left);
        static_cast<void>(nvs.store->format());
        static_cast<void>(nvs.restart());
        ASSERT_TRUE(nvs.store->format().ok());
        EXPECT_EQ(nvs.get("a"), "none");
        ASSERT_TRUE(nvs.put("a", "2").ok());
        ASSERT_TRUE(nvs.restart().ok());
        EXPECT_EQ(nvs.get("a"), "2");
      }
    }
  }
}

// NVS fails a call, and works on.
TEST(NvsStoreFailure, UndoesATransactionAndTheNextOneWorks) {
  fake::FakeRng dice(22);
  TestNvs nvs;
  Model model;
  std::uint64_t failures = 0, remounts = 0;
  for (int round = 0; round < 1500; ++round) {
    const auto change = Change::random(dice, model);
    if (dice.chance(40)) nvs.nvs.fail_at(1 + dice.next() % 10, kCuts[dice.next() % 2]);
    const auto status = change.on(*nvs.store);
    nvs.nvs.fail_at(0, Cut::kBefore);
    if (status) model = change.on(model);
    failures += status ? 0 : 1;
    // Where it could not make sure that nothing is left, it wants to be mounted.
    if (!nvs.store->begin()) {
      ++remounts;
      ASSERT_TRUE(nvs.restart().ok()) << round;
      const auto now = contents(*nvs.store);
      ASSERT_TRUE(now == model || now == change.on(model)) << round;
      model = now;
    } else {
      nvs.store->rollback();
    }
    ASSERT_TRUE(contents(*nvs.store) == model) << round;
    if (dice.chance(10)) {
      ASSERT_TRUE(nvs.restart().ok());
      ASSERT_TRUE(contents(*nvs.store) == model) << round;
    }
  }
  EXPECT_GT(failures, 200u);
  EXPECT_LT(remounts, failures / 4);
}

// A store of some age, and what it was at earlier times.
struct Aged {
  TestNvs nvs;
  Model model;
  std::vector<std::pair<fake::FakeNvs::Blobs, Model>> past;

  Aged() {
    fake::FakeRng dice(31);
    for (int round = 0; round < 60; ++round) {
      const auto change = Change::random(dice, model);
      CHECK(change.on(*nvs.store).ok());
      model = change.on(model);
      past.emplace_back(nvs.nvs.blobs(), model);
    }
  }
};

TEST(NvsStoreDamage, OfAnyBlobIsMissedByNobody) {
  Aged aged;
  const auto whole = aged.nvs.nvs.blobs();
  fake::FakeRng dice(9);
  for (const auto& [name, blob] : whole) {
    for (int how = 0; how < 6; ++how) {
      auto damaged = whole;
      auto& target = damaged[name];
      if (how == 0) damaged.erase(name);
      if (how == 1) target.resize(1 + dice.next() % target.size());
      if (how == 2) target.push_back(0);
      if (how > 2) target[dice.next() % target.size()] ^= static_cast<std::uint8_t>(1 << how);
      if (damaged == whole) continue;
      aged.nvs.nvs.load(damaged);
      ASSERT_FALSE(aged.nvs.restart().ok()) << name << " " << how;
      ASSERT_EQ(aged.nvs.nvs.blobs(), damaged) << "nothing is changed";
    }
  }
}

TEST(NvsStoreDamage, IsNoticedWhenAValueIsRead) {
  for (const std::size_t size : {10u, 2000u}) {
    TestNvs nvs;
    ASSERT_TRUE(nvs.put("a", std::string(size, 'v')).ok());
    auto damaged = nvs.nvs.blobs();
    damaged.begin()->second[40] ^= 1;
    nvs.nvs.load(damaged);
    std::vector<std::uint8_t> out(size, 0xee);
    EXPECT_EQ(nvs.store->get(fake::bytes_of("a"), out).error(), core::Error::kStore);
    EXPECT_TRUE(nvs.get("a") == "error");
  }
}

TEST(NvsStoreDamage, ByPuttingBackABlobIsNoticed) {
  Aged aged;
  const auto whole = aged.nvs.nvs.blobs();
  int forgeries = 0, refused = 0;
  for (const auto& [past, model] : aged.past) {
    for (const auto& [name, blob] : past) {
      const auto now = whole.find(name);
      if (now != whole.end() && now->second == blob) continue;
      auto forged = whole;
      forged[name] = blob;
      aged.nvs.nvs.load(forged);
      ++forgeries;
      if (!aged.nvs.restart()) {
        ++refused;
        continue;
      }
      // An older record undoes what has only added since. All else lies where
      // nothing holds: it is waste, and goes.
      const auto left = contents(*aged.nvs.store);
      const bool is_record = name.find("record") != std::string::npos;
      ASSERT_TRUE(left == aged.model || (is_record && left == model)) << name;
      ASSERT_TRUE(aged.nvs.put("x", "1").ok());
      ASSERT_TRUE(aged.nvs.erase("x").ok());
      ASSERT_TRUE(contents(*aged.nvs.store) == left) << name;
    }
  }
  EXPECT_GT(forgeries, 500);
  EXPECT_GT(refused, forgeries / 10);
}

}  // namespace
}  // namespace ports::esp_idf
