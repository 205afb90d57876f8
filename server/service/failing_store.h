// A store whose n-th call fails: for tests of what happens then.
#ifndef SERVER_SERVICE_FAILING_STORE_H_
#define SERVER_SERVICE_FAILING_STORE_H_

#include "server/store/store.h"

namespace server::service {

class FailingStore final : public store::Store {
 public:
  explicit FailingStore(store::Store& behind) : behind_(behind) {}

  // The n-th call from here (1: the next one) fails. 0: none.
  void fail_at(int n) { left_ = n; }
  // True once it has failed.
  bool failed() const { return failed_; }

  store::Status begin() override {
    if (fails()) return core::Error::kStore;
    return behind_.begin();
  }
  store::Status commit() override {
    if (fails()) return core::Error::kStore;
    return behind_.commit();
  }
  void rollback() override { behind_.rollback(); }
  std::string last_failure() const override { return "made to fail"; }

  store::Result<store::Account> find_account(const core::DeviceName& name) override {
    if (fails()) return core::Error::kStore;
    return behind_.find_account(name);
  }
  store::Result<store::AccountId> add_account(const store::Account& account) override {
    if (fails()) return core::Error::kStore;
    return behind_.add_account(account);
  }
  store::Status renew_account(const store::Account& account) override {
    if (fails()) return core::Error::kStore;
    return behind_.renew_account(account);
  }
  store::Status revoke_account(store::AccountId id) override {
    if (fails()) return core::Error::kStore;
    return behind_.revoke_account(id);
  }
  store::Result<core::DeviceName> key_owner(core::View<33> identity_key) override {
    if (fails()) return core::Error::kStore;
    return behind_.key_owner(identity_key);
  }
  store::Result<std::vector<store::Account>> list_accounts(const core::DeviceName& after,
                                                           std::size_t limit) override {
    if (fails()) return core::Error::kStore;
    return behind_.list_accounts(after, limit);
  }
  store::Status put_tunnel_peer(const store::TunnelPeer& peer) override {
    if (fails()) return core::Error::kStore;
    return behind_.put_tunnel_peer(peer);
  }
  store::Result<store::TunnelPeer> find_tunnel_peer(store::AccountId id) override {
    if (fails()) return core::Error::kStore;
    return behind_.find_tunnel_peer(id);
  }
  store::Result<std::vector<store::TunnelPeer>> list_tunnel_peers() override {
    if (fails()) return core::Error::kStore;
    return behind_.list_tunnel_peers();
  }
  store::Status add_invite(const store::Invite& invite) override {
    if (fails()) return core::Error::kStore;
    return behind_.add_invite(invite);
  }
  store::Result<store::Invite> find_invite(core::View<8> id) override {
    if (fails()) return core::Error::kStore;
    return behind_.find_invite(id);
  }
  store::Status use_invite(core::View<8> id, core::WallTime used_at, core::View<32> request_digest,
                           core::Bytes response) override {
    if (fails()) return core::Error::kStore;
    return behind_.use_invite(id, used_at, request_digest, response);
  }
  store::Result<store::PreKeyState> pre_key_state(store::AccountId id) override {
    if (fails()) return core::Error::kStore;
    return behind_.pre_key_state(id);
  }
  store::Status put_repeated(store::AccountId id, store::RepeatedKind kind,
                             const store::RepeatedKey& key) override {
    if (fails()) return core::Error::kStore;
    return behind_.put_repeated(id, kind, key);
  }
  store::Result<store::RepeatedKey> get_repeated(store::AccountId id,
                                                 store::RepeatedKind kind) override {
    if (fails()) return core::Error::kStore;
    return behind_.get_repeated(id, kind);
  }
  store::Status add_one_time(store::AccountId id,
                             std::span<const store::OneTimeKey> keys) override {
    if (fails()) return core::Error::kStore;
    return behind_.add_one_time(id, keys);
  }
  store::Status add_one_time_kem(store::AccountId id,
                                 std::span<const store::OneTimeKemKey> keys) override {
    if (fails()) return core::Error::kStore;
    return behind_.add_one_time_kem(id, keys);
  }
  store::Result<store::OneTimeKey> take_one_time(store::AccountId id) override {
    if (fails()) return core::Error::kStore;
    return behind_.take_one_time(id);
  }
  store::Result<store::OneTimeKemKey> take_one_time_kem(store::AccountId id) override {
    if (fails()) return core::Error::kStore;
    return behind_.take_one_time_kem(id);
  }
  store::Status drop_one_time(store::AccountId id) override {
    if (fails()) return core::Error::kStore;
    return behind_.drop_one_time(id);
  }
  store::Status note_checkpoint(store::AccountId id, const store::Checkpoint& checkpoint) override {
    if (fails()) return core::Error::kStore;
    return behind_.note_checkpoint(id, checkpoint);
  }
  store::Result<store::Checkpoint> checkpoint(store::AccountId id) override {
    if (fails()) return core::Error::kStore;
    return behind_.checkpoint(id);
  }
  store::Result<std::uint64_t> append_mail(const store::NewMail& mail) override {
    if (fails()) return core::Error::kStore;
    return behind_.append_mail(mail);
  }
  store::Result<bool> mail_known(store::AccountId sender, store::AccountId recipient,
                                 core::View<16> mail_id) override {
    if (fails()) return core::Error::kStore;
    return behind_.mail_known(sender, recipient, mail_id);
  }
  store::Result<store::MailLoad> mail_load(store::AccountId recipient,
                                           store::AccountId sender) override {
    if (fails()) return core::Error::kStore;
    return behind_.mail_load(recipient, sender);
  }
  store::Result<std::vector<store::StoredMail>> read_mail(store::AccountId recipient,
                                                          std::uint64_t after, std::size_t count,
                                                          std::size_t bytes,
                                                          core::WallTime now) override {
    if (fails()) return core::Error::kStore;
    return behind_.read_mail(recipient, after, count, bytes, now);
  }
  store::Result<std::uint64_t> acknowledge(store::AccountId recipient,
                                           std::uint64_t through) override {
    if (fails()) return core::Error::kStore;
    return behind_.acknowledge(recipient, through);
  }
  store::Status add_answer(store::AccountId id, core::View<16> request_id, core::View<32> digest,
                           core::Bytes response, core::WallTime now) override {
    if (fails()) return core::Error::kStore;
    return behind_.add_answer(id, request_id, digest, response, now);
  }
  store::Result<store::StoredAnswer> find_answer(store::AccountId id,
                                                 core::View<16> request_id) override {
    if (fails()) return core::Error::kStore;
    return behind_.find_answer(id, request_id);
  }
  store::Result<std::size_t> expire_mail(core::WallTime now, std::size_t limit) override {
    if (fails()) return core::Error::kStore;
    return behind_.expire_mail(now, limit);
  }
  store::Result<std::size_t> forget_mail_ids(core::WallTime before, std::size_t limit) override {
    if (fails()) return core::Error::kStore;
    return behind_.forget_mail_ids(before, limit);
  }
  store::Result<std::size_t> forget_answers(core::WallTime before, std::size_t limit) override {
    if (fails()) return core::Error::kStore;
    return behind_.forget_answers(before, limit);
  }
  store::Result<std::size_t> trim_answers(std::size_t keep, std::size_t limit) override {
    if (fails()) return core::Error::kStore;
    return behind_.trim_answers(keep, limit);
  }
  store::Result<std::size_t> forget_invites(core::WallTime before, std::size_t limit) override {
    if (fails()) return core::Error::kStore;
    return behind_.forget_invites(before, limit);
  }
  store::Result<store::Totals> totals() override {
    if (fails()) return core::Error::kStore;
    return behind_.totals();
  }

 private:
  bool fails() {
    if (left_ == 0 || --left_ != 0) return false;
    failed_ = true;
    return true;
  }

  store::Store& behind_;
  int left_ = 0;
  bool failed_ = false;
};

}  // namespace server::service
#endif  // SERVER_SERVICE_FAILING_STORE_H_
