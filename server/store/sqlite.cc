#include "server/store/sqlite.h"

#include <fcntl.h>
#include <unistd.h>

#include "server/store/schema.h"
#include "server/store/sqlite_store.h"

namespace server::store {

using core::Error;

namespace {

constexpr std::int64_t kApplicationId = 0x474e4c31;  // "GNL1"
constexpr int kOpenAttempts = 50;
constexpr int kOpenPauseMs = 100;

Result<std::int64_t> read_integer(Database& database, const char* sql) {
  Statement statement(database, sql);
  Query query(statement);
  if (!TRY(query.step())) return Error::kStore;
  return query.integer(0);
}

// Runs the steps that the file has not seen yet. All or nothing.
Status migrate(Database& database, std::string& why) {
  const auto steps = schema_steps();
  TRY(database.run("BEGIN IMMEDIATE"));
  const auto version = static_cast<std::size_t>(TRY(read_integer(database, "PRAGMA user_version")));
  const auto application = TRY(read_integer(database, "PRAGMA application_id"));
  const auto tables = TRY(read_integer(database, "SELECT count(*) FROM sqlite_master"));
  if (tables != 0 && application != kApplicationId) {
    why = "the file is a database of another program";
    return Error::kMalformed;
  }
  if (version > steps.size()) {
    why = "the database has schema version " + std::to_string(version) +
          ", this program knows up to " + std::to_string(steps.size()) + ": use a later ginneld";
    return Error::kBadVersion;
  }
  for (std::size_t i = version; i < steps.size(); ++i) TRY(database.run(steps[i]));
  if (version < steps.size()) {
    const auto stamp = "PRAGMA user_version = " + std::to_string(steps.size()) +
                       "; PRAGMA application_id = " + std::to_string(kApplicationId);
    TRY(database.run(stamp.c_str()));
  }
  return database.run("COMMIT");
}

// Two processes that create one file at the same time disturb each other
// while the journal mode changes, whatever the busy timeout: try again.
Status use_wal(Database& database) {
  for (int attempt = 1;; ++attempt) {
    const auto status = database.run("PRAGMA journal_mode = WAL");
    if (status || attempt == kOpenAttempts) return status;
    sqlite3_sleep(kOpenPauseMs);
  }
}

Status prepare(Database& database, std::string& why) {
  TRY(use_wal(database));
  TRY(
      database.run("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                   "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;"
                   "PRAGMA cache_size = -16000; PRAGMA wal_autocheckpoint = 4000"));
  const auto status = migrate(database, why);
  if (!status && database.in_transaction()) (void)database.run("ROLLBACK");
  return status;
}

Account read_account(Query& row) {
  return {.id = row.integer(0),
          .name = row.name(1),
          .identity_key = row.array<33>(2),
          .registration_id = static_cast<std::uint32_t>(row.integer(3)),
          .enrolled_at = {row.integer(4)},
          .state = row.integer(5) == 0 ? AccountState::kActive : AccountState::kRevoked};
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite(const std::string& path, std::string& why) {
  // SQLite gives its journal files the same permissions.
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) {
    why = "cannot open or create " + path;
    return Error::kStore;
  }
  ::close(file);
  auto database = TRY(Database::open(path, why));
  const auto status = prepare(*database, why);
  if (!status) {
    if (why.empty()) why = path + ": " + database->last_failure();
    return status.error() == Error::kReplay ? Error::kStore : status.error();
  }
  return std::unique_ptr<Store>(std::make_unique<SqliteStore>(std::move(database)));
}

Statement& SqliteStore::prepared(const char* sql) {
  for (auto& [text, statement] : statements_) {
    if (text == sql) return *statement;
  }
  statements_.emplace_back(sql, std::make_unique<Statement>(*database_, sql));
  return *statements_.back().second;
}

// ---- transactions

Status SqliteStore::begin() { return Query(prepared("BEGIN IMMEDIATE")).run(); }

Status SqliteStore::commit() { return Query(prepared("COMMIT")).run(); }

void SqliteStore::rollback() {
  // Some failures have rolled back already.
  if (database_->in_transaction()) (void)Query(prepared("ROLLBACK")).run();
}

// ---- accounts

Result<Account> SqliteStore::find_account(const core::DeviceName& name) {
  Query row(prepared("SELECT id, name, identity_key, registration_id, enrolled_at_ms, revoked "
                     "FROM accounts WHERE name = ?"),
            name);
  if (!TRY(row.step())) return Error::kNotFound;
  return read_account(row);
}

Result<AccountId> SqliteStore::add_account(const Account& account) {
  const auto owner = key_owner(account.identity_key);
  if (owner) return Error::kReplay;
  if (owner.error() != Error::kNotFound) return owner.error();
  Query add(prepared("INSERT INTO accounts (name, identity_key, registration_id, enrolled_at_ms) "
                     "VALUES (?, ?, ?, ?)"),
            account.name, account.identity_key, account.registration_id, account.enrolled_at.ms);
  TRY(add.run());
  const AccountId id = database_->last_row_id();
  Query know(prepared("INSERT INTO known_keys (identity_key, account) VALUES (?, ?)"),
             account.identity_key, id);
  TRY(know.run());
  return id;
}

Status SqliteStore::renew_account(const Account& account) {
  const Account old = TRY(find_account(account.name));
  if (old.state != AccountState::kRevoked) return Error::kOutOfOrder;
  Query know(prepared("INSERT INTO known_keys (account, identity_key) VALUES (?, ?)"), old.id,
             account.identity_key);
  TRY(know.run());
  Query renew(prepared("UPDATE accounts SET identity_key = ?, registration_id = ?, "
                       "enrolled_at_ms = ?, revoked = 0, highest_signed = 0, "
                       "highest_last_resort = 0, highest_one_time = 0, highest_one_time_kem = 0, "
                       "generation = 0, generation_seal = NULL "
                       "WHERE id = ?"),
              account.identity_key, account.registration_id, account.enrolled_at.ms, old.id);
  return renew.run();
}

Status SqliteStore::revoke_account(AccountId id) {
  Query revoke(prepared("UPDATE accounts SET revoked = 1, one_time_count = 0, "
                        "one_time_kem_count = 0, mail_count = 0, mail_bytes = 0, "
                        "answer_count = 0 WHERE id = ?"),
               id);
  TRY(revoke.run());
  if (database_->changed_rows() == 0) return Error::kNotFound;
  TRY(Query(prepared("DELETE FROM tunnel_peers WHERE account = ?"), id).run());
  TRY(Query(prepared("DELETE FROM repeated_keys WHERE account = ?"), id).run());
  TRY(Query(prepared("DELETE FROM one_time_keys WHERE account = ?"), id).run());
  TRY(Query(prepared("DELETE FROM one_time_kem_keys WHERE account = ?"), id).run());
  TRY(Query(prepared("DELETE FROM mails WHERE recipient = ?"), id).run());
  TRY(Query(prepared("DELETE FROM mail_shares WHERE recipient = ?"), id).run());
  return Query(prepared("DELETE FROM answers WHERE account = ?"), id).run();
}

Result<core::DeviceName> SqliteStore::key_owner(core::View<33> identity_key) {
  Query row(prepared("SELECT name FROM known_keys JOIN accounts ON accounts.id = account "
                     "WHERE known_keys.identity_key = ?"),
            identity_key);
  if (!TRY(row.step())) return Error::kNotFound;
  return row.name(0);
}

Result<std::vector<Account>> SqliteStore::list_accounts(const core::DeviceName& after,
                                                        std::size_t limit) {
  Query row(prepared("SELECT id, name, identity_key, registration_id, enrolled_at_ms, revoked "
                     "FROM accounts WHERE name > ? ORDER BY name LIMIT ?"),
            after, limit);
  std::vector<Account> out;
  while (TRY(row.step())) out.push_back(read_account(row));
  return out;
}

// ---- invites

Status SqliteStore::add_invite(const Invite& invite) {
  Query add(prepared("INSERT INTO invites (id, name, secret, expires_at_ms) VALUES (?, ?, ?, ?)"),
            invite.id, invite.name, invite.secret, invite.expires_at.ms);
  return add.run();
}

Result<Invite> SqliteStore::find_invite(core::View<8> id) {
  Query row(prepared("SELECT id, name, secret, expires_at_ms, used_at_ms, request_digest, response "
                     "FROM invites WHERE id = ?"),
            id);
  if (!TRY(row.step())) return Error::kNotFound;
  Invite out{.id = row.array<8>(0),
             .name = row.name(1),
             .secret = row.array<16>(2),
             .expires_at = {row.integer(3)},
             .used_at = {},
             .request_digest = row.array<32>(5),
             .response = row.blob(6)};
  if (!row.is_null(4)) out.used_at = core::WallTime{row.integer(4)};
  return out;
}

Status SqliteStore::use_invite(core::View<8> id, core::WallTime used_at,
                               core::View<32> request_digest, core::Bytes response) {
  Query use(prepared("UPDATE invites SET used_at_ms = ?, request_digest = ?, response = ? "
                     "WHERE id = ? AND used_at_ms IS NULL"),
            used_at.ms, request_digest, response, id);
  TRY(use.run());
  if (database_->changed_rows() == 1) return {};
  TRY(find_invite(id));
  return Error::kReplay;
}

// ---- prekeys

Result<PreKeyState> SqliteStore::pre_key_state(AccountId id) {
  Query row(prepared("SELECT one_time_count, one_time_kem_count, highest_signed, "
                     "highest_last_resort, highest_one_time, highest_one_time_kem "
                     "FROM accounts WHERE id = ?"),
            id);
  if (!TRY(row.step())) return Error::kNotFound;
  const auto number = [&](int column) { return static_cast<std::uint32_t>(row.integer(column)); };
  return PreKeyState{.one_time_count = number(0),
                     .one_time_kem_count = number(1),
                     .highest_signed = number(2),
                     .highest_last_resort = number(3),
                     .highest_one_time = number(4),
                     .highest_one_time_kem = number(5)};
}

Status SqliteStore::put_repeated(AccountId id, RepeatedKind kind, const RepeatedKey& key) {
  const char* grow = kind == RepeatedKind::kSigned ? "UPDATE accounts SET highest_signed = ?1 "
                                                     "WHERE id = ?2 AND highest_signed < ?1"
                                                   : "UPDATE accounts SET highest_last_resort = ?1 "
                                                     "WHERE id = ?2 AND highest_last_resort < ?1";
  TRY(Query(prepared(grow), key.id, id).run());
  if (database_->changed_rows() == 0) return Error::kReplay;
  Query put(prepared("INSERT OR REPLACE INTO repeated_keys "
                     "(account, kind, key_id, public_key, signature) VALUES (?, ?, ?, ?, ?)"),
            id, static_cast<int>(kind), key.id, key.public_key, key.signature);
  return put.run();
}

Result<RepeatedKey> SqliteStore::get_repeated(AccountId id, RepeatedKind kind) {
  Query row(prepared("SELECT key_id, public_key, signature FROM repeated_keys "
                     "WHERE account = ? AND kind = ?"),
            id, static_cast<int>(kind));
  if (!TRY(row.step())) return Error::kNotFound;
  return RepeatedKey{.id = static_cast<std::uint32_t>(row.integer(0)),
                     .public_key = row.blob(1),
                     .signature = row.array<64>(2)};
}

Status SqliteStore::add_one_time(AccountId id, std::span<const OneTimeKey> keys) {
  if (keys.empty()) return {};
  Query grow(prepared("UPDATE accounts SET highest_one_time = ?, "
                      "one_time_count = one_time_count + ? WHERE id = ? AND highest_one_time < ?"),
             keys.back().id, keys.size(), id, keys.front().id);
  TRY(grow.run());
  if (database_->changed_rows() == 0) return Error::kReplay;
  for (const auto& key : keys) {
    Query add(prepared("INSERT INTO one_time_keys (account, key_id, public_key) VALUES (?, ?, ?)"),
              id, key.id, key.public_key);
    TRY(add.run());
  }
  return {};
}

Status SqliteStore::add_one_time_kem(AccountId id, std::span<const OneTimeKemKey> keys) {
  if (keys.empty()) return {};
  Query grow(prepared("UPDATE accounts SET highest_one_time_kem = ?, "
                      "one_time_kem_count = one_time_kem_count + ? "
                      "WHERE id = ? AND highest_one_time_kem < ?"),
             keys.back().id, keys.size(), id, keys.front().id);
  TRY(grow.run());
  if (database_->changed_rows() == 0) return Error::kReplay;
  for (const auto& key : keys) {
    Query add(prepared("INSERT INTO one_time_kem_keys (account, key_id, public_key, signature) "
                       "VALUES (?, ?, ?, ?)"),
              id, key.id, key.public_key, key.signature);
    TRY(add.run());
  }
  return {};
}

Result<OneTimeKey> SqliteStore::take_one_time(AccountId id) {
  OneTimeKey out;
  {
    Query take(prepared("DELETE FROM one_time_keys WHERE account = ?1 AND key_id = "
                        "(SELECT min(key_id) FROM one_time_keys WHERE account = ?1) "
                        "RETURNING key_id, public_key"),
               id);
    if (!TRY(take.step())) return Error::kNotFound;
    out = {static_cast<std::uint32_t>(take.integer(0)), take.array<33>(1)};
    TRY(take.run());
  }
  Query count(prepared("UPDATE accounts SET one_time_count = one_time_count - 1 WHERE id = ?"), id);
  TRY(count.run());
  return out;
}

Result<OneTimeKemKey> SqliteStore::take_one_time_kem(AccountId id) {
  OneTimeKemKey out;
  {
    Query take(prepared("DELETE FROM one_time_kem_keys WHERE account = ?1 AND key_id = "
                        "(SELECT min(key_id) FROM one_time_kem_keys WHERE account = ?1) "
                        "RETURNING key_id, public_key, signature"),
               id);
    if (!TRY(take.step())) return Error::kNotFound;
    out = {static_cast<std::uint32_t>(take.integer(0)), take.blob(1), take.array<64>(2)};
    TRY(take.run());
  }
  Query count(
      prepared("UPDATE accounts SET one_time_kem_count = one_time_kem_count - 1 WHERE id = ?"), id);
  TRY(count.run());
  return out;
}

Status SqliteStore::drop_one_time(AccountId id) {
  TRY(Query(prepared("DELETE FROM one_time_keys WHERE account = ?"), id).run());
  TRY(Query(prepared("DELETE FROM one_time_kem_keys WHERE account = ?"), id).run());
  return Query(prepared("UPDATE accounts SET one_time_count = 0, one_time_kem_count = 0 "
                        "WHERE id = ?"),
               id)
      .run();
}

// ---- checkpoints

Status SqliteStore::note_checkpoint(AccountId id, const Checkpoint& checkpoint) {
  return Query(prepared("UPDATE accounts SET generation = ?2, generation_seal = ?3 "
                        "WHERE id = ?1 AND generation < ?2"),
               id, checkpoint.generation, checkpoint.seal)
      .run();
}

Result<Checkpoint> SqliteStore::checkpoint(AccountId id) {
  Query row(prepared("SELECT generation, generation_seal FROM accounts WHERE id = ?"), id);
  if (!TRY(row.step()) || row.integer(0) == 0) return Error::kNotFound;
  return Checkpoint{static_cast<std::uint64_t>(row.integer(0)), row.array<48>(1)};
}

}  // namespace server::store
