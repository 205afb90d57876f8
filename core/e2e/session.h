// One session with one device: what a handshake made, and its two ratchets.
// Spec: [DR] 3, docs/spec/end-to-end.md sessions.
#ifndef CORE_E2E_SESSION_H_
#define CORE_E2E_SESSION_H_

#include "core/e2e/agreement.h"
#include "core/e2e/ratchet.h"
#include "core/e2e/spqr/spqr.h"

namespace core::e2e {

// An initiator's random bytes, in the order in which they are drawn.
struct InitiatorRandom {
  Secret<32> base_key, kem, ratchet_key;
};

// What a version 4 session does with a peer from before the post-quantum
// ratchet became mandatory. With kV1, the default, its messages are refused.
// With kNone a peer whose first message has no field 5 makes the session run
// without that ratchet for its life; a peer that has it can still not leave it.
using SpqrMinimum = spqr::Minimum;

// What a session uses to write or to read a message.
struct Means {
  Rng& rng;
  crypto::MlKemWork& work;
  Skipped& skipped;  // of the session's record
};

class Session {
 public:
  // Makes this Alice's session. Fills `pending` but for the registration id
  // and the time. REQUIRES: prekey::verify(bundle) succeeded; this is empty.
  // Errors: kBadKey, and then this must be cleared.
  Status initiate(const OurIdentity& identity, const prekey::Bundle& bundle, SpqrMinimum minimum,
                  const InitiatorRandom& random, SkippedKeys& skipped, PendingHandshake& pending,
                  crypto::MlKemWork& work);
  // Makes this Bob's session. REQUIRES: this is empty.
  // Errors: those of agree_as_responder(), and then this is empty.
  Status accept(const OurIdentity& identity, const OurPreKeys& keys, const PreKeyMessage& message,
                SpqrMinimum minimum, crypto::MlKemWork& work);

  std::uint8_t version() const { return state_.version; }
  const TheirIdentity& their_identity() const { return state_.their_identity; }
  std::uint32_t their_registration_id() const { return state_.their_registration_id; }
  // The initiator's base key, serialized: what tells this session from others.
  View<kPublicKeySize> base_key() const { return state_.base_key; }
  // True if every message key is also the post-quantum ratchet's.
  bool has_spqr() const { return state_.spqr_use == SpqrUse::kOn; }
  // How often that ratchet has turned, plus 1; 0 without it.
  std::uint64_t spqr_epoch() const { return has_spqr() ? state_.spqr.epoch() : 0; }

  // Makes this what session `now` is after a message, which is written to
  // `out`; returns its size. It is a PreKeyMessage if `pending` is given.
  // Draws 64 bytes when the post-quantum ratchet makes a key and 32 when it
  // makes a ciphertext.
  // REQUIRES: !now.is_retired(). Errors: kUntrusted (parties.theirs is not the
  // session's identity); kFull; kRng. Then this must be cleared, `skipped` is
  // as it was, and `out` is to be wiped.
  Result<std::size_t> encrypt(const Session& now, const Parties& parties,
                              const PendingHandshake* pending, Bytes plaintext, const Means& means,
                              MutBytes out);

  // Makes this what session `now`, which may be this one, is after a message has
  // been read. Decrypts into `plaintext`, which must hold
  // message.ciphertext.size() bytes, and returns the size. Draws 32 bytes if
  // the message turns the Double Ratchet.
  // Errors: kUntrusted; kBadVersion; kBadTag; kReplay; kFull; kBadKey; kRng. Then
  // this must be cleared, `skipped` is as it was, and `plaintext` is to be wiped.
  Result<std::size_t> decrypt(const Session& now, const Parties& parties,
                              const SignalMessage& message, const Means& means, MutBytes plaintext);

  // From now on it only reads: its state may have been used before, in a
  // future that is lost, or the other side has said that it cannot read it.
  void retire() { state_.retired = true; }
  bool is_retired() const { return state_.retired; }

  // Gives back what it holds of `skipped`, and wipes it: empty again.
  void close(Skipped& skipped);
  // The same when it holds nothing of `skipped`, or that is cleared as a whole.
  void clear() { wipe_object<State>(state_); }

  // Most bytes that exchange() writes.
  static constexpr std::size_t kMaxStoredSize =
      2 + 2 * kPublicKeySize + 4 + 2 + Ratchet::kMaxStoredSize + spqr::Spqr::kMaxStoredSize;
  // Read into an empty session, which takes its chains' names of `skipped`; on
  // failure it must be cleared.
  void exchange(Codec& codec, Skipped& skipped) { state_.exchange(codec, skipped); }

 private:
  // Whether messages carry the post-quantum ratchet.
  enum class SpqrUse : std::uint8_t {
    kOff = 0,
    kUndecided = 1,  // nothing has been read, and the minimum is kNone
    kOn = 2,
  };
  // All of it is plain, and nothing but zeros when it is empty.
  struct State {
    std::uint8_t version = 0;
    bool retired = false;
    SpqrMinimum spqr_minimum = SpqrMinimum::kNone;
    SpqrUse spqr_use = SpqrUse::kOff;
    std::uint32_t their_registration_id = 0;
    TheirIdentity their_identity;
    PublicKey base_key{};
    Ratchet ratchet;
    spqr::Spqr spqr;  // empty if spqr_use is kOff

    void exchange(Codec& codec, Skipped& skipped);
  };
  void start_spqr(spqr::Side side, SpqrMinimum minimum, View<32> auth_key);
  Result<std::size_t> seal(const Parties& parties, const PendingHandshake* pending,
                           const SignalHeader& header, const MessageKeys& keys, Bytes plaintext,
                           MutBytes out) const;

  Wiped<State> state_;
};

static_assert(sizeof(Session) <= 4096 && Session::kMaxStoredSize <= 4096,
              "forty of them are archived per peer");

}  // namespace core::e2e
#endif  // CORE_E2E_SESSION_H_
