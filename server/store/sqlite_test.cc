// What only the SQLite store promises: files, versions, processes, power cuts.
#include "server/store/sqlite.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <random>
#include <set>

#include "server/store/schema.h"
#include "server/store/test_values.h"

namespace server::store {
namespace {

using core::Error;

std::unique_ptr<Store> open_or_die(const std::filesystem::path& path) {
  std::string why;
  auto store = open_sqlite(path, why);
  if (!store) throw std::runtime_error(why);
  return *std::move(store);
}

void run_sql(const std::filesystem::path& path, const std::string& sql) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(database);
  sqlite3_close(database);
}

TEST(SqliteStore, KeepsWhatWasCommittedAndNothingElse) {
  const TestFolder folder;
  const auto path = folder.path() / "store.db";
  {
    auto store = open_or_die(path);
    ASSERT_TRUE(store->begin().ok());
    ASSERT_TRUE(store->add_account(test_account("alice", 1)).ok());
    ASSERT_TRUE(store->commit().ok());
    ASSERT_TRUE(store->begin().ok());
    ASSERT_TRUE(store->add_account(test_account("bob", 2)).ok());
  }
  auto store = open_or_die(path);
  EXPECT_TRUE(store->find_account(name("alice")).ok());
  EXPECT_EQ(store->find_account(name("bob")).error(), Error::kNotFound);
}

TEST(SqliteStore, ItsFilesAreReadableByTheOwnerOnly) {
  const TestFolder folder;
  auto store = open_or_die(folder.path() / "store.db");
  ASSERT_TRUE(store->begin().ok());
  ASSERT_TRUE(store->add_account(test_account("alice", 1)).ok());
  ASSERT_TRUE(store->commit().ok());
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    struct stat info {};
    ASSERT_EQ(::stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << entry.path();
    ++files;
  }
  EXPECT_EQ(files, 3);  // the database, its log, its index
}

TEST(SqliteStore, RefusesALaterSchema) {
  const TestFolder folder;
  const auto path = folder.path() / "store.db";
  open_or_die(path).reset();
  run_sql(path, "PRAGMA user_version = " + std::to_string(schema_steps().size() + 1));
  std::string why;
  EXPECT_EQ(open_sqlite(path, why).error(), Error::kBadVersion);
  EXPECT_NE(why.find("later ginneld"), std::string::npos) << why;
}

TEST(SqliteStore, RefusesTheDatabaseOfAnotherProgram) {
  const TestFolder folder;
  const auto path = folder.path() / "store.db";
  run_sql(path, "CREATE TABLE theirs (x)");
  std::string why;
  EXPECT_EQ(open_sqlite(path, why).error(), Error::kMalformed);
  EXPECT_NE(why.find("another program"), std::string::npos) << why;
}

TEST(SqliteStore, RefusesAFileThatIsNoDatabase) {
  const TestFolder folder;
  const auto path = folder.path() / "store.db";
  std::ofstream(path) << std::string(5000, 'x');
  std::string why;
  EXPECT_EQ(open_sqlite(path, why).error(), Error::kStore);
  EXPECT_FALSE(why.empty());
  EXPECT_EQ(open_sqlite(folder.path() / "no" / "such", why).error(), Error::kStore);
}

// The schema itself refuses what the rules should never let through.
TEST(SqliteStore, ChecksSizes) {
  const TestFolder folder;
  auto store = open_or_die(folder.path() / "store.db");
  ASSERT_TRUE(store->begin().ok());
  const auto bob = *store->add_account(test_account("bob", 2));
  RepeatedKey key = test_signed(1);
  key.public_key.pop_back();
  EXPECT_EQ(store->put_repeated(bob, RepeatedKind::kSigned, key).error(), Error::kStore);
  EXPECT_FALSE(store->last_failure().empty());
  const std::vector<OneTimeKemKey> kem{{1, Blob(1568, 1), filled<64>(1)}};
  EXPECT_EQ(store->add_one_time_kem(bob, kem).error(), Error::kStore);
  const Blob ciphertext{1};
  const NewMail no_sender{.recipient = bob,
                          .sender = 999,
                          .mail_id = {},
                          .type = 2,
                          .ciphertext = ciphertext,
                          .stored_at = {1},
                          .expires_at = {2}};
  EXPECT_EQ(store->append_mail(no_sender).error(), Error::kStore);
  store->rollback();
}

TEST(SqliteStore, OpensAndCreatesInManyProcessesAtOnce) {
  const TestFolder folder;
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      std::string why;
      const auto store = open_sqlite(folder.path() / "store.db", why);
      if (!store) (void)!::write(2, why.data(), why.size());
      ::_exit(store.ok() ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
}

// ---- kill -9 at random points

constexpr std::uint32_t kKeys = 5000;

// Takes keys and appends mails in batches until it is killed. After each
// commit it tells the pipe which request, key and sequence it has committed.
[[noreturn]] void write_until_killed(const std::filesystem::path& path, int pipe, int round) {
  auto store = open_or_die(path);
  const auto bob = store->find_account(name("bob"))->id;
  for (std::uint32_t batch = 0;; ++batch) {
    std::string told;
    if (!store->begin()) ::_exit(1);
    for (std::uint8_t i = 0; i < 8; ++i) {
      core::ByteArray<16> id{static_cast<std::uint8_t>(round), i};
      for (std::size_t b = 0; b < 4; ++b) id[4 + b] = static_cast<std::uint8_t>(batch >> (8 * b));
      const auto key = store->take_one_time(bob);
      const auto sequence = store->append_mail({.recipient = bob,
                                                .sender = bob,
                                                .mail_id = id,
                                                .type = 2,
                                                .ciphertext = id,
                                                .stored_at = {1},
                                                .expires_at = {INT64_MAX}});
      if (!sequence) ::_exit(2);
      const std::uint32_t key_id = key ? key->id : 0;
      std::string line = std::to_string(key_id) + " " + std::to_string(*sequence);
      const auto response = Blob(line.begin(), line.end());
      if (!store->add_answer(bob, id, filled<32>(1), response, {1})) ::_exit(3);
      told += line + "\n";
    }
    if (!store->commit()) ::_exit(4);
    (void)!::write(pipe, told.data(), told.size());
  }
}

TEST(SqliteStore, SurvivesKillAtRandomPoints) {
  const TestFolder folder;
  const auto path = folder.path() / "store.db";
  {
    auto store = open_or_die(path);
    ASSERT_TRUE(store->begin().ok());
    const auto bob = *store->add_account(test_account("bob", 2));
    std::vector<OneTimeKey> keys;
    for (std::uint32_t i = 1; i <= kKeys; ++i) keys.push_back({i, filled<33>(1)});
    ASSERT_TRUE(store->add_one_time(bob, keys).ok());
    ASSERT_TRUE(store->commit().ok());
  }
  std::mt19937 random(7);
  std::string told;
  for (int round = 0; round < 25; ++round) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(pipe[0]);
      write_until_killed(path, pipe[1], round);
    }
    ::close(pipe[1]);
    ::usleep(static_cast<useconds_t>(5000 + random() % 60000));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "ended by itself: " << WEXITSTATUS(status);
    char buffer[4096];
    for (ssize_t n = 0; (n = ::read(pipe[0], buffer, sizeof(buffer))) > 0;) {
      told.append(buffer, static_cast<std::size_t>(n));
    }
    ::close(pipe[0]);
  }
  auto store = open_or_die(path);
  const auto bob = store->find_account(name("bob"))->id;
  // Sequence numbers are dense, and each mail has its answer.
  const auto mails = store->read_mail(bob, 0, 1'000'000, 1 << 30, {2});
  ASSERT_TRUE(mails.ok());
  std::map<std::string, std::string> key_of;  // sequence -> key
  std::set<std::string> keys;
  std::uint64_t expected = 0;
  for (const auto& mail : *mails) {
    EXPECT_EQ(mail.sequence, ++expected);
    const auto answer = store->find_answer(bob, mail.mail_id);
    ASSERT_TRUE(answer.ok());
    const std::string line(answer->response.begin(), answer->response.end());
    const auto space = line.find(' ');
    EXPECT_EQ(line.substr(space + 1), std::to_string(mail.sequence));
    const auto key = line.substr(0, space);
    // No key was handed out twice, over all the kills.
    if (key != "0") {
      EXPECT_TRUE(keys.insert(key).second) << key;
    }
    key_of[line.substr(space + 1)] = key;
  }
  EXPECT_EQ(store->totals()->answers, mails->size());
  EXPECT_EQ(store->mail_load(bob, bob)->count, mails->size());
  EXPECT_EQ(store->mail_load(bob, bob)->sender_count, mails->size());
  EXPECT_EQ(store->pre_key_state(bob)->one_time_count, kKeys - keys.size());
  // Everything that was told to be done is there.
  std::size_t lines = 0;
  for (std::size_t at = 0, end = 0; (end = told.find('\n', at)) != std::string::npos;
       at = end + 1, ++lines) {
    const auto line = told.substr(at, end - at);
    const auto space = line.find(' ');
    EXPECT_EQ(key_of[line.substr(space + 1)], line.substr(0, space));
  }
  EXPECT_GT(lines, 100u);
}

}  // namespace
}  // namespace server::store
