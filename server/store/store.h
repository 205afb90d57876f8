// What the server's rules keep, in their words. One interface, several
// implementations (memory, SQLite); all pass store_conformance_test.
//
// Used by one thread at a time. Every call that changes something happens
// inside a transaction: begin(), the calls, commit(). After an error of
// kind kStore the caller must call rollback(); then nothing of the
// transaction has happened. Other errors changed nothing and the transaction
// may go on. Spec: docs/spec/server-store.md.
#ifndef SERVER_STORE_STORE_H_
#define SERVER_STORE_STORE_H_

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/name.h"
#include "core/base/time.h"
#include "server/store/tunnel_peer.h"

namespace server::store {

using Blob = std::vector<std::uint8_t>;
using core::Result;
using core::Status;

enum class AccountState : std::uint8_t { kActive = 0, kRevoked = 1 };

struct Account {
  AccountId id = 0;
  core::DeviceName name;
  core::ByteArray<33> identity_key{};
  std::uint32_t registration_id = 0;  // 1 to 16380
  core::WallTime enrolled_at;
  AccountState state = AccountState::kActive;
};

// An invite, found by what its secret's holder sends first.
struct Invite {
  core::ByteArray<8> id{};
  core::DeviceName name;         // the name it was made for
  core::ByteArray<16> secret{};  // all zeros once it is forgotten
  core::WallTime expires_at;
  std::optional<core::WallTime> used_at;
  core::ByteArray<32> request_digest{};  // of the request that used it
  Blob response;                         // and the sealed response to it
};

// Keys that are handed out again and again: one of each kind for a device.
enum class RepeatedKind : std::uint8_t { kSigned = 0, kLastResort = 1 };

struct RepeatedKey {
  std::uint32_t id = 0;
  Blob public_key;  // 33 (kSigned) or 1569 (kLastResort)
  core::ByteArray<64> signature{};
};
struct OneTimeKey {
  std::uint32_t id = 0;
  core::ByteArray<33> public_key{};
};
struct OneTimeKemKey {
  std::uint32_t id = 0;
  Blob public_key;  // 1569
  core::ByteArray<64> signature{};
};

// The stock of a device and the highest id of each kind ever seen.
struct PreKeyState {
  std::uint32_t one_time_count = 0, one_time_kem_count = 0;
  std::uint32_t highest_signed = 0, highest_last_resort = 0;
  std::uint32_t highest_one_time = 0, highest_one_time_kem = 0;
};

struct NewMail {
  AccountId recipient = 0, sender = 0;
  core::ByteArray<16> mail_id{};
  std::uint32_t type = 0;
  core::Bytes ciphertext;  // 1 to 65,536 bytes; lives for the call
  core::WallTime stored_at, expires_at;
};
struct StoredMail {
  std::uint64_t sequence = 0;  // 1, 2, ... of the recipient
  core::DeviceName sender;
  core::ByteArray<16> mail_id{};
  std::uint32_t type = 0;
  Blob ciphertext;
  core::WallTime stored_at;
};
// What waits in a mailbox, of everybody and of one sender. `bytes` counts
// ciphertexts.
struct MailLoad {
  std::uint64_t count = 0, bytes = 0;
  std::uint64_t sender_count = 0, sender_bytes = 0;
};

struct StoredAnswer {
  core::ByteArray<32> digest{};  // of the request
  Blob response;
};

struct Totals {
  std::uint64_t devices = 0, revoked = 0, invites = 0;
  std::uint64_t mails = 0, mail_bytes = 0;
  std::uint64_t one_time_keys = 0, one_time_kem_keys = 0, answers = 0;
};

// Errors of every call: kStore. Only the others are named below.
class Store {
 public:
  virtual ~Store() = default;

  // Starts a transaction that sees and locks the latest state.
  // REQUIRES: none is open.
  virtual Status begin() = 0;
  // Makes it durable. After an error: rollback(), and nothing has happened.
  virtual Status commit() = 0;
  // Ends it without a trace. Does nothing if none is open.
  virtual void rollback() = 0;
  // A sentence for the operator's log about the last kStore.
  virtual std::string last_failure() const = 0;

  // ---- accounts. Errors: kNotFound for an id or name that is not there.
  virtual Result<Account> find_account(const core::DeviceName& name) = 0;
  // Adds an active account; `account.id` and `.state` are ignored.
  // Errors: kReplay if the name is taken or the key was ever known.
  virtual Result<AccountId> add_account(const Account& account) = 0;
  // Gives a revoked account a new identity key and makes it active; its ids of
  // prekeys start anew. Errors: kReplay (the key was known before),
  // kOutOfOrder (the account is not revoked).
  virtual Status renew_account(const Account& account) = 0;
  // Marks it revoked; drops its tunnel, its prekeys, its mailbox and its
  // answers. Mails it has sent stay. Sequence numbers of its mailbox go on growing.
  virtual Status revoke_account(AccountId id) = 0;
  // The name that an identity key is or was enrolled under. Errors: kNotFound.
  virtual Result<core::DeviceName> key_owner(core::View<33> identity_key) = 0;
  // In the order of their names' bytes, those after `after`.
  virtual Result<std::vector<Account>> list_accounts(const core::DeviceName& after,
                                                     std::size_t limit) = 0;

  // ---- tunnel
  // Replaces the account's. Errors: kNotFound, kReplay (another's address).
  virtual Status put_tunnel_peer(const TunnelPeer& peer) = 0;
  virtual Result<TunnelPeer> find_tunnel_peer(AccountId id) = 0;    // Errors: kNotFound
  virtual Result<std::vector<TunnelPeer>> list_tunnel_peers() = 0;  // by address

  // ---- invites
  virtual Status add_invite(const Invite& invite) = 0;       // Errors: kReplay
  virtual Result<Invite> find_invite(core::View<8> id) = 0;  // Errors: kNotFound
  // Errors: kNotFound, kReplay (used before).
  virtual Status use_invite(core::View<8> id, core::WallTime used_at, core::View<32> request_digest,
                            core::Bytes response) = 0;

  // ---- prekeys. Ids only grow: an id not above the highest of its kind is
  // kReplay, and nothing is changed.
  virtual Result<PreKeyState> pre_key_state(AccountId id) = 0;
  virtual Status put_repeated(AccountId id, RepeatedKind kind, const RepeatedKey& key) = 0;
  // Errors: kNotFound.
  virtual Result<RepeatedKey> get_repeated(AccountId id, RepeatedKind kind) = 0;
  // REQUIRES: ids ascend.
  virtual Status add_one_time(AccountId id, std::span<const OneTimeKey> keys) = 0;
  virtual Status add_one_time_kem(AccountId id, std::span<const OneTimeKemKey> keys) = 0;
  // Removes the key with the lowest id, for good. Errors: kNotFound.
  virtual Result<OneTimeKey> take_one_time(AccountId id) = 0;
  virtual Result<OneTimeKemKey> take_one_time_kem(AccountId id) = 0;

  // ---- mail
  // Appends and returns the sequence number. Remembers (sender, recipient,
  // mail id) until forget_mail_ids. Errors: kReplay if it is remembered.
  virtual Result<std::uint64_t> append_mail(const NewMail& mail) = 0;
  virtual Result<bool> mail_known(AccountId sender, AccountId recipient,
                                  core::View<16> mail_id) = 0;
  virtual Result<MailLoad> mail_load(AccountId recipient, AccountId sender) = 0;
  // Mails after a sequence number that have not expired, in order: up to
  // `count`, and no more once their ciphertexts exceed `bytes` (at least one).
  virtual Result<std::vector<StoredMail>> read_mail(AccountId recipient, std::uint64_t after,
                                                    std::size_t count, std::size_t bytes,
                                                    core::WallTime now) = 0;
  // Deletes all mails up to `through`; the next sequence number will be above
  // it. Returns how many mails are left.
  virtual Result<std::uint64_t> acknowledge(AccountId recipient, std::uint64_t through) = 0;

  // ---- answers
  virtual Status add_answer(AccountId id, core::View<16> request_id, core::View<32> digest,
                            core::Bytes response, core::WallTime now) = 0;  // Errors: kReplay
  virtual Result<StoredAnswer> find_answer(AccountId id, core::View<16> request_id) = 0;

  // ---- upkeep: each deletes up to `limit` rows and returns how many.
  virtual Result<std::size_t> expire_mail(core::WallTime now, std::size_t limit) = 0;
  virtual Result<std::size_t> forget_mail_ids(core::WallTime stored_before, std::size_t limit) = 0;
  virtual Result<std::size_t> forget_answers(core::WallTime stored_before, std::size_t limit) = 0;
  // Of a device that has more than `keep`, the oldest.
  virtual Result<std::size_t> trim_answers(std::size_t keep, std::size_t limit) = 0;
  virtual Result<std::size_t> forget_invites(core::WallTime expired_before, std::size_t limit) = 0;
  virtual Result<Totals> totals() = 0;
};

}  // namespace server::store
#endif  // SERVER_STORE_STORE_H_
