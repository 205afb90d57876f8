#include "core/wg/replay.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "core/wg/timers.h"
#include "ports/fake/rng.h"

namespace core::wg {
namespace {

struct Window {
  explicit Window(std::size_t word_count) : words(word_count, 0xffffffff) {}
  bool accept(std::uint64_t counter) {
    // A session refuses those before it asks the window.
    if (counter >= kRejectAfterMessages) return false;
    return ReplayWindow(words, next).accept(counter).ok();
  }
  std::vector<std::uint32_t> words;
  std::uint64_t next = 0;
};

class ReplayWindowOf : public testing::TestWithParam<std::size_t> {
 public:
  std::uint64_t size() const { return 32 * std::uint64_t{GetParam()}; }
};
INSTANTIATE_TEST_SUITE_P(Words, ReplayWindowOf, testing::Values(2, 4, 64, 256));

// The cases of wireguard-go's replay_test.go, where LIM is the window.
TEST_P(ReplayWindowOf, PassesTheNumberedCases) {
  Window w(GetParam());
  const std::uint64_t lim = size(), reject = UINT64_MAX - (1u << 13);
  const struct {
    std::uint64_t counter;
    bool expected;
  } cases[] = {{0, true},
               {1, true},
               {1, false},
               {9, true},
               {8, true},
               {7, true},
               {7, false},
               {lim, true},
               {lim - 1, true},
               {lim - 1, false},
               {lim - 2, true},
               {2, true},
               {2, false},
               {lim + 16, true},
               {3, false},
               {lim + 16, false},
               {lim * 4, true},
               {lim * 4 - (lim - 1), true},
               {10, false},
               {lim * 4 - lim, false},
               {lim * 4 - (lim + 1), false},
               {lim * 4 - (lim - 2), true},
               {lim * 4 + 1 - lim, false},
               {0, false},
               {reject, false},
               {reject - 1, true},
               {reject, false},
               {reject - 1, false},
               {reject - 2, true},
               {reject + 1, false},
               {reject + 2, false},
               {reject - 2, false},
               {reject - 3, true},
               {0, false}};
  int number = 0;
  for (const auto& c : cases) EXPECT_EQ(w.accept(c.counter), c.expected) << ++number;
}

TEST_P(ReplayWindowOf, PassesTheBulkCases) {
  const std::uint64_t last = size() - 1;  // how far back is still in the window
  const auto all = [&](Window& w, std::uint64_t from, std::uint64_t to) {
    const std::int64_t step = from < to ? 1 : -1;
    for (std::uint64_t i = from; i != to + step; i += step) EXPECT_TRUE(w.accept(i)) << i;
  };
  {
    Window w(GetParam());
    all(w, 1, last);
    EXPECT_TRUE(w.accept(0));
    EXPECT_FALSE(w.accept(0));
  }
  {
    Window w(GetParam());
    all(w, 2, last + 1);
    EXPECT_TRUE(w.accept(1));
    EXPECT_FALSE(w.accept(0));
  }
  {
    Window w(GetParam());
    all(w, last + 1, 1);
  }
  {
    Window w(GetParam());
    all(w, last + 2, 2);
    EXPECT_FALSE(w.accept(0));
  }
  {
    Window w(GetParam());
    all(w, last, 1);
    EXPECT_TRUE(w.accept(last + 1));
    EXPECT_FALSE(w.accept(0));
  }
  {
    Window w(GetParam());
    all(w, last, 1);
    EXPECT_TRUE(w.accept(0));
    EXPECT_TRUE(w.accept(last + 1));
  }
}

TEST_P(ReplayWindowOf, DoesWhatASetDoes) {
  ports::fake::FakeRng rng(GetParam());
  Window w(GetParam());
  std::set<std::uint64_t> seen;
  std::uint64_t top = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t kind = rng.next() % 16;
    std::uint64_t counter = top;
    if (kind < 6) counter = top + rng.next() % 4;
    if (kind == 6) counter = top + rng.next() % (3 * size());
    if (kind > 6) counter -= std::min(top, rng.next() % (size() + 10));
    const bool in_window = counter > top || top - counter < size();
    EXPECT_EQ(w.accept(counter), in_window && seen.insert(counter).second) << counter;
    if (in_window) top = std::max(top, counter);
  }
}

// Nothing about a small window is left to chance: each sequence of six out of
// these counters, around the edges of a window of 32.
TEST(ReplayWindow, IsRightInEverySmallCase) {
  constexpr std::uint64_t kCounters[] = {0, 1, 31, 32, 33, 63, 64, 95};
  constexpr int kLength = 6, kCount = 8;
  int total = 1;
  for (int i = 0; i < kLength; ++i) total *= kCount;
  for (int sequence = 0; sequence < total; ++sequence) {
    Window w(1);
    std::uint64_t seen[kLength], top = 0;
    int count = 0;
    for (int i = 0, rest = sequence; i < kLength; ++i, rest /= kCount) {
      const std::uint64_t counter = kCounters[rest % kCount];
      const bool old = count > 0 && counter + 32 <= top;
      const bool expected = !old && std::find(seen, seen + count, counter) == seen + count;
      ASSERT_EQ(w.accept(counter), expected) << sequence << " " << i;
      if (expected) seen[count++] = counter;
      if (!old) top = std::max(top, counter);
    }
  }
}

TEST(ReplayWindow, KnowsCountersOf64Bits) {
  Window w(2);
  EXPECT_TRUE(w.accept(5));
  EXPECT_TRUE(w.accept(5 + (std::uint64_t{1} << 32)));
  EXPECT_FALSE(w.accept(5 + (std::uint64_t{1} << 32)));
  EXPECT_FALSE(w.accept(5));
  EXPECT_TRUE(w.accept(4 + (std::uint64_t{1} << 32)));
}

}  // namespace
}  // namespace core::wg
