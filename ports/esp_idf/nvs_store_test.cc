#include "ports/esp_idf/nvs_store.h"

#include "ports/esp_idf/nvs_test.h"
#include "ports/fake/store_conformance_test.h"

namespace ports::fake {

template <std::size_t kPages>
class InNvs final : public StoreUnderTest {
 public:
  static std::unique_ptr<StoreUnderTest> make() { return std::make_unique<InNvs>(); }
  core::messenger::Store& store() override { return *nvs_.store; }
  void restart() override { CHECK(nvs_.restart().ok()); }

 private:
  esp_idf::TestNvs nvs_{kPages};
};

INSTANTIATE_TEST_SUITE_P(InNvs, StoreConformance,
                         testing::Values(StoreMaker{"16_pages", InNvs<16>::make},
                                         StoreMaker{"64_pages", InNvs<64>::make}));

}  // namespace ports::fake

namespace ports::esp_idf {
namespace {

using core::Error;
using fake::bytes_of;

TEST(NvsStore, IsNotThereBeforeItWasFormatted) {
  fake::FakeNvs nvs(4);
  fake::FakeRng rng(1);
  NvsStore store("nvs", "ginnel", test_key(), rng);
  EXPECT_EQ(store.mount().error(), Error::kNotFound);
  EXPECT_EQ(store.begin().error(), Error::kStore);
  core::ByteArray<1> out{};
  EXPECT_EQ(store.get(bytes_of("a"), out).error(), Error::kStore);
}

TEST(NvsStore, DoesNotOpenWithAnotherKey) {
  TestNvs nvs;
  ASSERT_TRUE(nvs.put("a", "1").ok());
  const auto before = nvs.nvs.blobs();
  EXPECT_EQ(nvs.restart(8).error(), Error::kBadTag);
  EXPECT_EQ(nvs.nvs.blobs(), before);
  ASSERT_TRUE(nvs.restart().ok());
  EXPECT_EQ(nvs.get("a"), "1");
}

TEST(NvsStore, HasNeitherKeysNorValuesInTheClear) {
  TestNvs nvs;
  ASSERT_TRUE(nvs.put("a key in the clear", "a value in the clear").ok());
  std::string all;
  for (const auto& [name, blob] : nvs.nvs.blobs()) {
    all += name + std::string(blob.begin(), blob.end());
  }
  EXPECT_EQ(all.find("in the clear"), std::string::npos);
  EXPECT_NE(all.find("GNN1"), std::string::npos);
}

TEST(NvsStore, IsEmptyAfterFormattingAgain) {
  TestNvs nvs;
  ASSERT_TRUE(nvs.put("a", "1").ok());
  ASSERT_TRUE(nvs.store->format().ok());
  EXPECT_EQ(nvs.get("a"), "none");
  ASSERT_TRUE(nvs.restart().ok());
  EXPECT_EQ(nvs.get("a"), "none");
}

TEST(NvsStore, LeavesOneBlobForEachPieceAndTwoMore) {
  TestNvs nvs;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(nvs.put("a", std::string(3000, static_cast<char>(i))).ok());
    ASSERT_TRUE(nvs.put("b", std::to_string(i)).ok());
    ASSERT_EQ(nvs.nvs.blobs().size(), 4u + 1u + 2u);
  }
  ASSERT_TRUE(nvs.put("a", "short").ok());
  EXPECT_EQ(nvs.nvs.blobs().size(), 2u + 2u);
  ASSERT_TRUE(nvs.erase("a").ok());
  ASSERT_TRUE(nvs.erase("b").ok());
  EXPECT_EQ(nvs.nvs.blobs().size(), 2u);
}

TEST(NvsStore, WritesOnlyPiecesThatChanged) {
  TestNvs nvs;
  std::string value(3000, 'v');
  ASSERT_TRUE(nvs.put("a", value).ok());
  auto before = nvs.nvs.entries_written();
  ASSERT_TRUE(nvs.put("a", value).ok());
  EXPECT_EQ(nvs.nvs.entries_written(), before) << "nothing has changed";
  value[1500] = 'w';
  ASSERT_TRUE(nvs.put("a", value).ok());
  EXPECT_LE(nvs.nvs.entries_written() - before, 2 + kMaxBlobEntries + 2);
  ASSERT_TRUE(nvs.restart().ok());
  EXPECT_EQ(nvs.get("a"), value);
}

TEST(NvsStore, KeepsTransactionsThatTouchMoreThanItCanRemember) {
  TestNvs nvs(64);
  fake::Change change, undo;
  for (int i = 0; i < 100; ++i) change.writes.emplace_back("k" + std::to_string(i), "v");
  for (int i = 0; i < 90; ++i) undo.writes.emplace_back("k" + std::to_string(i), std::nullopt);
  ASSERT_TRUE(change.on(*nvs.store).ok());
  EXPECT_EQ(nvs.get("k99"), "v");
  ASSERT_TRUE(undo.on(*nvs.store).ok());
  EXPECT_EQ(nvs.get("k89") + nvs.get("k90"), "nonev");
  ASSERT_TRUE(nvs.restart().ok());
  EXPECT_EQ(nvs.get("k89") + nvs.get("k90"), "nonev");
  ASSERT_TRUE(nvs.put("more", "m").ok());
  EXPECT_EQ(nvs.nvs.blobs().size(), 10u + 1u + 2u);
}

TEST(NvsStore, RefusesAValueThatIsTooLargeAndCommitsNothingOfIt) {
  TestNvs nvs;
  const std::string large(NvsStore::kMaxValueSize + 1, 'v');
  ASSERT_TRUE(nvs.store->begin().ok());
  ASSERT_TRUE(nvs.store->put(bytes_of("b"), bytes_of("1")).ok());
  EXPECT_EQ(nvs.store->put(bytes_of("large"), bytes_of(large)).error(), Error::kFull);
  EXPECT_FALSE(nvs.store->commit().ok());
  EXPECT_EQ(nvs.get("b") + nvs.get("large"), "nonenone");
}

TEST(NvsStore, WhenFullStillErasesAndThenHasRoomAgain) {
  for (const std::size_t size : {20u, 400u, 983u, 3200u}) {
    TestNvs nvs(8);
    const std::string value(size, 'v');
    std::size_t count = 0;
    core::Status status;
    while (status.ok()) {
      status = nvs.put("key " + std::to_string(count), value);
      count += status ? 1 : 0;
      ASSERT_LT(count, 1000u);
    }
    EXPECT_EQ(status.error(), Error::kFull);
    EXPECT_GT(count * size, size < 100 ? 2000u : 9000u);
    EXPECT_EQ(nvs.get("key " + std::to_string(count)), "none");
    ASSERT_TRUE(nvs.restart().ok());
    for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(nvs.get("key " + std::to_string(i)), value);
    for (int round = 0; round < 300; ++round) {
      const auto key = "key " + std::to_string(static_cast<std::size_t>(round) * 7 % count);
      ASSERT_TRUE(nvs.erase(key).ok()) << round;
      ASSERT_TRUE(nvs.put(key, value).ok()) << round;
    }
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_TRUE(nvs.erase("key " + std::to_string(i)).ok()) << size << " " << i;
    }
    ASSERT_TRUE(nvs.put("one more", value).ok());
  }
}

TEST(NvsStore, WithoutRandomnessWritesNothing) {
  TestNvs nvs;
  ASSERT_TRUE(nvs.put("a", "1").ok());
  for (const int draw : {1, 2}) {
    nvs.rng.fail_at(draw);
    EXPECT_FALSE(nvs.put("a", "2").ok());
    EXPECT_EQ(nvs.get("a"), "1");
    ASSERT_TRUE(nvs.restart().ok());
    EXPECT_EQ(nvs.get("a"), "1");
  }
  nvs.rng.fail_at(1);
  EXPECT_EQ(nvs.store->format().error(), Error::kRng);
}

}  // namespace
}  // namespace ports::esp_idf
