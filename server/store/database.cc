#include "server/store/database.h"

namespace server::store {
namespace {

constexpr int kBusyTimeoutMs = 5000;

}  // namespace

core::Result<std::unique_ptr<Database>> Database::open(const std::string& path, std::string& why) {
  sqlite3* handle = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Database> database(new Database(handle));
  if (code != SQLITE_OK) {
    why = "cannot open " + path + ": " + sqlite3_errstr(code);
    return core::Error::kStore;
  }
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  return database;
}

Database::~Database() { sqlite3_close_v2(handle_); }

core::Status Database::run(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(code);
  return {};
}

core::Error Database::failure(int code) {
  if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY) {
    return core::Error::kReplay;
  }
  last_failure_ = std::string(sqlite3_errstr(code)) + ": " + sqlite3_errmsg(handle_);
  return core::Error::kStore;
}

void Query::prepare() {
  if (statement_.handle_) return;
  code_ = sqlite3_prepare_v3(statement_.database_.handle(), statement_.sql_, -1,
                             SQLITE_PREPARE_PERSISTENT, &statement_.handle_, nullptr);
}

Query::~Query() {
  sqlite3_reset(statement_.handle_);
  sqlite3_clear_bindings(statement_.handle_);
}

core::Result<bool> Query::step() {
  if (code_ != SQLITE_OK) return statement_.database_.failure(code_);
  const int code = sqlite3_step(statement_.handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return statement_.database_.failure(code);
}

core::Status Query::run() {
  while (TRY(step())) {
  }
  return {};
}

core::Bytes Query::bytes(int column) {
  const auto* from =
      static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.handle_, column));
  const int size = sqlite3_column_bytes(statement_.handle_, column);
  return {from, from ? static_cast<std::size_t>(size) : 0};
}

std::vector<std::uint8_t> Query::blob(int column) {
  const auto from = bytes(column);
  return {from.begin(), from.end()};
}

core::DeviceName Query::name(int column) {
  auto name = core::DeviceName::parse(bytes(column));
  return name ? *name : core::DeviceName();
}

void Query::bind(const core::DeviceName& name) {
  check(sqlite3_bind_text(statement_.handle_, ++bound_,
                          reinterpret_cast<const char*>(name.bytes().data()),
                          static_cast<int>(name.bytes().size()), SQLITE_STATIC));
}

void Query::bind(core::Bytes bytes) {
  // A null pointer would bind NULL; an empty blob is not that.
  static constexpr std::uint8_t kNothing = 0;
  check(sqlite3_bind_blob64(statement_.handle_, ++bound_, bytes.empty() ? &kNothing : bytes.data(),
                            bytes.size(), SQLITE_STATIC));
}

}  // namespace server::store
