#include "ports/linux/sqlite_store.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "ports/linux/system.h"

namespace ports::linux_os {
namespace {

constexpr int kApplicationId = 0x474e4c31;  // "GNL1"

constexpr const char* kSql[] = {
    "begin immediate",
    "select value from kv where key = ?1",
    "insert into kv(key, value) values(?1, ?2) on conflict(key) do update set value = ?2",
    "delete from kv where key = ?1",
    "commit",
    "rollback",
};

// Returns an integer pragma's value, or -1.
int pragma(sqlite3* db, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  int value = -1;
  if (sqlite3_prepare_v2(db, sql, -1, &statement, nullptr) == SQLITE_OK &&
      sqlite3_step(statement) == SQLITE_ROW) {
    value = sqlite3_column_int(statement, 0);
  }
  sqlite3_finalize(statement);
  return value;
}

int bind(sqlite3_stmt* statement, int index, core::Bytes bytes) {
  // A null pointer would bind NULL, not an empty blob.
  if (bytes.empty()) return sqlite3_bind_zeroblob(statement, index, 0);
  return sqlite3_bind_blob64(statement, index, bytes.data(), bytes.size(), SQLITE_STATIC);
}

void reset(sqlite3_stmt* statement) {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
}

Problem open_problem(sqlite3* db, int code, const std::string& path) {
  const std::string reason = db ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ProblemKind::kStore, "The store " + path + " is damaged: " + reason + ".",
              "Put back a good copy of the disk, or erase this device with `ginnel reset "
              "--everything --yes` and enrol it anew."};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ProblemKind::kBusy, "The store " + path + " is in use by another program.",
              "Stop the other program and try again."};
    case SQLITE_FULL:
      return {ProblemKind::kStore, "No room on the disk for the store " + path + ".",
              "Free some space and try again."};
    default:
      return {ProblemKind::kStore, "The store " + path + " cannot be opened: " + reason + ".",
              "Check that the folder is yours and writable."};
  }
}

}  // namespace

Outcome<SqliteStore> SqliteStore::open(const std::string& path) {
  // Created here and not by SQLite, so that it is private from its first
  // moment; SQLite gives its log the same mode.
  const Fd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) {
    return system_problem(ProblemKind::kStore, "The store " + path + " cannot be opened",
                          "Check that the folder is yours and writable.");
  }

  SqliteStore store;
  int code = sqlite3_open_v2(path.c_str(), &store.db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                             nullptr);
  const auto run = [&](const char* sql) {
    if (code == SQLITE_OK) code = sqlite3_exec(store.db_, sql, nullptr, nullptr, nullptr);
  };
  if (code == SQLITE_OK) sqlite3_busy_timeout(store.db_, 5000);
  run("pragma journal_mode = wal");
  run("pragma synchronous = full");
  run("pragma secure_delete = on");
  if (code != SQLITE_OK) return open_problem(store.db_, code, path);

  const int id = pragma(store.db_, "pragma application_id");
  const int version = pragma(store.db_, "pragma user_version");
  const int tables = pragma(store.db_, "select count(*) from sqlite_schema");
  if (id == 0 && version == 0 && tables == 0) {
    run("begin immediate");
    run("create table kv(key blob primary key not null, value blob not null) strict");
    run(("pragma application_id = " + std::to_string(kApplicationId)).c_str());
    run(("pragma user_version = " + std::to_string(kSchemaVersion)).c_str());
    run("commit");
  } else if (id != kApplicationId) {
    return Problem{ProblemKind::kStore, "The file " + path + " is not a store of ginnel.",
                   "Name another folder with --home."};
  } else if (version != kSchemaVersion) {
    return Problem{ProblemKind::kStore,
                   "The store " + path + " is of version " + std::to_string(version) +
                       "; this ginnel knows version " + std::to_string(kSchemaVersion) + ".",
                   "Use the ginnel that wrote it, or a later one."};
  }
  for (std::size_t i = 0; i < kStatementCount && code == SQLITE_OK; ++i) {
    code = sqlite3_prepare_v3(store.db_, kSql[i], -1, SQLITE_PREPARE_PERSISTENT,
                              &store.statements_[i], nullptr);
  }
  if (code != SQLITE_OK) return open_problem(store.db_, code, path);
  return store;
}

SqliteStore::SqliteStore(SqliteStore&& other) noexcept { *this = std::move(other); }

SqliteStore& SqliteStore::operator=(SqliteStore&& other) noexcept {
  if (this == &other) return *this;
  close();
  db_ = std::exchange(other.db_, nullptr);
  statements_ = std::exchange(other.statements_, {});
  open_transaction_ = std::exchange(other.open_transaction_, false);
  failed_ = std::exchange(other.failed_, false);
  last_error_ = std::move(other.last_error_);
  return *this;
}

SqliteStore::~SqliteStore() { close(); }

void SqliteStore::close() {
  for (auto*& statement : statements_) {
    sqlite3_finalize(statement);
    statement = nullptr;
  }
  sqlite3_close(db_);
  db_ = nullptr;
}

core::Error SqliteStore::fail(int code) {
  last_error_ = sqlite3_errmsg(db_);
  return (code & 0xff) == SQLITE_FULL ? core::Error::kFull : core::Error::kStore;
}

core::Status SqliteStore::run(Statement which) {
  auto* statement = statements_[which];
  const int code = sqlite3_step(statement);
  core::Status status;
  if (code != SQLITE_DONE) status = fail(code);
  sqlite3_reset(statement);
  return status;
}

core::Status SqliteStore::run_write(sqlite3_stmt* statement) {
  const int code = sqlite3_step(statement);
  core::Status status;
  if (code != SQLITE_DONE) {
    status = fail(code);
    failed_ = true;
  }
  reset(statement);
  return status;
}

core::Status SqliteStore::begin() {
  CHECK(!open_transaction_);
  TRY(run(kBegin));
  open_transaction_ = true;
  failed_ = false;
  return {};
}

core::Result<std::size_t> SqliteStore::get(core::Bytes key, core::MutBytes value) {
  auto* statement = statements_[kGet];
  core::Result<std::size_t> result = core::Error::kNotFound;
  int code = bind(statement, 1, key);
  if (code == SQLITE_OK) code = sqlite3_step(statement);
  if (code == SQLITE_ROW) {
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, 0));
    const auto* from = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement, 0));
    if (size > value.size()) {
      result = core::Error::kFull;
    } else {
      core::copy({from, size}, value);
      result = size;
    }
  } else if (code != SQLITE_DONE) {
    result = fail(code);
  }
  reset(statement);
  return result;
}

core::Status SqliteStore::put(core::Bytes key, core::Bytes value) {
  CHECK(open_transaction_ && !key.empty() && key.size() <= kMaxKeySize);
  if (value.size() > kMaxValueSize) return core::Error::kFull;
  auto* statement = statements_[kPut];
  if (bind(statement, 1, key) != SQLITE_OK || bind(statement, 2, value) != SQLITE_OK) {
    failed_ = true;
    reset(statement);
    return core::Error::kStore;
  }
  return run_write(statement);
}

core::Status SqliteStore::erase(core::Bytes key) {
  CHECK(open_transaction_);
  auto* statement = statements_[kErase];
  if (bind(statement, 1, key) != SQLITE_OK) {
    failed_ = true;
    reset(statement);
    return core::Error::kStore;
  }
  return run_write(statement);
}

core::Status SqliteStore::commit() {
  CHECK(open_transaction_);
  if (failed_) {
    rollback();
    return core::Error::kStore;
  }
  const auto status = run(kCommit);
  if (!status) {
    rollback();
    return status;
  }
  open_transaction_ = false;
  return {};
}

void SqliteStore::rollback() {
  // After some errors SQLite has rolled back by itself.
  if (sqlite3_get_autocommit(db_) == 0) (void)run(kRollback);
  open_transaction_ = false;
  failed_ = false;
}

Done SqliteStore::check() {
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(db_, "pragma quick_check(1)", -1, &statement, nullptr);
  std::string answer;
  if (code == SQLITE_OK) code = sqlite3_step(statement);
  if (code == SQLITE_ROW) {
    answer = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
  } else {
    answer = sqlite3_errmsg(db_);
  }
  sqlite3_finalize(statement);
  if (answer == "ok") return {};
  return Problem{ProblemKind::kStore, "The store is damaged: " + answer + ".",
                 "Put back a good copy of the disk, or erase this device with `ginnel reset "
                 "--everything --yes` and enrol it anew."};
}

}  // namespace ports::linux_os
