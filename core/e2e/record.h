// All that is kept about the conversation with one device: the current
// session, those before it, and the seeds of messages that are still missing.
// Spec: [Sesame] 3, docs/spec/end-to-end.md sessions, record.
//
// About 300 KB with the default limits: keep one object, and parse() into it
// what the store holds of the peer at hand. Stored, it takes what is in use:
// 0.7 to 3.1 KB for a session, as far as the post-quantum ratchet has come,
// 2.4 KB before the first answer, and 38 bytes for each key of a missing message.
//
// On error no call changes the record, and outputs are all zeros.
#ifndef CORE_E2E_RECORD_H_
#define CORE_E2E_RECORD_H_

#include "core/e2e/session.h"

namespace core::e2e {

struct Sealed {
  MessageType type{};
  std::size_t size = 0;
};

// A decrypted PreKeyMessage. If it started a session, the ids of the prekeys
// that it used up: erase the one-time keys, and remember the base key for a
// last-resort KEM key, in the transaction that stores the record.
struct OpenedPreKey {
  std::size_t size = 0;
  bool new_session = false;
  std::optional<std::uint32_t> used_one_time = {};
  std::optional<std::uint32_t> used_kem = {};
};

class SessionRecord {
 public:
  SessionRecord();
  SessionRecord(const SessionRecord&) = delete;
  SessionRecord& operator=(const SessionRecord&) = delete;

  // Starts a session; the current one, if any, is archived. `theirs` is the
  // identity key on file. Draws base key, KEM and ratchet key, 32 bytes each.
  // Errors: kUntrusted (the bundle is of another identity); kBadTag (a
  // signature); kBadKey; kRng.
  struct Initiation {
    const OurIdentity& identity;
    View<kPublicKeySize> theirs;
    const prekey::Bundle& bundle;
    std::uint32_t our_registration_id = 0;
    SpqrMinimum spqr_minimum = SpqrMinimum::kV1;
  };
  Status initiate(const Initiation& how, WallTime now, Rng& rng, crypto::MlKemWork& work);

  // Encrypts with the current session. `out` must hold
  // encrypted_size(plaintext.size()) bytes, or kFull may come back.
  // Errors: kNotFound (no current session) and kExpired (never answered in 30
  // days): fetch a bundle and initiate; kUntrusted (the session is with
  // another identity than parties.theirs); kFull; kRng.
  Result<Sealed> encrypt(const Parties& parties, Bytes plaintext, WallTime now, Rng& rng,
                         crypto::MlKemWork& work, MutBytes out);

  // Decrypts a message of type 2 into `plaintext`, which must hold
  // message.ciphertext.size() bytes, with whichever session can; that one
  // becomes the current one, unless it is retired.
  // Errors: kNotFound (no session of that version and identity); kBadTag;
  // kReplay; kFull; kBadKey; kRng.
  Result<std::size_t> decrypt_whisper(const Parties& parties, const SignalMessage& message,
                                      Rng& rng, crypto::MlKemWork& work, MutBytes plaintext);

  // True if a session with this message's version and base key exists: then
  // decrypt_prekey() needs no private prekeys, and nothing is used up.
  bool knows_base_key(const PreKeyMessage& message) const;

  // Decrypts a message of type 3, with the session of its base key if there is
  // one, else by the handshake; then the session becomes the current one,
  // unless it is retired.
  // `keys` may be null if knows_base_key(message).
  // The caller has refused, before this: an identity key that it does not
  // trust; a base key that it has seen with this last-resort KEM key.
  // Errors: as decrypt_whisper(); kNotFound (a private key is missing);
  // kUntrusted (message.identity_key is not parties.theirs).
  struct PreKeyInput {
    const OurIdentity& identity;
    const Parties& parties;
    const PreKeyMessage& message;
    const OurPreKeys* keys = nullptr;
    SpqrMinimum spqr_minimum = SpqrMinimum::kV1;
  };
  Result<OpenedPreKey> decrypt_prekey(const PreKeyInput& input, Rng& rng, crypto::MlKemWork& work,
                                      MutBytes plaintext);

  // Makes the next encrypt() ask for a new session. What is still under way on
  // this one stays readable, and brings it back.
  void archive_current();
  // The same for good, for all sessions that there are: they are read from, but
  // none of them becomes current again.
  void retire_all();
  bool has_current() const { return has_current_; }
  // True until the other side has answered on the current session.
  bool is_pending() const { return has_current_ && is_pending_; }
  // REQUIRES: has_current().
  const Session& current() const { return session(0); }
  std::size_t archived_count() const { return count_ - (has_current_ ? 1 : 0); }
  // Missing messages whose seeds are kept.
  std::size_t skipped_count() const { return skipped_.seeds.count(); }
  // And whose keys of the post-quantum ratchet are.
  std::size_t skipped_spqr_count() const { return skipped_.spqr_keys.count(); }
  // Forgets everything.
  void clear();

  // Writes the record and returns the size. The bytes are secret: wipe the
  // buffer after use. Errors: kFull.
  Result<std::size_t> serialize(MutBytes out) const;
  // Replaces `record` by a stored one. Errors: kMalformed (any damage, or a
  // record of a build with larger limits); kBadVersion; then `record` is empty.
  static Status parse(Bytes in, SessionRecord& record);

  // Most bytes that serialize() writes.
  static constexpr std::size_t kMaxSerializedSize =
      16 + PendingHandshake::kMaxStoredSize + (kMaxArchivedSessions + 1) * Session::kMaxStoredSize +
      2 * kMaxSkippedKeys * 38;

 private:
  static constexpr std::size_t kMaxSessions = kMaxArchivedSessions + 1;

  void exchange(Codec& codec);
  // The sessions in their order, newest first; [0] is current if there is one.
  // [count_] is an empty one to make the next in.
  Session& session(std::size_t position) { return slots_[order_[position]]; }
  const Session& session(std::size_t position) const { return slots_[order_[position]]; }
  // With the session at `position`, which becomes the current one; or with the
  // new one in session(count_). On error that is empty, and the kept ones as
  // they were.
  Result<std::size_t> decrypt(std::size_t position, const Parties& parties,
                              const SignalMessage& message, const Means& means, MutBytes plaintext);
  // Makes the one in session(count_) the current one.
  void push_current();
  // Puts it in the place of one that is kept.
  void replace(std::size_t position);
  void make_current(std::size_t position);
  // The position of the message's session; count_ if there is none.
  std::size_t find_base_key(const PreKeyMessage& message) const;

  // What is large comes last: a small offset makes shorter code.
  std::size_t count_ = 0;
  bool has_current_ = false;
  bool is_pending_ = false;
  std::array<std::uint8_t, kMaxSessions + 1> order_;
  PendingHandshake pending_;  // of the current session, if is_pending_
  // Sessions are large: they stay where they are and their order changes.
  std::array<Session, kMaxSessions + 1> slots_;
  Skipped skipped_;
};

}  // namespace core::e2e
#endif  // CORE_E2E_RECORD_H_
