// What every messenger::Store does. A test program of a store includes this
// once and says how to make one:
//   INSTANTIATE_TEST_SUITE_P(OnFlash, StoreConformance, testing::Values(StoreMaker{"4k", make}));
#ifndef PORTS_FAKE_STORE_CONFORMANCE_TEST_H_
#define PORTS_FAKE_STORE_CONFORMANCE_TEST_H_

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "core/messenger/store.h"
#include "ports/fake/rng.h"

namespace ports::fake {

// An empty store, and what it is after the program has ended and started again.
class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual core::messenger::Store& store() = 0;
  virtual void restart() = 0;
};

struct StoreMaker {
  std::string name;
  std::function<std::unique_ptr<StoreUnderTest>()> make;
  // How GoogleTest and ctest call it.
  friend void PrintTo(const StoreMaker& maker, std::ostream* out) { *out << maker.name; }
};

class StoreConformance : public testing::TestWithParam<StoreMaker> {
 protected:
  using Error = core::Error;
  using Blob = std::vector<std::uint8_t>;

  core::messenger::Store& store() { return under_test_->store(); }
  void restart() { under_test_->restart(); }

  static core::Bytes bytes(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  }
  std::string get(const std::string& key) {
    Blob buffer(70'000);
    const auto size = store().get(bytes(key), buffer);
    if (!size) return size.error() == Error::kNotFound ? "none" : "error";
    return {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*size)};
  }
  void put(const std::string& key, const std::string& value) {
    ASSERT_TRUE(store().begin().ok());
    ASSERT_TRUE(store().put(bytes(key), bytes(value)).ok());
    ASSERT_TRUE(store().commit().ok());
  }

 private:
  std::unique_ptr<StoreUnderTest> under_test_ = GetParam().make();
};

TEST_P(StoreConformance, KeepsWhatWasCommitted) {
  put("a", "1");
  put("a", "2");
  put("empty", "");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(get("a"), "2");
    EXPECT_EQ(get("empty"), "");
    EXPECT_EQ(get("b"), "none");
    restart();
  }
}

TEST_P(StoreConformance, ShowsATransactionItsOwnWritesAndForgetsThemOnRollback) {
  put("kept", std::string(600, 'o'));
  ASSERT_TRUE(store().begin().ok());
  ASSERT_TRUE(store().put(bytes("kept"), bytes("new")).ok());
  ASSERT_TRUE(store().put(bytes("more"), bytes(std::string(600, 'x'))).ok());
  EXPECT_EQ(get("kept"), "new");
  EXPECT_EQ(get("more"), std::string(600, 'x'));
  ASSERT_TRUE(store().erase(bytes("more")).ok());
  EXPECT_EQ(get("more"), "none");
  ASSERT_TRUE(store().put(bytes("more"), bytes("again")).ok());
  EXPECT_EQ(get("more"), "again");
  ASSERT_TRUE(store().erase(bytes("never there")).ok());
  store().rollback();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(get("kept"), std::string(600, 'o'));
    EXPECT_EQ(get("more"), "none");
    restart();
  }
  put("kept", "later");
  EXPECT_EQ(get("kept"), "later");
}

TEST_P(StoreConformance, ForgetsATransactionThatWasOpenAtTheEnd) {
  put("a", "1");
  ASSERT_TRUE(store().begin().ok());
  ASSERT_TRUE(store().put(bytes("a"), bytes(std::string(5000, '2'))).ok());
  ASSERT_TRUE(store().erase(bytes("a")).ok());
  restart();
  EXPECT_EQ(get("a"), "1");
}

TEST_P(StoreConformance, CommitsSeveralKeysAndAnEmptyTransaction) {
  put("gone", "1");
  ASSERT_TRUE(store().begin().ok());
  ASSERT_TRUE(store().put(bytes("x"), bytes("1")).ok());
  ASSERT_TRUE(store().put(bytes("y"), bytes("2")).ok());
  ASSERT_TRUE(store().erase(bytes("gone")).ok());
  ASSERT_TRUE(store().commit().ok());
  ASSERT_TRUE(store().begin().ok());
  ASSERT_TRUE(store().commit().ok());
  restart();
  EXPECT_EQ(get("x") + get("y") + get("gone"), "12none");
}

TEST_P(StoreConformance, TellsKeysApart) {
  const std::string zeros("\0\0", 2), zero("\0", 1), longest(80, 'k');
  put(zeros, "two");
  put(zero, "one");
  put(longest, "longest");
  restart();
  EXPECT_EQ(get(zeros), "two");
  EXPECT_EQ(get(zero), "one");
  EXPECT_EQ(get(longest), "longest");
}

TEST_P(StoreConformance, LeavesABufferAloneThatIsTooSmall) {
  put("a", std::string(700, 'v'));
  Blob small(699, 0);
  EXPECT_EQ(store().get(bytes("a"), small).error(), Error::kFull);
  EXPECT_EQ(small, Blob(699, 0));
  Blob exact(700, 0);
  EXPECT_EQ(*store().get(bytes("a"), exact), 700u);
  EXPECT_EQ(exact, Blob(700, 'v'));
}

// Every size around those at which a store may cut values or records.
TEST_P(StoreConformance, KeepsValuesOfEverySize) {
  std::vector<std::size_t> sizes;
  for (const std::size_t edge : {1, 256, 512, 1024, 1088, 2048, 4096, 8192, 16384}) {
    for (std::size_t size = edge < 3 ? 0 : edge - 3; size <= std::min<std::size_t>(edge + 3, 16384);
         ++size) {
      sizes.push_back(size);
    }
  }
  std::string before;
  for (const auto size : sizes) {
    std::string value(size, 0);
    for (std::size_t i = 0; i < size; ++i) value[i] = static_cast<char>(i * 7 + i / 256 + size);
    put("v", value);
    ASSERT_EQ(get("v"), value) << size;
    ASSERT_TRUE(store().begin().ok());
    ASSERT_TRUE(store().erase(bytes("v")).ok());
    store().rollback();
    restart();
    ASSERT_EQ(get("v"), value) << size;
  }
}

// The same random transactions as on a map.
TEST_P(StoreConformance, IsAMapUnderRandomTransactions) {
  FakeRng dice(11);
  std::map<std::string, std::string> model;
  for (int round = 0; round < 400; ++round) {
    auto next = model;
    ASSERT_TRUE(store().begin().ok());
    for (std::uint64_t n = dice.next() % 6; n > 0; --n) {
      const std::string key = "key " + std::to_string(dice.next() % 12);
      if (dice.chance(20)) {
        next.erase(key);
        ASSERT_TRUE(store().erase(bytes(key)).ok());
      } else if (dice.chance(50) && next.contains(key)) {
        auto& value = next[key];
        for (std::uint64_t edits = dice.next() % 4; edits > 0 && !value.empty(); --edits) {
          value[dice.next() % value.size()] = static_cast<char>(dice.next());
        }
        if (dice.chance(20)) value.resize(dice.next() % 900, 'r');
        ASSERT_TRUE(store().put(bytes(key), bytes(value)).ok());
      } else {
        next[key] = std::string(dice.next() % 900, static_cast<char>(dice.next()));
        ASSERT_TRUE(store().put(bytes(key), bytes(next[key])).ok());
      }
      for (const auto& [known, value] : next) {
        if (!dice.chance(20)) continue;
        ASSERT_EQ(get(known), value) << round;
      }
    }
    if (dice.chance(20)) {
      store().rollback();
    } else {
      ASSERT_TRUE(store().commit().ok()) << round;
      model = std::move(next);
    }
    if (dice.chance(10)) restart();
    for (int i = 0; i < 12; ++i) {
      const std::string key = "key " + std::to_string(i);
      ASSERT_EQ(get(key), model.contains(key) ? model[key] : "none") << round;
    }
  }
}

}  // namespace ports::fake
#endif  // PORTS_FAKE_STORE_CONFORMANCE_TEST_H_
