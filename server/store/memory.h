// The store in memory, for tests of the rules. Nothing is durable.
#ifndef SERVER_STORE_MEMORY_H_
#define SERVER_STORE_MEMORY_H_

#include <map>

#include "server/store/store.h"

namespace server::store {

class MemoryStore final : public Store {
 public:
  Status begin() override;
  Status commit() override;
  void rollback() override;
  std::string last_failure() const override { return {}; }

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
  struct Mail {
    AccountId sender = 0;
    core::ByteArray<16> mail_id{};
    std::uint32_t type = 0;
    Blob ciphertext;
    core::WallTime stored_at, expires_at;
  };
  struct Answer {
    StoredAnswer stored;
    core::WallTime stored_at;
    std::uint64_t number = 0;  // in the order of coming
  };
  struct Row {
    Account account;
    PreKeyState highest;  // its counts are not used
    std::map<RepeatedKind, RepeatedKey> repeated;
    std::map<std::uint32_t, OneTimeKey> one_time;
    std::map<std::uint32_t, OneTimeKemKey> one_time_kem;
    Checkpoint checkpoint;  // generation 0: none yet
    std::uint64_t last_sequence = 0;
    std::map<std::uint64_t, Mail> mails;
    std::map<core::ByteArray<16>, Answer> answers;
  };
  struct MailKey {
    AccountId sender, recipient;
    core::ByteArray<16> mail_id;
    friend auto operator<=>(const MailKey&, const MailKey&) = default;
  };
  struct State {
    std::map<AccountId, Row> rows;
    std::map<std::string, AccountId> names;
    std::map<core::ByteArray<33>, AccountId> keys;    // all ever known
    std::map<core::ByteArray<8>, TunnelPeer> tunnel;  // by host
    std::map<core::ByteArray<8>, Invite> invites;
    std::map<MailKey, core::WallTime> mail_ids;
    std::uint64_t answers_ever = 0;
  };

  Row* row(AccountId id);

  State state_;
  std::optional<State> before_;  // of the open transaction
};

}  // namespace server::store
#endif  // SERVER_STORE_MEMORY_H_
