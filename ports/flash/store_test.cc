#include "ports/flash/store.h"

#include "ports/fake/store_conformance_test.h"
#include "ports/flash/chip_test.h"

namespace ports::fake {

template <std::uint32_t kBlock, std::uint32_t kCount, std::uint32_t kUnit>
class OnChip final : public StoreUnderTest {
 public:
  static std::unique_ptr<StoreUnderTest> make() { return std::make_unique<OnChip>(); }
  core::messenger::Store& store() override { return *chip_.store; }
  void restart() override { CHECK(chip_.restart().ok()); }

 private:
  flash::TestChip chip_{{.block_size = kBlock, .block_count = kCount, .program_unit = kUnit}};
};

INSTANTIATE_TEST_SUITE_P(OnFlash, StoreConformance,
                         testing::Values(StoreMaker{"32x4k_unit_1", OnChip<4096, 32, 1>::make},
                                         StoreMaker{"32x4k_unit_16", OnChip<4096, 32, 16>::make},
                                         StoreMaker{"128x4k_unit_64", OnChip<4096, 128, 64>::make},
                                         StoreMaker{"8x16k_unit_4", OnChip<16384, 8, 4>::make},
                                         StoreMaker{"8x64k_unit_32", OnChip<65536, 8, 32>::make}));

}  // namespace ports::fake

namespace ports::flash {
namespace {

using core::Error;

TEST(FlashStore, IsNotThereBeforeItWasFormatted) {
  fake::FakeNor nor(TestChip::kSmall);
  std::vector<IndexEntry> memory(100);
  FlashStore store(nor, test_key(), memory);
  EXPECT_EQ(store.mount().error(), Error::kNotFound);
  EXPECT_EQ(store.begin().error(), Error::kStore);
  core::ByteArray<1> out{};
  EXPECT_EQ(store.get(bytes_of("a"), out).error(), Error::kStore);
}

TEST(FlashStore, DoesNotOpenWithAnotherKey) {
  TestChip chip;
  ASSERT_TRUE(chip.put("a", "1").ok());
  const auto before = chip.nor.image();
  EXPECT_EQ(chip.restart(8).error(), Error::kBadTag);
  EXPECT_EQ(chip.nor.image(), before);
  ASSERT_TRUE(chip.restart().ok());
  EXPECT_EQ(chip.get("a"), "1");
}

TEST(FlashStore, HasNeitherKeysNorValuesInTheClear) {
  TestChip chip;
  ASSERT_TRUE(chip.put("a key in the clear", "a value in the clear").ok());
  const std::string image(chip.nor.image().begin(), chip.nor.image().end());
  EXPECT_EQ(image.find("in the clear"), std::string::npos);
  EXPECT_NE(image.find("GNF1"), std::string::npos);
}

TEST(FlashStore, IsEmptyAfterFormattingAgainAndUnderOtherKeys) {
  TestChip chip;
  ASSERT_TRUE(chip.put("a", "1").ok());
  const auto before = chip.nor.image();
  fake::FakeRng rng(4);
  ASSERT_TRUE(chip.store->format(rng).ok());
  EXPECT_EQ(chip.get("a"), "none");
  ASSERT_TRUE(chip.put("a", "1").ok());
  // The same place, epoch and text, and yet other bytes: the salt is new.
  EXPECT_FALSE(std::equal(before.begin() + kBlockHeader + 4, before.begin() + kBlockHeader + 19,
                          chip.nor.image().begin() + kBlockHeader + 4));
  rng.fail_at(1);
  EXPECT_EQ(chip.store->format(rng).error(), Error::kRng);
}

TEST(FlashStore, RefusesAValueThatIsTooLargeAndCommitsNothingOfIt) {
  TestChip chip({.block_size = 16384, .block_count = 32, .program_unit = 1});
  const std::string largest(FlashStore::kMaxValueSize, 'v');
  ASSERT_TRUE(chip.put("large", largest).ok());
  EXPECT_EQ(chip.get("large"), largest);
  ASSERT_TRUE(chip.store->begin().ok());
  ASSERT_TRUE(chip.store->put(bytes_of("b"), bytes_of("1")).ok());
  EXPECT_EQ(chip.store->put(bytes_of("large"), bytes_of(largest + "v")).error(), Error::kFull);
  EXPECT_FALSE(chip.store->commit().ok());
  EXPECT_EQ(chip.get("b"), "none");
  EXPECT_EQ(chip.get("large"), largest);
}

TEST(FlashStore, WritesOnlyWhatChanged) {
  TestChip chip;
  std::string value(3000, 'v');
  for (std::size_t i = 0; i < value.size(); ++i) value[i] = static_cast<char>(i * i >> 3);
  ASSERT_TRUE(chip.put("session", value).ok());
  auto before = chip.nor.programmed();
  ASSERT_TRUE(chip.put("session", value).ok());
  EXPECT_EQ(chip.nor.programmed(), before) << "nothing has changed";
  for (int i = 0; i < 100; ++i) {
    for (std::size_t at = 1000; at < 1032; ++at) value[at] = static_cast<char>(value[at] * 5 + 1);
    before = chip.nor.programmed();
    ASSERT_TRUE(chip.put("session", value).ok());
    // The bytes lie in two pieces; a block may be opened.
    EXPECT_LE(chip.nor.programmed() - before,
              kRecordHead + kRecordTag + 2 * kItemHead + 36 + kBlockHeader);
    ASSERT_EQ(chip.get("session"), value);
  }
  ASSERT_TRUE(chip.restart().ok());
  EXPECT_EQ(chip.get("session"), value);
}

TEST(FlashStore, IsFullAtItsCapacityAndStillErasesAndOverwrites) {
  for (const std::size_t size : {20u, 256u, 700u, 3200u}) {
    TestChip chip(TestChip::kSmall, 4000);
    const std::string value(size, 'v');
    std::size_t count = 0;
    Error error{};
    while (true) {
      const auto status = chip.put("key " + std::to_string(count), value);
      if (!status) {
        error = status.error();
        break;
      }
      ASSERT_LT(++count, 10'000u);
    }
    EXPECT_EQ(error, Error::kFull);
    EXPECT_GT(count * (size + 28), chip.store->capacity() * 8 / 10);
    EXPECT_LE(chip.store->used(), chip.store->capacity());
    ASSERT_TRUE(chip.restart().ok());
    // In the same place there is room, over many rounds of the collector.
    for (std::size_t i = 0; i < 300; ++i) {
      const std::string other(size, static_cast<char>('a' + i % 26));
      ASSERT_TRUE(chip.put("key " + std::to_string(i * 7 % count), other).ok()) << i;
      ASSERT_EQ(chip.get("key " + std::to_string(i * 7 % count)), other);
    }
    EXPECT_EQ(chip.put("one more", value).error(), Error::kFull);
    EXPECT_EQ(chip.get("one more"), "none");
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_TRUE(chip.erase("key " + std::to_string(i)).ok());
      ASSERT_EQ(chip.get("key " + std::to_string(i)), "none");
    }
    EXPECT_EQ(chip.store->used(), 0u);
    ASSERT_TRUE(chip.put("one more", value).ok());
    ASSERT_TRUE(chip.restart().ok());
    EXPECT_EQ(chip.get("one more"), value);
    EXPECT_EQ(chip.get("key 1"), "none");
  }
}

TEST(FlashStore, IsFullWhenItsIndexIsAndStillErases) {
  TestChip chip(TestChip::kSmall, FlashStore::kIndexReserve + 20);
  int count = 0;
  while (chip.put(std::to_string(count), "v").ok()) ASSERT_LT(++count, 100);
  EXPECT_GE(count, 18);
  EXPECT_EQ(chip.put("more", "v").error(), Error::kFull);
  for (int round = 0; round < 400; ++round) {
    ASSERT_TRUE(chip.erase("0").ok());
    ASSERT_TRUE(chip.put("0", std::string(200, static_cast<char>(round))).ok()) << round;
  }
  ASSERT_TRUE(chip.restart().ok());
  for (int i = 0; i < count; ++i) ASSERT_TRUE(chip.erase(std::to_string(i)).ok());
  EXPECT_EQ(chip.store->used(), 0u);
}

TEST(FlashStore, SaysSoWhenTheIndexIsTooSmallToMount) {
  TestChip chip;
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(chip.put(std::to_string(i), "v").ok());
  std::vector<IndexEntry> small(100);
  FlashStore store(chip.nor, test_key(), small);
  EXPECT_EQ(store.mount().error(), Error::kFull);
}

TEST(FlashStore, WearsAllBlocksAlike) {
  TestChip chip;
  for (int i = 0; i < 40; ++i)
    ASSERT_TRUE(chip.put("still " + std::to_string(i), std::string(900, 's')).ok());
  for (int i = 0; i < 6000; ++i) {
    ASSERT_TRUE(chip.put("busy", std::string(300, static_cast<char>(i))).ok());
    if (i % 500 == 0) {
      ASSERT_TRUE(chip.restart().ok());
    }
  }
  const auto& erasures = chip.nor.erasures();
  const auto [least, most] = std::minmax_element(erasures.begin(), erasures.end());
  EXPECT_GT(*least, 10u);
  EXPECT_LE(*most, *least + 2);  // one of them when it was formatted
  RecordProperty("erasures", static_cast<int>(*most));
}

}  // namespace
}  // namespace ports::flash
