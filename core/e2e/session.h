// One session with one device: what a handshake made, and its two ratchets.
// Spec: [DR] 3, docs/spec/end-to-end.md sessions.
#ifndef CORE_E2E_SESSION_H_
#define CORE_E2E_SESSION_H_

#include "core/base/time.h"
#include "core/e2e/agreement.h"
#include "core/e2e/ratchet.h"
#include "core/e2e/spqr/spqr.h"

namespace core::e2e {

// The initiator's half of the handshake, repeated with every message until the
// other side has answered.
struct PendingHandshake {
  std::optional<std::uint32_t> pre_key_id;
  std::uint32_t our_registration_id = 0;
  std::uint32_t signed_pre_key_id = 0;
  std::uint32_t kem_pre_key_id = 0;
  WallTime created{};
  ByteArray<crypto::kKyber1024CiphertextSize> kem_ciphertext{};  // unused in version 3

  static constexpr std::size_t kMaxStoredSize = 4 * 4 + 1 + 8 + crypto::kKyber1024CiphertextSize;
};

// An initiator's random bytes, in the order in which they are drawn.
struct InitiatorRandom {
  Secret<32> base_key, kem, ratchet_key;
};

// What a version 4 session does with a peer from before the post-quantum
// ratchet became mandatory. With kV1, the default, its messages are refused.
// With kNone a peer whose first message has no field 5 makes the session run
// without that ratchet for its life; a peer that has it can still not leave it.
using SpqrMinimum = spqr::Minimum;

class Session {
 public:
  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Makes this Alice's session. Fills `pending` but for the registration id
  // and the time. REQUIRES: prekey::verify(bundle) succeeded; this is empty.
  // Errors: kBadKey, and then this is empty.
  Status initiate(const OurIdentity& identity, const prekey::Bundle& bundle, SpqrMinimum minimum,
                  const InitiatorRandom& random, SkippedKeys& skipped, PendingHandshake& pending,
                  crypto::MlKemWork& work);
  // Makes this Bob's session. REQUIRES: this is empty.
  // Errors: those of agree_as_responder(), and then this is empty.
  Status accept(const OurIdentity& identity, const OurPreKeys& keys, const PreKeyMessage& message,
                SpqrMinimum minimum, crypto::MlKemWork& work);

  std::uint8_t version() const { return version_; }
  const TheirIdentity& their_identity() const { return their_identity_; }
  std::uint32_t their_registration_id() const { return their_registration_id_; }
  // The initiator's base key, serialized: what tells this session from others.
  View<kPublicKeySize> base_key() const { return base_key_; }
  // True if every message key is also the post-quantum ratchet's.
  bool has_spqr() const { return spqr_use_ == SpqrUse::kOn; }
  // How often that ratchet has turned, plus 1; 0 without it.
  std::uint64_t spqr_epoch() const { return has_spqr() ? spqr_.epoch() : 0; }

  // Encrypts into `out` and returns the size; as a PreKeyMessage if `pending`
  // is given. On error the session is unchanged and `out` is all zeros.
  // Draws 64 bytes when the post-quantum ratchet makes a key and 32 when it
  // makes a ciphertext.
  // REQUIRES: !is_retired(). Errors: kUntrusted (parties.theirs is not this
  // session's identity); kFull; kRng.
  Result<std::size_t> encrypt(const Parties& parties, const PendingHandshake* pending,
                              Bytes plaintext, Rng& rng, crypto::MlKemWork& work, Skipped& skipped,
                              MutBytes out);

  // Decrypts into `plaintext`, which must hold message.ciphertext.size()
  // bytes, and returns the size. On error nothing has changed and `plaintext`
  // is all zeros. Draws 32 bytes if the message turns the Double Ratchet.
  // Errors: kUntrusted; kBadVersion; kBadTag; kReplay; kFull; kBadKey; kRng.
  Result<std::size_t> decrypt(const Parties& parties, const SignalMessage& message, Rng& rng,
                              crypto::MlKemWork& work, Skipped& skipped, MutBytes plaintext);

  // From now on it only reads: its state may have been used before, in a
  // future that is lost, or the other side has said that it cannot read it.
  void retire() { retired_ = true; }
  bool is_retired() const { return retired_; }

  // Gives back what it holds of `skipped`, and wipes it: empty again.
  void close(Skipped& skipped);
  // The same when `skipped` is cleared as a whole.
  void clear();

  // Most bytes that write() writes.
  static constexpr std::size_t kMaxStoredSize =
      1 + 2 * kPublicKeySize + 4 + 2 + Ratchet::kMaxStoredSize + spqr::Spqr::kMaxStoredSize;
  void write(Writer& out) const;
  // Reads into an empty session. Errors: kMalformed, and then it must be
  // cleared.
  Status read(Reader& in, Skipped& skipped);

 private:
  // Whether messages carry the post-quantum ratchet.
  enum class SpqrUse : std::uint8_t {
    kOff = 0,
    kUndecided = 1,  // nothing has been read, and the minimum is kNone
    kOn = 2,
  };
  void start_spqr(spqr::Side side, SpqrMinimum minimum, View<32> auth_key);
  Result<std::size_t> seal(const Parties& parties, const PendingHandshake* pending,
                           const Ratchet::Outgoing& outgoing, const spqr::Spqr::Outgoing* spqr,
                           Bytes plaintext, MutBytes out) const;
  // Opens the message and makes both ratchets what they are after it.
  Result<std::size_t> open(const Parties& parties, const SignalMessage& message,
                           Ratchet::Incoming& incoming, spqr::Spqr::Incoming* spqr, Rng& rng,
                           Skipped& skipped, MutBytes plaintext);

  std::uint8_t version_ = 0;
  bool retired_ = false;
  SpqrMinimum spqr_minimum_ = SpqrMinimum::kV1;
  SpqrUse spqr_use_ = SpqrUse::kOff;
  std::uint32_t their_registration_id_ = 0;
  TheirIdentity their_identity_;
  PublicKey base_key_{};
  Ratchet ratchet_;
  spqr::Spqr spqr_;  // empty if spqr_use_ is kOff
};

static_assert(sizeof(Session) <= 4096 && Session::kMaxStoredSize <= 4096,
              "forty of them are archived per peer");

}  // namespace core::e2e
#endif  // CORE_E2E_SESSION_H_
