// The device's store on SQLite: one file, one table.
#ifndef PORTS_LINUX_SQLITE_STORE_H_
#define PORTS_LINUX_SQLITE_STORE_H_

#include <array>
#include <string>

#include "core/messenger/store.h"
#include "ports/linux/problem.h"

struct sqlite3;
struct sqlite3_stmt;

namespace ports::linux_os {

// Write-ahead log, fsync at every commit: what commit() said is there after a
// power cut. Erased values are overwritten in the file; old pages can stay in
// the log until it is checkpointed, at the latest when the store is closed.
// One thread, one process: the caller holds the lock on the home.
class SqliteStore final : public core::messenger::Store {
 public:
  // Values above this are refused with kFull.
  static constexpr std::size_t kMaxValueSize = std::size_t{1} << 20;
  static constexpr int kSchemaVersion = 1;

  // Opens the file, creating it with mode 0600 if it is not there.
  // Errors: kStore; the text says whether the file is damaged, of a later
  // version, not ours or not readable.
  static Outcome<SqliteStore> open(const std::string& path);

  SqliteStore(SqliteStore&& other) noexcept;
  SqliteStore& operator=(SqliteStore&& other) noexcept;
  SqliteStore(const SqliteStore&) = delete;
  SqliteStore& operator=(const SqliteStore&) = delete;
  ~SqliteStore();

  core::Status begin() override;
  core::Result<std::size_t> get(core::Bytes key, core::MutBytes value) override;
  core::Status put(core::Bytes key, core::Bytes value) override;
  core::Status erase(core::Bytes key) override;
  core::Status commit() override;
  void rollback() override;

  // Reads the whole file and checks its structure. Errors: kStore.
  Done check();
  // SQLite's words for the last error of this store; never holds a value.
  const std::string& last_error() const { return last_error_; }

 private:
  enum Statement : std::size_t { kBegin, kGet, kPut, kErase, kCommit, kRollback, kStatementCount };

  SqliteStore() = default;
  void close();
  core::Error fail(int code);
  core::Status run(Statement which);
  core::Status run_write(sqlite3_stmt* statement);

  sqlite3* db_ = nullptr;
  std::array<sqlite3_stmt*, kStatementCount> statements_{};
  bool open_transaction_ = false;
  bool failed_ = false;  // a write of the open transaction failed: it cannot commit
  std::string last_error_;
};

}  // namespace ports::linux_os
#endif  // PORTS_LINUX_SQLITE_STORE_H_
