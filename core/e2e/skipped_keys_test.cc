#include "core/e2e/skipped_keys.h"

#include <gtest/gtest.h>

#include <memory>

namespace core::e2e {
namespace {

ChainKey chain(std::uint8_t seed, std::uint32_t index = 0) {
  ChainKey key{Secret<32>(ByteArray<32>{seed})};
  while (key.index() < index) key.advance();
  return key;
}

TEST(SkippedKeys, KeepsTheSeedsOfAChain) {
  const auto pool = std::make_unique<SkippedKeys>();
  const auto id = pool->open_chain();
  pool->keep(id, chain(1, 3), 6);
  EXPECT_EQ(pool->count(), 3u);
  auto expected = chain(1);
  for (std::uint32_t counter = 0; counter < 8; ++counter) {
    const auto seed = expected.take();
    const auto at = pool->find(id, counter);
    ASSERT_EQ(at.has_value(), counter >= 3 && counter < 6);
    if (at) {
      EXPECT_TRUE(equal_var(pool->seed(*at).view(), seed.view()));
    }
  }
  pool->erase(*pool->find(id, 4));
  EXPECT_FALSE(pool->find(id, 4).has_value());
  EXPECT_TRUE(pool->find(id, 5).has_value());
}

TEST(SkippedKeys, AClosedChainTakesItsSeedsAlongAndNoOthers) {
  const auto pool = std::make_unique<SkippedKeys>();
  const auto a = pool->open_chain(), b = pool->open_chain();
  ASSERT_NE(a, b);
  pool->keep(a, chain(1), 5);
  pool->keep(b, chain(2), 5);
  pool->keep(a, chain(1, 5), 7);
  pool->close_chain(a);
  EXPECT_EQ(pool->count(), 5u);
  EXPECT_FALSE(pool->find(a, 6).has_value());
  EXPECT_TRUE(pool->find(b, 4).has_value());
  EXPECT_EQ(pool->open_chain(), a);
}

TEST(SkippedKeys, TheOldestGiveWay) {
  const auto pool = std::make_unique<SkippedKeys>();
  const auto a = pool->open_chain(), b = pool->open_chain();
  pool->keep(a, chain(1), 10);
  pool->keep(b, chain(2), kMaxSkippedKeys - 5);
  EXPECT_EQ(pool->count(), kMaxSkippedKeys);
  EXPECT_FALSE(pool->find(a, 4).has_value());
  EXPECT_TRUE(pool->find(a, 5).has_value());
  pool->keep(a, chain(3), kMaxSkippedKeys);
  EXPECT_EQ(pool->count(), kMaxSkippedKeys);
  EXPECT_FALSE(pool->find(b, kMaxSkippedKeys - 6).has_value());
}

TEST(SkippedKeys, WipesWhatItForgets) {
  const auto pool = std::make_unique<SkippedKeys>();
  const auto id = pool->open_chain();
  pool->keep(id, chain(1), 100);
  pool->erase(0);
  const auto* entry = pool->entries().data();
  pool->clear();
  for (std::size_t i = 0; i < 100; ++i)
    EXPECT_TRUE(equal_var(entry[i].seed.view(), ByteArray<32>{}));
}

TEST(SkippedKeys, RestoresOnlyWhatFits) {
  const auto pool = std::make_unique<SkippedKeys>();
  const ByteArray<32> seed{9};
  EXPECT_FALSE(pool->restore(0, 0, seed));  // no such chain
  EXPECT_TRUE(pool->restore_chain(0));
  EXPECT_FALSE(pool->restore_chain(0));
  EXPECT_FALSE(pool->restore_chain(SkippedKeys::kMaxChains));
  for (std::uint32_t i = 0; i < kMaxSkippedKeys; ++i) ASSERT_TRUE(pool->restore(0, i, seed));
  EXPECT_FALSE(pool->restore(0, 1, seed));
}

}  // namespace
}  // namespace core::e2e
