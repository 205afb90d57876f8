// The SQLite store's mailboxes, answers and upkeep.
#include <algorithm>

#include "server/store/sqlite_store.h"

namespace server::store {

using core::Error;

namespace {

// What goes from one sender's share of one mailbox.
struct Gone {
  AccountId recipient = 0, sender = 0;
  std::int64_t count = 0, bytes = 0;
};

}  // namespace

// ---- mail

Result<std::uint64_t> SqliteStore::append_mail(const NewMail& mail) {
  Query remember(prepared("INSERT INTO mail_ids (sender, recipient, mail_id, stored_at_ms) "
                          "VALUES (?, ?, ?, ?)"),
                 mail.sender, mail.recipient, mail.mail_id, mail.stored_at.ms);
  TRY(remember.run());
  std::uint64_t sequence = 0;
  {
    Query count(prepared("UPDATE accounts SET last_sequence = last_sequence + 1, "
                         "mail_count = mail_count + 1, mail_bytes = mail_bytes + ? "
                         "WHERE id = ? RETURNING last_sequence"),
                mail.ciphertext.size(), mail.recipient);
    if (!TRY(count.step())) return Error::kStore;
    sequence = static_cast<std::uint64_t>(count.integer(0));
    TRY(count.run());
  }
  Query share(prepared("INSERT INTO mail_shares (recipient, sender, mail_count, mail_bytes) "
                       "VALUES (?1, ?2, 1, ?3) ON CONFLICT (recipient, sender) DO UPDATE SET "
                       "mail_count = mail_count + 1, mail_bytes = mail_bytes + ?3"),
              mail.recipient, mail.sender, mail.ciphertext.size());
  TRY(share.run());
  Query add(prepared("INSERT INTO mails (recipient, sequence, sender, mail_id, type, ciphertext, "
                     "stored_at_ms, expires_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"),
            mail.recipient, sequence, mail.sender, mail.mail_id, mail.type, mail.ciphertext,
            mail.stored_at.ms, mail.expires_at.ms);
  TRY(add.run());
  return sequence;
}

Result<bool> SqliteStore::mail_known(AccountId sender, AccountId recipient,
                                     core::View<16> mail_id) {
  Query row(prepared("SELECT 1 FROM mail_ids WHERE sender = ? AND recipient = ? AND mail_id = ?"),
            sender, recipient, mail_id);
  return row.step();
}

Result<MailLoad> SqliteStore::mail_load(AccountId recipient, AccountId sender) {
  Query row(prepared("SELECT a.mail_count, a.mail_bytes, ifnull(s.mail_count, 0), "
                     "ifnull(s.mail_bytes, 0) FROM accounts a LEFT JOIN mail_shares s "
                     "ON s.recipient = a.id AND s.sender = ? WHERE a.id = ?"),
            sender, recipient);
  if (!TRY(row.step())) return Error::kNotFound;
  const auto number = [&](int column) { return static_cast<std::uint64_t>(row.integer(column)); };
  return MailLoad{number(0), number(1), number(2), number(3)};
}

Result<std::vector<StoredMail>> SqliteStore::read_mail(AccountId recipient, std::uint64_t after,
                                                       std::size_t count, std::size_t bytes,
                                                       core::WallTime now) {
  Query row(prepared("SELECT sequence, name, mail_id, type, ciphertext, stored_at_ms "
                     "FROM mails JOIN accounts ON accounts.id = sender "
                     "WHERE recipient = ? AND sequence > ? AND expires_at_ms > ? "
                     "ORDER BY sequence LIMIT ?"),
            recipient, after, now.ms, count);
  std::vector<StoredMail> out;
  std::size_t size = 0;
  while (TRY(row.step())) {
    size += row.bytes(4).size();
    if (!out.empty() && size > bytes) break;
    out.push_back({.sequence = static_cast<std::uint64_t>(row.integer(0)),
                   .sender = row.name(1),
                   .mail_id = row.array<16>(2),
                   .type = static_cast<std::uint32_t>(row.integer(3)),
                   .ciphertext = row.blob(4),
                   .stored_at = {row.integer(5)}});
  }
  return out;
}

Status SqliteStore::reduce_load(AccountId recipient, AccountId sender, std::int64_t count,
                                std::int64_t bytes) {
  Query share(prepared("UPDATE mail_shares SET mail_count = mail_count - ?, "
                       "mail_bytes = mail_bytes - ? WHERE recipient = ? AND sender = ?"),
              count, bytes, recipient, sender);
  TRY(share.run());
  Query box(prepared("UPDATE accounts SET mail_count = mail_count - ?, "
                     "mail_bytes = mail_bytes - ? WHERE id = ?"),
            count, bytes, recipient);
  return box.run();
}

Result<std::uint64_t> SqliteStore::acknowledge(AccountId recipient, std::uint64_t through) {
  std::vector<Gone> gone;
  {
    Query row(prepared("SELECT sender, count(*), sum(length(ciphertext)) FROM mails "
                       "WHERE recipient = ? AND sequence <= ? GROUP BY sender"),
              recipient, through);
    while (TRY(row.step())) {
      gone.push_back({recipient, row.integer(0), row.integer(1), row.integer(2)});
    }
  }
  if (!gone.empty()) {
    Query erase(prepared("DELETE FROM mails WHERE recipient = ? AND sequence <= ?"), recipient,
                through);
    TRY(erase.run());
    for (const auto& g : gone) TRY(reduce_load(g.recipient, g.sender, g.count, g.bytes));
  }
  Query box(prepared("SELECT mail_count, last_sequence FROM accounts WHERE id = ?"), recipient);
  if (!TRY(box.step())) return Error::kNotFound;
  const auto left = static_cast<std::uint64_t>(box.integer(0));
  if (static_cast<std::uint64_t>(box.integer(1)) < through) {
    Query raise(prepared("UPDATE accounts SET last_sequence = ? WHERE id = ?"), through, recipient);
    TRY(raise.run());
  }
  return left;
}

// ---- answers

Status SqliteStore::add_answer(AccountId id, core::View<16> request_id, core::View<32> digest,
                               core::Bytes response, core::WallTime now) {
  Query add(prepared("INSERT INTO answers (account, request_id, digest, response, stored_at_ms) "
                     "VALUES (?, ?, ?, ?, ?)"),
            id, request_id, digest, response, now.ms);
  TRY(add.run());
  return Query(prepared("UPDATE accounts SET answer_count = answer_count + 1 WHERE id = ?"), id)
      .run();
}

Result<StoredAnswer> SqliteStore::find_answer(AccountId id, core::View<16> request_id) {
  Query row(prepared("SELECT digest, response FROM answers WHERE account = ? AND request_id = ?"),
            id, request_id);
  if (!TRY(row.step())) return Error::kNotFound;
  return StoredAnswer{row.array<32>(0), row.blob(1)};
}

// ---- upkeep

Result<std::size_t> SqliteStore::expire_mail(core::WallTime now, std::size_t limit) {
  struct Expired {
    std::int64_t row = 0;
    Gone gone;
  };
  std::vector<Expired> expired;
  {
    Query row(prepared("SELECT rowid, recipient, sender, length(ciphertext) FROM mails "
                       "WHERE expires_at_ms <= ? LIMIT ?"),
              now.ms, limit);
    while (TRY(row.step())) {
      expired.push_back({row.integer(0), {row.integer(1), row.integer(2), 1, row.integer(3)}});
    }
  }
  for (const auto& [row, gone] : expired) {
    TRY(Query(prepared("DELETE FROM mails WHERE rowid = ?"), row).run());
    TRY(reduce_load(gone.recipient, gone.sender, gone.count, gone.bytes));
  }
  return expired.size();
}

Result<std::size_t> SqliteStore::forget(const char* sql, core::WallTime before, std::size_t limit) {
  TRY(Query(prepared(sql), before.ms, limit).run());
  return static_cast<std::size_t>(database_->changed_rows());
}

Result<std::size_t> SqliteStore::forget_mail_ids(core::WallTime stored_before, std::size_t limit) {
  return forget(
      "DELETE FROM mail_ids WHERE (sender, recipient, mail_id) IN (SELECT sender, recipient, "
      "mail_id FROM mail_ids WHERE stored_at_ms < ? ORDER BY stored_at_ms LIMIT ?)",
      stored_before, limit);
}

Result<std::size_t> SqliteStore::forget_answers(core::WallTime stored_before, std::size_t limit) {
  std::vector<AnswerRow> rows;
  {
    Query row(prepared("SELECT rowid, account FROM answers WHERE stored_at_ms < ? "
                       "ORDER BY stored_at_ms LIMIT ?"),
              stored_before.ms, limit);
    while (TRY(row.step())) rows.push_back({row.integer(0), row.integer(1)});
  }
  return erase_answers(rows);
}

Result<std::size_t> SqliteStore::trim_answers(std::size_t keep, std::size_t limit) {
  std::vector<std::pair<AccountId, std::size_t>> over;
  {
    Query row(prepared("SELECT id, answer_count FROM accounts WHERE answer_count > ?"), keep);
    while (TRY(row.step())) {
      over.emplace_back(row.integer(0), static_cast<std::size_t>(row.integer(1)) - keep);
    }
  }
  std::vector<AnswerRow> rows;
  for (const auto& [account, excess] : over) {
    // Rows are numbered in the order of their coming.
    Query row(prepared("SELECT rowid FROM answers WHERE account = ? ORDER BY rowid LIMIT ?"),
              account, std::min(excess, limit - rows.size()));
    while (TRY(row.step())) rows.push_back({row.integer(0), account});
  }
  return erase_answers(rows);
}

Result<std::size_t> SqliteStore::erase_answers(std::span<const AnswerRow> rows) {
  for (const auto& [row, account] : rows) {
    TRY(Query(prepared("DELETE FROM answers WHERE rowid = ?"), row).run());
    Query count(prepared("UPDATE accounts SET answer_count = answer_count - 1 WHERE id = ?"),
                account);
    TRY(count.run());
  }
  return rows.size();
}

Result<std::size_t> SqliteStore::forget_invites(core::WallTime expired_before, std::size_t limit) {
  return forget(
      "DELETE FROM invites WHERE id IN (SELECT id FROM invites "
      "WHERE expires_at_ms < ? ORDER BY expires_at_ms LIMIT ?)",
      expired_before, limit);
}

Result<Totals> SqliteStore::totals() {
  Query row(
      prepared("SELECT total(revoked = 0), total(revoked), total(mail_count), "
               "total(mail_bytes), total(one_time_count), total(one_time_kem_count), "
               "(SELECT count(*) FROM invites WHERE used_at_ms IS NULL), "
               "(SELECT count(*) FROM answers) FROM accounts"));
  if (!TRY(row.step())) return Error::kStore;
  const auto number = [&](int column) { return static_cast<std::uint64_t>(row.integer(column)); };
  return Totals{.devices = number(0),
                .revoked = number(1),
                .invites = number(6),
                .mails = number(2),
                .mail_bytes = number(3),
                .one_time_keys = number(4),
                .one_time_kem_keys = number(5),
                .answers = number(7)};
}

}  // namespace server::store
