// Pool, index table, schedule and staging, each against a model that is plain.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>
#include <vector>

#include "core/wg/index_table.h"
#include "core/wg/pool.h"
#include "core/wg/schedule.h"
#include "core/wg/staging.h"
#include "ports/fake/rng.h"

namespace core::wg {
namespace {

using ports::fake::FakeRng;

TEST(Pool, GivesEachSlotToOneAtATime) {
  for (std::size_t size = 0; size < 6; ++size) {
    std::vector<StagedSlot> slots(size);
    Pool<StagedSlot> pool(slots);
    FakeRng rng(size);
    std::set<std::uint32_t> taken;
    for (int i = 0; i < 500; ++i) {
      EXPECT_EQ(pool.free(), size - taken.size());
      if (rng.chance(50)) {
        const std::uint32_t slot = pool.take();
        EXPECT_EQ(slot == kNoSlot, taken.size() == size);
        if (slot == kNoSlot) continue;
        EXPECT_LT(slot, size);
        EXPECT_TRUE(taken.insert(slot).second);
      } else if (!taken.empty()) {
        auto one = taken.begin();
        std::advance(one, rng.next() % taken.size());
        pool.give_back(*one);
        taken.erase(one);
      }
    }
  }
}

TEST(IndexTable, DoesWhatAMapDoes) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    FakeRng rng(seed);
    constexpr std::size_t kSize = 16;
    std::vector<IndexTable::Entry> entries(kSize, {7, 7});
    IndexTable table(entries);
    std::multimap<std::uint32_t, std::uint32_t> model;
    for (int i = 0; i < 2000; ++i) {
      const auto key = static_cast<std::uint32_t>(rng.next() % 24 * 5);  // that collide
      const auto slot = static_cast<std::uint32_t>(i);
      if (rng.chance(50) && model.size() < kSize / 2) {
        table.insert(key, slot);
        model.emplace(key, slot);
      } else if (!model.empty() && rng.chance(80)) {
        auto one = model.begin();
        std::advance(one, rng.next() % model.size());
        table.erase(one->first, one->second);
        model.erase(one);
      }
      EXPECT_EQ(table.used(), model.size());
      for (std::uint32_t k = 0; k < 24 * 5; k += 5) {
        EXPECT_EQ(table.find(k) != kNoSlot, model.contains(k));
        for (auto [at, end] = model.equal_range(k); at != end; ++at) {
          const std::uint32_t wanted = at->second;
          EXPECT_EQ(table.find(k, [&](std::uint32_t s) { return s == wanted; }), wanted);
        }
      }
    }
  }
}

// All sequences of up to four insertions of keys with two homes in a table of
// eight, and the erasure of each.
TEST(IndexTable, IsRightInEverySmallCase) {
  constexpr std::uint32_t kKeys[] = {0, 8, 7, 15};
  for (unsigned sequence = 0; sequence < 256; ++sequence) {
    for (unsigned erased = 0; erased < 4; ++erased) {
      std::vector<IndexTable::Entry> entries(8);
      IndexTable table(entries);
      for (unsigned i = 0; i < 4; ++i) table.insert(kKeys[sequence >> 2 * i & 3], i);
      table.erase(kKeys[sequence >> 2 * erased & 3], erased);
      for (unsigned i = 0; i < 4; ++i) {
        const auto found =
            table.find(kKeys[sequence >> 2 * i & 3], [&](std::uint32_t slot) { return slot == i; });
        EXPECT_EQ(found, i == erased ? kNoSlot : i);
      }
    }
  }
}

TEST(Schedule, KnowsTheEarliest) {
  for (std::size_t size : {1u, 2u, 3u, 7u, 40u}) {
    FakeRng rng(size);
    std::vector<Schedule::Entry> entries(size);
    Schedule schedule(entries);
    std::vector<Instant> model(size, kNever);
    for (int i = 0; i < 3000; ++i) {
      const auto slot = static_cast<std::uint32_t>(rng.next() % size);
      const Instant at = rng.chance(20) ? kNever : Instant{static_cast<int>(rng.next() % 50)};
      schedule.set(slot, at);
      model[slot] = at;
      ASSERT_EQ(schedule.first_at(), *std::min_element(model.begin(), model.end()));
      ASSERT_EQ(model[schedule.first_slot()], schedule.first_at());
      for (std::uint32_t s = 0; s < size; ++s) ASSERT_EQ(schedule.at(s), model[s]);
    }
  }
}

// Every assignment of four deadlines to four slots, in every order of a base.
TEST(Schedule, IsRightInEverySmallCase) {
  for (unsigned code = 0; code < 4 * 4 * 4 * 4 * 24; ++code) {
    std::vector<Schedule::Entry> entries(4);
    Schedule schedule(entries);
    std::array<unsigned, 4> order{0, 1, 2, 3};
    for (unsigned i = 0; i < code / 256; ++i) std::next_permutation(order.begin(), order.end());
    Instant least = kNever;
    for (const unsigned slot : order) {
      const Instant at{static_cast<int>(code >> 2 * slot & 3)};
      schedule.set(slot, at);
      least = std::min(least, at);
      ASSERT_EQ(schedule.first_at(), least);
    }
  }
}

TEST(Staging, KeepsTheNewestInOrder) {
  FakeRng rng(1);
  constexpr std::size_t kSlots = 6, kSlotSize = 40, kHead = 16;
  std::vector<std::uint8_t> bytes(kSlots * kSlotSize);
  std::vector<StagedSlot> slots(kSlots);
  Staging staging(bytes, slots, kHead);
  std::array<StagedQueue, 3> queues;
  std::array<std::deque<std::vector<std::uint8_t>>, 3> model;
  for (int i = 0; i < 5000; ++i) {
    const std::size_t q = rng.next() % 3;
    const std::size_t limit = 1 + rng.next() % 4;
    const std::size_t used = model[0].size() + model[1].size() + model[2].size();
    switch (rng.next() % 8) {
      case 0:
        staging.clear(queues[q]);
        model[q].clear();
        break;
      case 1:
      case 2:
        if (!model[q].empty()) {
          const auto taken = staging.pop(queues[q]);
          EXPECT_TRUE(equal_var(taken.buffer.subspan(kHead, taken.size), model[q].front()));
          EXPECT_EQ(taken.buffer.size(), kSlotSize);
          model[q].pop_front();
        }
        break;
      default: {
        std::vector<std::uint8_t> packet(rng.next() % 26, static_cast<std::uint8_t>(i));
        const std::size_t lost = staging.push(queues[q], packet, kHead + packet.size(), limit);
        std::size_t expected = 0;
        if (kHead + packet.size() > kSlotSize) {
          expected = 1;
        } else {
          bool full = used == kSlots;
          while (!model[q].empty() && (model[q].size() >= limit || full)) {
            model[q].pop_front();
            full = false;
            ++expected;
          }
          if (full) {
            ++expected;
          } else {
            model[q].push_back(packet);
          }
        }
        EXPECT_EQ(lost, expected);
      }
    }
    for (std::size_t n = 0; n < 3; ++n) EXPECT_EQ(queues[n].count, model[n].size());
  }
}

TEST(Staging, MayHaveNoMemory) {
  Staging staging({}, {}, 16);
  StagedQueue queue;
  const std::vector<std::uint8_t> packet(20);
  EXPECT_EQ(staging.push(queue, packet, 52, 8), 1u);
  EXPECT_EQ(queue.count, 0u);
}

TEST(Staging, WipesWhatItForgets) {
  std::vector<std::uint8_t> bytes(100);
  std::vector<StagedSlot> slots(2);
  Staging staging(bytes, slots, 16);
  StagedQueue queue;
  const std::vector<std::uint8_t> packet(20, 'x');
  EXPECT_EQ(staging.push(queue, packet, 50, 8), 0u);
  EXPECT_EQ(std::count(bytes.begin(), bytes.end(), 'x'), 20);
  staging.clear(queue);
  EXPECT_EQ(std::count(bytes.begin(), bytes.end(), 'x'), 0);
}

}  // namespace
}  // namespace core::wg
