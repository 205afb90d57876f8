#include "ports/linux/sqlite_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <random>
#include <vector>

#include "ports/fake/store_conformance_test.h"
#include "ports/linux/home.h"
#include "ports/linux/test_folder.h"

namespace ports::fake {
namespace {

class OnSqlite final : public StoreUnderTest {
 public:
  static std::unique_ptr<StoreUnderTest> make() { return std::make_unique<OnSqlite>(); }
  core::messenger::Store& store() override { return *store_; }
  void restart() override {
    store_.reset();
    store_ = open();
  }

 private:
  std::optional<linux_os::SqliteStore> open() {
    auto store = linux_os::SqliteStore::open(folder_.file("store.db"));
    CHECK(store);
    return *std::move(store);
  }

  linux_os::TestFolder folder_;
  std::optional<linux_os::SqliteStore> store_ = open();
};

INSTANTIATE_TEST_SUITE_P(OnSqlite, StoreConformance,
                         testing::Values(StoreMaker{"sqlite", OnSqlite::make}));

}  // namespace
}  // namespace ports::fake

namespace ports::linux_os {
namespace {

using core::Bytes;
using core::Error;
using testing::HasSubstr;

SqliteStore open_store(const std::string& path) {
  auto store = SqliteStore::open(path);
  if (!store) {
    ADD_FAILURE() << store.error().text;
    std::abort();
  }
  return *std::move(store);
}

std::string get(core::messenger::Store& store, std::string_view key) {
  std::vector<std::uint8_t> buffer(1 << 20);
  const auto size = store.get(bytes_of(key), buffer);
  return size ? text_of(Bytes(buffer).first(*size)) : error_word(size.error());
}

void put(core::messenger::Store& store, std::string_view key, std::string_view value) {
  ASSERT_TRUE(store.begin());
  ASSERT_TRUE(store.put(bytes_of(key), bytes_of(value)));
  ASSERT_TRUE(store.commit());
}

class SqliteStoreTest : public testing::Test {
 protected:
  TestFolder folder_;
  std::string path_ = folder_.file("store.db");
};

TEST_F(SqliteStoreTest, KeepsWhatWasCommittedOverAReopening) {
  {
    auto store = open_store(path_);
    put(store, "a", "1");
    put(store, "a", "2");
    put(store, "empty", "");
  }
  auto store = open_store(path_);
  EXPECT_EQ(get(store, "a"), "2");
  EXPECT_EQ(get(store, "empty"), "");
  EXPECT_EQ(get(store, "b"), "not found");
}

TEST_F(SqliteStoreTest, SeesItsOwnWritesAndForgetsThemOnRollback) {
  auto store = open_store(path_);
  put(store, "kept", "old");
  ASSERT_TRUE(store.begin());
  ASSERT_TRUE(store.put(bytes_of("kept"), bytes_of("new")));
  ASSERT_TRUE(store.put(bytes_of("more"), bytes_of("x")));
  EXPECT_EQ(get(store, "kept"), "new");
  ASSERT_TRUE(store.erase(bytes_of("more")));
  EXPECT_EQ(get(store, "more"), "not found");
  ASSERT_TRUE(store.erase(bytes_of("never there")));
  store.rollback();
  EXPECT_EQ(get(store, "kept"), "old");
  put(store, "kept", "later");  // a new transaction starts
  EXPECT_EQ(get(store, "kept"), "later");
}

TEST_F(SqliteStoreTest, TellsDifferentKeysApart) {
  auto store = open_store(path_);
  const std::string zeros("\0\0", 2), zero("\0", 1), longest(80, 'k');
  put(store, zeros, "two");
  put(store, zero, "one");
  put(store, longest, "longest");
  EXPECT_EQ(get(store, zeros), "two");
  EXPECT_EQ(get(store, zero), "one");
  EXPECT_EQ(get(store, longest), "longest");
}

TEST_F(SqliteStoreTest, TakesLargeValuesAndRefusesTooLargeOnes) {
  auto store = open_store(path_);
  const std::string largest(SqliteStore::kMaxValueSize, 'v');
  put(store, "large", largest);
  EXPECT_EQ(get(store, "large"), largest);
  ASSERT_TRUE(store.begin());
  EXPECT_EQ(store.put(bytes_of("larger"), bytes_of(largest + "v")).error(), Error::kFull);
  store.rollback();
}

TEST_F(SqliteStoreTest, SaysSoWhenTheBufferIsTooSmall) {
  auto store = open_store(path_);
  put(store, "a", "123");
  std::array<std::uint8_t, 2> small{};
  EXPECT_EQ(store.get(bytes_of("a"), small).error(), Error::kFull);
  EXPECT_EQ(small[0], 0);
}

TEST_F(SqliteStoreTest, IsPrivateWithItsLog) {
  auto store = open_store(path_);
  put(store, "a", "1");
  for (const auto& file : {path_, path_ + "-wal", path_ + "-shm"}) {
    struct stat info {};
    ASSERT_EQ(stat(file.c_str(), &info), 0) << file;
    EXPECT_EQ(info.st_mode & 0777, 0600u) << file;
  }
}

TEST_F(SqliteStoreTest, OverwritesErasedValuesInTheFile) {
  const std::string secret = "an erased secret that must not stay in the file";
  {
    auto store = open_store(path_);
    put(store, "secret", secret);
    ASSERT_TRUE(store.begin());
    ASSERT_TRUE(store.erase(bytes_of("secret")));
    ASSERT_TRUE(store.commit());
  }
  std::ifstream file(path_, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  EXPECT_GT(content.size(), 4000u);
  EXPECT_EQ(content.find(secret), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path_ + "-wal"));
}

TEST_F(SqliteStoreTest, RefusesADamagedFile) {
  { open_store(path_); }
  for (const std::string content : {"SQLite format 3 but not really", "short", "\0\0\0\0"}) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << content << std::string(5000, 'x');
    const auto store = SqliteStore::open(path_);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().kind, ProblemKind::kStore);
    EXPECT_THAT(store.error().text, HasSubstr("damaged"));
  }
}

TEST_F(SqliteStoreTest, NoticesDamageInTheMiddle) {
  {
    auto store = open_store(path_);
    for (int i = 0; i < 200; ++i) put(store, "key " + std::to_string(i), std::string(500, 'v'));
    EXPECT_TRUE(store.check());
  }
  {
    std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
    for (int page = 1; page < 20; ++page) {
      file.seekp(page * 4096);
      file << std::string(200, '\xff');
    }
  }
  auto store = SqliteStore::open(path_);
  if (!store) return;  // noticed even earlier
  const auto checked = store->check();
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().text, HasSubstr("damaged"));
}

TEST_F(SqliteStoreTest, RefusesOtherProgramsFilesAndLaterVersions) {
  const auto run = [&](const std::string& sql) {
    sqlite3* db = nullptr;
    int code = sqlite3_open(path_.c_str(), &db);
    if (code == SQLITE_OK) code = sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr);
    sqlite3_close(db);
    return code;
  };
  { open_store(path_); }
  ASSERT_EQ(run("pragma user_version = 2"), SQLITE_OK);
  auto later = SqliteStore::open(path_);
  ASSERT_FALSE(later);
  EXPECT_THAT(later.error().text, HasSubstr("version 2"));
  ASSERT_EQ(run("pragma application_id = 7"), SQLITE_OK);
  auto other = SqliteStore::open(path_);
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().text, HasSubstr("not a store of ginnel"));
}

TEST_F(SqliteStoreTest, RefusesAFolderThatIsNotThere) {
  const auto store = SqliteStore::open(folder_.file("no/such/store.db"));
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().kind, ProblemKind::kStore);
}

// A child commits a growing number under three keys and reports each commit;
// it is killed at a random moment. What it reported must be there, and the
// three must agree.
TEST_F(SqliteStoreTest, HasWholeTransactionsAfterAKill) {
  std::mt19937 random(7);
  std::uint64_t last = 0;
  for (int round = 0; round < 25; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(pipe(pipe_ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto store = open_store(path_);
      for (std::uint64_t n = last + 1;; ++n) {
        const std::string value = std::to_string(n) + std::string(n % 3000, ' ');
        (void)store.begin();
        for (const auto* key : {"a", "b", "c"}) (void)store.put(bytes_of(key), bytes_of(value));
        if (store.commit()) (void)!write(pipe_ends[1], &n, sizeof n);
      }
    }
    close(pipe_ends[1]);
    usleep(static_cast<useconds_t>(1000 + random() % 60'000));
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
    std::uint64_t reported = last, n = 0;
    while (read(pipe_ends[0], &n, sizeof n) == sizeof n) reported = n;
    close(pipe_ends[0]);

    auto store = open_store(path_);
    ASSERT_TRUE(store.check());
    const std::string a = get(store, "a");
    if (a == "not found") {
      ASSERT_EQ(reported, 0u);
      continue;
    }
    EXPECT_EQ(get(store, "b"), a);
    EXPECT_EQ(get(store, "c"), a);
    last = std::stoull(a);
    EXPECT_GE(last, reported);
    EXPECT_LE(last, reported + 1);
  }
  EXPECT_GT(last, 0u);
}

TEST_F(SqliteStoreTest, HasNothingOfATransactionThatDidNotFit) {
  auto store = open_store(path_);
  put(store, "a", "1");
  // A limit on the size of files stands for a full disk.
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto limited = open_store(path_);
    rlimit limit{};
    limit.rlim_cur = limit.rlim_max = 64 * 1024;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    bool failed = false;
    for (int i = 0; i < 100 && !failed; ++i) {
      failed =
          !limited.begin() || !limited.put(bytes_of("a"), bytes_of("2")) ||
          !limited.put(bytes_of("filler" + std::to_string(i)), bytes_of(std::string(9000, 'f')));
      if (failed) {
        limited.rollback();
      } else {
        failed = !limited.commit();
      }
    }
    _exit(failed ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  put(store, "b", "still works");
  EXPECT_EQ(get(store, "b"), "still works");
  EXPECT_TRUE(store.check());
}

}  // namespace
}  // namespace ports::linux_os
