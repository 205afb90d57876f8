#include "core/e2e/skipped_keys.h"

#include <gtest/gtest.h>

#include <memory>

namespace core::e2e {
namespace {

ChainKey chain(std::uint8_t seed, std::uint32_t index = 0) {
  ChainKey key{.key = {seed}};
  while (key.index < index) step_chain(key, {});
  return key;
}

TEST(SkippedKeys, KeepsTheSeedsOfAChain) {
  const auto pool = std::make_unique<SkippedKeys>();
  const auto id = pool->open_chain();
  pool->keep(id, chain(1, 3), 6, step_chain);
  EXPECT_EQ(pool->count(), 3u);
  auto expected = chain(1);
  for (std::uint32_t counter = 0; counter < 8; ++counter) {
    Secret<32> seed;
    step_chain(expected, seed.mut());
    const auto at = pool->find(id, counter);
    ASSERT_EQ(at.has_value(), counter >= 3 && counter < 6);
    if (at) {
      EXPECT_TRUE(equal_var(pool->seed(*at), seed.view()));
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
  pool->keep(a, chain(1), 5, step_chain);
  pool->keep(b, chain(2), 5, step_chain);
  pool->keep(a, chain(1, 5), 7, step_chain);
  pool->close_chain(a);
  EXPECT_EQ(pool->count(), 5u);
  EXPECT_FALSE(pool->find(a, 6).has_value());
  EXPECT_TRUE(pool->find(b, 4).has_value());
  EXPECT_EQ(pool->open_chain(), a);
}

TEST(SkippedKeys, TheOldestGiveWay) {
  const auto pool = std::make_unique<SkippedKeys>();
  const auto a = pool->open_chain(), b = pool->open_chain();
  pool->keep(a, chain(1), 10, step_chain);
  pool->keep(b, chain(2), kMaxSkippedKeys - 5, step_chain);
  EXPECT_EQ(pool->count(), kMaxSkippedKeys);
  EXPECT_FALSE(pool->find(a, 4).has_value());
  EXPECT_TRUE(pool->find(a, 5).has_value());
  pool->keep(a, chain(3), kMaxSkippedKeys, step_chain);
  EXPECT_EQ(pool->count(), kMaxSkippedKeys);
  EXPECT_FALSE(pool->find(b, kMaxSkippedKeys - 6).has_value());
}

TEST(SkippedKeys, WipesWhatItForgets) {
  const auto pool = std::make_unique<SkippedKeys>();
  const auto id = pool->open_chain();
  pool->keep(id, chain(1), 100, step_chain);
  pool->erase(0);
  const auto* entry = pool->entries().data();
  pool->clear();
  for (std::size_t i = 0; i < 100; ++i) EXPECT_TRUE(equal_var(entry[i].seed, ByteArray<32>{}));
}

TEST(SkippedKeys, LeavesNothingBehind) {
  std::vector<std::uint64_t> place((sizeof(SkippedKeys) + 7) / 8);
  auto* const pool = new (place.data()) SkippedKeys();
  pool->keep(pool->open_chain(), chain(1), 3, step_chain);
  const auto seed = to_array(pool->seed(1));
  const auto holds = [&] {
    const auto* begin = reinterpret_cast<const volatile std::uint8_t*>(place.data());
    return std::search(begin, begin + sizeof(SkippedKeys), seed.begin(), seed.end()) !=
           begin + sizeof(SkippedKeys);
  };
  EXPECT_TRUE(holds());
  pool->~SkippedKeys();
  EXPECT_FALSE(holds());
}

TEST(SkippedKeys, RestoresOnlyWhatFits) {
  const auto pool = std::make_unique<SkippedKeys>(), read = std::make_unique<SkippedKeys>();
  std::vector<std::uint8_t> stored(2 + 38 * kMaxSkippedKeys);
  const auto id = pool->open_chain();
  pool->keep(id, chain(1), kMaxSkippedKeys, step_chain);
  Writer out(stored);
  Codec to(out);
  pool->exchange(to);
  ASSERT_TRUE(to.ok() && out.ok() && out.size() == stored.size());
  const auto reads = [&](std::size_t size) {
    Reader in(Bytes(stored).first(size));
    Codec from(in);
    read->exchange(from);
    const bool ok = from.ok() && in.finished();
    if (!ok) read->clear();
    return ok;
  };
  const auto takes_name = [&](ChainId name) {
    const ByteArray<2> bytes{static_cast<std::uint8_t>(name >> 8), static_cast<std::uint8_t>(name)};
    Reader in(bytes);
    Codec from(in);
    ChainId taken = 0;
    read->exchange_name(from, taken);
    return from.ok() && taken == name;
  };
  EXPECT_FALSE(reads(stored.size()));  // no such chain
  EXPECT_TRUE(takes_name(id));
  EXPECT_FALSE(takes_name(id));
  EXPECT_FALSE(takes_name(SkippedKeys::kMaxChains));
  EXPECT_TRUE(reads(stored.size()));
  EXPECT_EQ(read->count(), kMaxSkippedKeys);
  EXPECT_TRUE(equal_var(read->seed(kMaxSkippedKeys - 1), pool->seed(kMaxSkippedKeys - 1)));
  read->clear();
  EXPECT_TRUE(takes_name(id));
  EXPECT_FALSE(reads(stored.size() - 1));
  stored.resize(stored.size() + 38);
  ++stored[1];  // one more than fit
  EXPECT_TRUE(takes_name(id));
  EXPECT_FALSE(reads(stored.size()));
}

}  // namespace
}  // namespace core::e2e
