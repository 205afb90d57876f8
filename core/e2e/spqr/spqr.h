// The Sparse Post-Quantum Ratchet, version 1: a slow second ratchet beside the
// Double Ratchet that runs ML-KEM-768 over and over, its keys and ciphertexts
// in pieces of 32 bytes with ordinary messages. It gives every message a key,
// the salt of that message's keys.
//
// Reading is in two steps, like the Double Ratchet's: prepare() changes
// nothing, commit() makes it so once the message has proved authentic.
// Spec: [Braid], docs/spec/end-to-end.md SPQR.
#ifndef CORE_E2E_SPQR_SPQR_H_
#define CORE_E2E_SPQR_SPQR_H_

#include "core/base/rng.h"
#include "core/e2e/spqr/authenticator.h"
#include "core/e2e/spqr/key_chain.h"
#include "core/e2e/spqr/payload.h"
#include "core/e2e/spqr/states.h"

namespace core::e2e::spqr {

class Spqr {
 public:
  // Empty: of a session without a post-quantum ratchet.
  Spqr() = default;
  // From the handshake's third output. The initiator sends the first key.
  Spqr(Side side, View<32> auth_key);
  Spqr(Spqr&&) = default;
  Spqr& operator=(Spqr&&) = default;

  // The payload and key of a message to send, and the ratchet after it.
  struct Outgoing;
  // Draws 64 bytes when a KEM key is made and 32 when a ciphertext is.
  // Nothing changes until sent(). Errors: kRng; kFull (2^32 messages).
  Status next(Rng& rng, crypto::MlKemWork& work, Outgoing& out) const;
  void sent(Outgoing& outgoing, SkippedKeys& skipped);

  // The key of a received message, and the ratchet after it.
  struct Incoming;
  // Errors: kMalformed; kOutOfOrder (an epoch to come); kReplay; kFull;
  // kBadTag (a header or ciphertext that is not the other side's); kBadKey.
  // Cost: one ML-KEM-768 operation, at most kMaxForwardJump steps.
  Status prepare(Bytes payload, const SkippedKeys& skipped, crypto::MlKemWork& work,
                 Incoming& out) const;
  void commit(Incoming& incoming, SkippedKeys& skipped);

  // Gives the names in `skipped` back, before the session is dropped.
  void close(SkippedKeys& skipped) const { chain_.close_all_but({}, skipped); }

  std::uint64_t epoch() const { return epoch_; }
  // Position of the state in State.
  std::size_t test_only_state() const { return state_.index(); }

  void write(Writer& out) const;
  // False if it cannot have been written so.
  bool read(Reader& in, SkippedKeys& skipped);

 private:
  // Makes this a copy of `other`.
  void copy_from(const Spqr& other);
  // One step of the state machine for a message to send: fills `payload` but
  // for the index.
  Status step_send(Rng& rng, crypto::MlKemWork& work, Payload& payload);
  // The same for a message received. REQUIRES: payload.epoch >= epoch_.
  Status step_receive(const Payload& payload, crypto::MlKemWork& work);
  void finish_epoch(View<32> shared);

  std::uint64_t epoch_ = 1;
  Authenticator authenticator_;
  KeyChain chain_;
  State state_;
};

struct Spqr::Outgoing {
  ByteArray<Payload::kMaxSize> payload{};
  std::size_t payload_size = 0;
  Secret<32> key;
  Spqr after;

  Bytes bytes() const { return Bytes(payload).first(payload_size); }
};

struct Spqr::Incoming {
  KeyChain::ReceiveKey received;
  Spqr after;

  const Secret<32>& key() const { return received.key; }
};

}  // namespace core::e2e::spqr
#endif  // CORE_E2E_SPQR_SPQR_H_
