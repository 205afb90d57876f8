// A thin cover of the SQLite C interface: a connection, prepared statements
// that are reset when their use ends, typed columns.
#ifndef SERVER_STORE_DATABASE_H_
#define SERVER_STORE_DATABASE_H_

#include <sqlite3.h>

#include <memory>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/name.h"
#include "core/base/result.h"

namespace server::store {

// One connection. Used by one thread at a time.
class Database {
 public:
  // Errors: kStore, with the reason in `why`.
  static core::Result<std::unique_ptr<Database>> open(const std::string& path, std::string& why);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs one or more statements without results. Errors: kStore.
  core::Status run(const char* sql);
  // True iff a transaction is open.
  bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }
  std::int64_t changed_rows() const { return sqlite3_changes64(handle_); }
  std::int64_t last_row_id() const { return sqlite3_last_insert_rowid(handle_); }

  // Remembers and returns what a failed call means: kReplay for a broken
  // uniqueness, kStore for all else.
  core::Error failure(int code);
  const std::string& last_failure() const { return last_failure_; }
  sqlite3* handle() { return handle_; }

 private:
  explicit Database(sqlite3* handle) : handle_(handle) {}
  sqlite3* handle_;
  std::string last_failure_;
};

// A prepared statement. Compiled at its first use, for the connection's life.
class Statement {
 public:
  Statement(Database& database, const char* sql) : database_(database), sql_(sql) {}
  ~Statement() { sqlite3_finalize(handle_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

 private:
  friend class Query;
  Database& database_;
  const char* sql_;
  sqlite3_stmt* handle_ = nullptr;
};

// One use of a statement: bind the parameters in order, then step through the
// rows. Bound bytes must live until the use ends.
class Query {
 public:
  template <class... Parameters>
  explicit Query(Statement& statement, const Parameters&... parameters) : statement_(statement) {
    prepare();
    (bind(parameters), ...);
  }
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // True if there is a row. Errors: kReplay, kStore.
  core::Result<bool> step();
  // Runs a statement whose rows do not matter.
  core::Status run();

  // Columns of the row, by position from 0.
  std::int64_t integer(int column) { return sqlite3_column_int64(statement_.handle_, column); }
  bool is_null(int column) {
    return sqlite3_column_type(statement_.handle_, column) == SQLITE_NULL;
  }
  // A view into the row: lives until the next step.
  core::Bytes bytes(int column);
  std::vector<std::uint8_t> blob(int column);
  // Zeros if the size differs; the schema's CHECKs keep that from happening.
  template <std::size_t N>
  core::ByteArray<N> array(int column) {
    core::ByteArray<N> out{};
    const auto from = bytes(column);
    if (from.size() == N) core::copy(from, out);
    return out;
  }
  core::DeviceName name(int column);

 private:
  void prepare();
  template <class T>
  requires std::is_integral_v<T>
  void bind(T value) {
    check(sqlite3_bind_int64(statement_.handle_, ++bound_, static_cast<std::int64_t>(value)));
  }
  void bind(const core::DeviceName& name);
  template <std::size_t N>
  void bind(const core::ByteArray<N>& bytes) {
    bind(core::Bytes(bytes));
  }
  template <std::size_t N>
  void bind(const core::View<N>& bytes) {
    bind(core::Bytes(bytes));
  }
  void bind(const std::vector<std::uint8_t>& bytes) { bind(core::Bytes(bytes)); }
  void bind(core::Bytes bytes);
  void check(int code) {
    if (code_ == SQLITE_OK) code_ = code;
  }

  Statement& statement_;
  int bound_ = 0;
  int code_ = SQLITE_OK;
};

}  // namespace server::store
#endif  // SERVER_STORE_DATABASE_H_
