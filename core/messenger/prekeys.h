// Our prekeys: made, published, kept in stock at the server, replaced by age,
// found for first messages and erased. Spec: [PQXDH] 3.2, 4.8, [API] publish, status.
#ifndef CORE_MESSENGER_PREKEYS_H_
#define CORE_MESSENGER_PREKEYS_H_

#include "core/api/message.h"
#include "core/e2e/record.h"
#include "core/messenger/records.h"
#include "core/messenger/requests.h"
#include "core/messenger/workspace.h"

namespace core::messenger {

// The private halves that a first message needs.
struct FoundPreKeys {
  e2e::OurSignedPreKey signed_pre_key;
  std::optional<e2e::OurOneTimePreKey> one_time;
  Secret<64> kem;
  std::optional<std::uint8_t> last_resort;  // its slot, if the KEM key is one
};

// Keys are in the store before they are published. A publish request is in the
// store too, and so the same one is repeated after a restart. The calls marked
// (t) need an open transaction; if that fails, load() puts memory right again.
class PreKeys {
 public:
  PreKeys(Store& store, Rng& rng, Workspace& work) : store_(store), rng_(rng), work_(work) {}
  Status load();
  const KeyStateRecord& state() const { return state_; }

  // ---- making
  // The server's stock as it has just been answered: what is missing is made.
  void stock(std::uint32_t one_time, std::uint32_t one_time_kem);
  bool making() const;
  // (t) Makes a few keys. Errors: kRng, kStore.
  Status make_some(const e2e::OurIdentity& identity, WallTime wall);
  // (t) Compares the server's repeated-use keys with ours: what it has lost is
  // published again, what it should not have is replaced. True if they agree.
  Result<bool> compare(const e2e::OurIdentity& identity, const api::StatusResponseView& status);
  // (t) Marks what is old for replacement, and erases what was replaced long
  // ago. Does nothing if `wall` is 0.
  Status age(WallTime wall);

  // ---- publishing
  bool to_publish() const;  // there are keys that the server does not have
  bool publishing() const { return state_.pending; }
  View<16> request_id() const { return state_.request_id; }
  // (t) Settles what the next request holds. REQUIRES: to_publish().
  Status begin_publish(const RequestId& id);
  // Writes the request's body, the same each time. REQUIRES: publishing().
  Result<std::size_t> write_publish(MutBytes body);
  // (t) The server has the keys.
  Status published();
  // (t) The server could not take them now: another request, later.
  Status postpone_publish();
  // (t) The server refused them for good: their ids are given up. kFar: it
  // knows higher ids than ours.
  // (t) The store was put back to an older state: the keys that the server has
  // may be of a state that is gone. Replaces all of them, under ids above those.
  Status put_back(std::uint32_t signed_id, std::uint32_t resort_id);
  enum class Jump : std::uint8_t { kNone, kFar };
  Status give_up(Jump jump);

  // ---- first messages
  // Errors: kNotFound (erased, replaced long ago, or never ours); kReplay (the
  // base key was used with this last-resort key before); kStore.
  Result<FoundPreKeys> find(const e2e::PreKeyMessage& message);
  // (t) A first message was read with them. Erases the one-time keys, remembers
  // the base key for a last-resort key.
  Status used(const e2e::PreKeyMessage& message, const FoundPreKeys& found);

  // When the current ones were made; 0: unknown.
  Result<WallTime> signed_made();
  Result<WallTime> resort_made();

 private:
  struct BaseKeys;

  Status save() { return put_record(store_, RecordKey(Kind::kKeyState), state_); }
  Status make_signed(const e2e::OurIdentity& identity, WallTime wall);
  Status make_last_resort(const e2e::OurIdentity& identity, WallTime wall);
  Status make_one_time();
  Status make_one_time_kem(const e2e::OurIdentity& identity);
  Result<KemRecord> new_kem(const e2e::OurIdentity& identity);
  Result<std::uint32_t> unpublished_kem();
  template <class Record>
  Status age_kind(Kind kind, std::size_t slots, std::uint32_t current, std::int64_t lifetime_ms,
                  WallTime wall, bool& wanted);
  template <class Record>
  Status replace(Kind kind, std::size_t slot, WallTime wall);

  Store& store_;
  Rng& rng_;
  Workspace& work_;
  KeyStateRecord state_;
  std::uint32_t want_one_time_ = 0, want_kem_ = 0;  // to be made
  bool want_signed_ = false, want_resort_ = false;
};

}  // namespace core::messenger
#endif  // CORE_MESSENGER_PREKEYS_H_
