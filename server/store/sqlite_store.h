// The SQLite store's class and its statements; users include sqlite.h.
#ifndef SERVER_STORE_SQLITE_STORE_H_
#define SERVER_STORE_SQLITE_STORE_H_

#include "server/store/database.h"
#include "server/store/store.h"

namespace server::store {

class SqliteStore final : public Store {
 public:
  explicit SqliteStore(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  Status begin() override;
  Status commit() override;
  void rollback() override;
  std::string last_failure() const override { return database_->last_failure(); }

  Result<Account> find_account(const core::DeviceName& name) override;
  Result<AccountId> add_account(const Account& account) override;
  Status renew_account(const Account& account) override;
  Status revoke_account(AccountId id) override;
  Result<core::DeviceName> key_owner(core::View<33> identity_key) override;
  Result<std::vector<Account>> list_accounts(const core::DeviceName& after,
                                             std::size_t limit) override;

  Status put_tunnel_peer(const TunnelPeer& peer) override;
  Result<TunnelPeer> find_tunnel_peer(AccountId id) override;
  Result<std::vector<TunnelPeer>> list_tunnel_peers() override;

  Status add_invite(const Invite& invite) override;
  Result<Invite> find_invite(core::View<8> id) override;
  Status use_invite(core::View<8> id, core::WallTime used_at, core::View<32> request_digest,
                    core::Bytes response) override;

  Result<PreKeyState> pre_key_state(AccountId id) override;
  Status put_repeated(AccountId id, RepeatedKind kind, const RepeatedKey& key) override;
  Result<RepeatedKey> get_repeated(AccountId id, RepeatedKind kind) override;
  Status add_one_time(AccountId id, std::span<const OneTimeKey> keys) override;
  Status add_one_time_kem(AccountId id, std::span<const OneTimeKemKey> keys) override;
  Result<OneTimeKey> take_one_time(AccountId id) override;
  Result<OneTimeKemKey> take_one_time_kem(AccountId id) override;
  Status drop_one_time(AccountId id) override;
  Status note_checkpoint(AccountId id, const Checkpoint& checkpoint) override;
  Result<Checkpoint> checkpoint(AccountId id) override;

  Result<std::uint64_t> append_mail(const NewMail& mail) override;
  Result<bool> mail_known(AccountId sender, AccountId recipient, core::View<16> mail_id) override;
  Result<MailLoad> mail_load(AccountId recipient, AccountId sender) override;
  Result<std::vector<StoredMail>> read_mail(AccountId recipient, std::uint64_t after,
                                            std::size_t count, std::size_t bytes,
                                            core::WallTime now) override;
  Result<std::uint64_t> acknowledge(AccountId recipient, std::uint64_t through) override;

  Status add_answer(AccountId id, core::View<16> request_id, core::View<32> digest,
                    core::Bytes response, core::WallTime now) override;
  Result<StoredAnswer> find_answer(AccountId id, core::View<16> request_id) override;

  Result<std::size_t> expire_mail(core::WallTime now, std::size_t limit) override;
  Result<std::size_t> forget_mail_ids(core::WallTime stored_before, std::size_t limit) override;
  Result<std::size_t> forget_answers(core::WallTime stored_before, std::size_t limit) override;
  Result<std::size_t> trim_answers(std::size_t keep, std::size_t limit) override;
  Result<std::size_t> forget_invites(core::WallTime expired_before, std::size_t limit) override;
  Result<Totals> totals() override;

 private:
  Statement& prepared(const char* sql);
  // Runs an upkeep DELETE of rows older than `before`.
  Result<std::size_t> forget(const char* sql, core::WallTime before, std::size_t limit);
  // Deletes answers by rowid and counts them off their accounts.
  struct AnswerRow {
    std::int64_t row = 0;
    AccountId account = 0;
  };
  Result<std::size_t> erase_answers(std::span<const AnswerRow> rows);
  // Takes `count` mails of `bytes` off a mailbox's and a share's counts.
  Status reduce_load(AccountId recipient, AccountId sender, std::int64_t count, std::int64_t bytes);

  std::unique_ptr<Database> database_;
  // By the literal's address: each text stands once in the source. Statements
  // close before the connection.
  std::vector<std::pair<const char*, std::unique_ptr<Statement>>> statements_;
};

}  // namespace server::store
#endif  // SERVER_STORE_SQLITE_STORE_H_
