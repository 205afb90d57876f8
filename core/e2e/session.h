// One session with one device: what a handshake made, and its ratchet.
// Spec: [DR] 3, docs/spec/end-to-end.md sessions.
#ifndef CORE_E2E_SESSION_H_
#define CORE_E2E_SESSION_H_

#include "core/base/time.h"
#include "core/e2e/agreement.h"
#include "core/e2e/ratchet.h"

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

class Session {
 public:
  Session() = default;

  // Alice. Fills `pending` but for the registration id and the time.
  // REQUIRES: prekey::verify(bundle) succeeded. Errors: kBadKey.
  static Result<Session> initiate(const OurIdentity& identity, const prekey::Bundle& bundle,
                                  const InitiatorRandom& random, SkippedKeys& skipped,
                                  PendingHandshake& pending, crypto::MlKemWork& work);
  // Bob. Errors: those of agree_as_responder().
  static Result<Session> accept(const OurIdentity& identity, const OurPreKeys& keys,
                                const PreKeyMessage& message, crypto::MlKemWork& work);

  std::uint8_t version() const { return version_; }
  const TheirIdentity& their_identity() const { return their_identity_; }
  std::uint32_t their_registration_id() const { return their_registration_id_; }
  // The initiator's base key, serialized: what tells this session from others.
  View<kPublicKeySize> base_key() const { return base_key_; }

  // Encrypts into `out` and returns the size; as a PreKeyMessage if `pending`
  // is given. On error the session is unchanged and `out` is all zeros.
  // Errors: kUntrusted (parties.theirs is not this session's identity); kFull.
  Result<std::size_t> encrypt(const Parties& parties, const PendingHandshake* pending,
                              Bytes plaintext, MutBytes out);

  // Decrypts into `plaintext`, which must hold message.ciphertext.size()
  // bytes, and returns the size. On error nothing has changed and `plaintext`
  // is all zeros. Draws 32 bytes if the message turns the ratchet.
  // Errors: kUntrusted; kBadVersion; kBadTag; kReplay; kFull; kBadKey; kRng.
  Result<std::size_t> decrypt(const Parties& parties, const SignalMessage& message, Rng& rng,
                              SkippedKeys& skipped, MutBytes plaintext);

  // Gives back what it holds of `skipped`, before it is dropped.
  void close(SkippedKeys& skipped) { ratchet_.close(skipped); }

  // Most bytes that write() writes.
  static constexpr std::size_t kMaxStoredSize =
      1 + 2 * kPublicKeySize + 4 + 32 + Ratchet::kMaxStoredSize;
  void write(Writer& out) const;
  // Errors: kMalformed.
  static Result<Session> read(Reader& in, SkippedKeys& skipped);

 private:
  Result<std::size_t> seal(const Parties& parties, const PendingHandshake* pending,
                           const Ratchet::Outgoing& outgoing, Bytes plaintext, MutBytes out) const;

  std::uint8_t version_ = 0;
  std::uint32_t their_registration_id_ = 0;
  TheirIdentity their_identity_;
  PublicKey base_key_{};
  Ratchet ratchet_;
  Secret<32> spqr_auth_key_;
};

static_assert(sizeof(Session) <= 1024, "forty of them are archived per peer");

}  // namespace core::e2e
#endif  // CORE_E2E_SESSION_H_
