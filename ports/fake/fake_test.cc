#include <gtest/gtest.h>

#include "ports/fake/clock.h"
#include "ports/fake/net.h"
#include "ports/fake/rng.h"
#include "ports/fake/store.h"
#include "ports/fake/store_conformance_test.h"

namespace ports::fake {
namespace {

using core::ByteArray;
using core::Error;

constexpr ByteArray<1> kKey{1}, kOther{2}, kValue{7};

class InMemory final : public StoreUnderTest {
 public:
  static std::unique_ptr<StoreUnderTest> make() { return std::make_unique<InMemory>(); }
  core::messenger::Store& store() override { return store_; }
  void restart() override { store_.power_on(); }

 private:
  FakeStore store_;
};

INSTANTIATE_TEST_SUITE_P(InMemory, StoreConformance,
                         testing::Values(StoreMaker{"memory", InMemory::make}));

core::Status write_both(FakeStore& store) {
  TRY(store.begin());
  TRY(store.put(kKey, kValue));
  TRY(store.put(kOther, kValue));
  return store.commit();
}

TEST(FakeStore, ShowsATransactionsOwnWritesAndForgetsThemOnRollback) {
  FakeStore store;
  ByteArray<4> out{};
  ASSERT_TRUE(store.begin().ok());
  ASSERT_TRUE(store.put(kKey, kValue).ok());
  EXPECT_EQ(*store.get(kKey, out), 1u);
  ASSERT_TRUE(store.erase(kKey).ok());
  EXPECT_EQ(store.get(kKey, out).error(), Error::kNotFound);
  store.rollback();
  EXPECT_TRUE(store.contents().empty());
}

TEST(FakeStore, APowerCutLeavesAllOfATransactionOrNothing) {
  using Cut = FakeStore::Cut;
  for (const auto& [n, cut] :
       {std::pair{1, Cut::kBefore}, {2, Cut::kBefore}, {3, Cut::kBefore}, {1, Cut::kAfter}}) {
    FakeStore store;
    store.cut_power_at(static_cast<std::uint64_t>(n), cut);
    EXPECT_EQ(write_both(store).error(), Error::kStore);
    ByteArray<4> out{};
    EXPECT_EQ(store.get(kKey, out).error(), Error::kStore) << "power is off";
    store.power_on();
    EXPECT_EQ(store.contents().size(), cut == Cut::kAfter ? 2u : 0u);
    EXPECT_TRUE(write_both(store).ok());
    EXPECT_EQ(store.contents().size(), 2u);
  }
}

TEST(FakeStore, FailsOneCallAndGoesOn) {
  FakeStore store;
  store.fail_call_at(1);
  EXPECT_FALSE(store.begin().ok());
  EXPECT_TRUE(write_both(store).ok());
  ByteArray<1> none{};
  EXPECT_EQ(store.get(kKey, core::MutBytes(none).first(0)).error(), Error::kFull);
}

TEST(FakeRng, RepeatsItsSeedAndFailsWhereToldTo) {
  FakeRng a(1), b(1), c(2);
  ByteArray<32> x{}, y{}, z{};
  ASSERT_TRUE(a.fill(x).ok() && b.fill(y).ok() && c.fill(z).ok());
  EXPECT_EQ(x, y);
  EXPECT_NE(x, z);
  a.fail_at(2);
  EXPECT_TRUE(a.fill(x).ok());
  EXPECT_EQ(a.fill(x).error(), Error::kRng);
  EXPECT_EQ(x, ByteArray<32>{});
  EXPECT_TRUE(a.fill(x).ok());
}

TEST(Net, DeliversInTimeLosesAndDoubles) {
  Net<int> net(3);
  Clock clock;
  for (int i = 0; i < 100; ++i) net.send(i, clock.now());
  EXPECT_FALSE(net.receive(clock.now()));
  clock.advance_to(net.next_arrival());
  for (int i = 0; i < 100; ++i) EXPECT_EQ(net.receive(clock.now()), i);
  EXPECT_EQ(net.next_arrival(), core::kNever);

  net.set_weather({.loss_percent = 20, .duplicate_percent = 20});
  for (int i = 0; i < 1000; ++i) net.send(i, clock.now());
  clock.advance(100);
  int arrived = 0;
  while (net.receive(clock.now())) ++arrived;
  EXPECT_GT(arrived, 850);
  EXPECT_LT(arrived, 1070);
}

}  // namespace
}  // namespace ports::fake
