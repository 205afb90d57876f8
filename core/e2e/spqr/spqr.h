// The Sparse Post-Quantum Ratchet, version 1: a slow second ratchet beside the
// Double Ratchet that runs ML-KEM-768 over and over, its keys and ciphertexts
// in pieces of 32 bytes with ordinary messages. It gives every message a key,
// the salt of that message's keys.
// Spec: [Braid], docs/spec/end-to-end.md SPQR states, SPQR keys.
#ifndef CORE_E2E_SPQR_SPQR_H_
#define CORE_E2E_SPQR_SPQR_H_

#include "core/base/rng.h"
#include "core/e2e/spqr/authenticator.h"
#include "core/e2e/spqr/key_chain.h"
#include "core/e2e/spqr/payload.h"
#include "core/e2e/spqr/states.h"

namespace core::e2e::spqr {

// What a session asks of its messages.
enum class Minimum : std::uint8_t {
  kNone = 0,  // they may lack a key, or the payload altogether
  kV1 = 1,    // each has a payload and a key
};

// Plain and secret: what holds it wipes it. A message is written or read on a
// copy, which takes the ratchet's place once that has succeeded.
class Spqr {
 public:
  // From the handshake's third output. The initiator sends the first key.
  // REQUIRES: this is empty.
  void start(Side side, View<32> auth_key);

  // The payload and key of a message to send.
  struct Outgoing {
    ByteArray<Payload::kMaxSize> payload{};
    std::size_t payload_size = 0;
    bool has_key = false;
    Secret<32> key;

    Bytes bytes() const { return Bytes(payload).first(payload_size); }
    // Of the message's keys; empty without a key.
    Bytes salt() const { return has_key ? Bytes(key.view()) : Bytes(); }
  };
  // Draws 64 bytes when a KEM key is made and 32 when a ciphertext is. Without
  // `with_key` the message is one that a peer without this ratchet can read.
  // Errors: kRng; kFull (2^32 messages); kOutOfOrder (without a key after the
  // first epoch).
  Status send(bool with_key, Rng& rng, crypto::MlKemWork& work, Outgoing& out);

  // The key of a received message, and what settle() is to do.
  struct Incoming {
    bool has_key = false;
    KeyChain::Incoming chain;

    Bytes salt() const { return has_key ? Bytes(chain.read.key.view()) : Bytes(); }
  };
  // Errors: kMalformed; kOutOfOrder (an epoch to come); kReplay; kFull (also:
  // after 2^32 epochs);
  // kBadTag (a header or ciphertext that is not the other side's, or no key
  // where the minimum asks for one); kBadKey.
  // Cost: one ML-KEM-768 operation, at most kMaxForwardJump steps.
  Status receive(Bytes payload, Minimum minimum, const SkippedKeys& skipped,
                 crypto::MlKemWork& work, Incoming& out);
  // Once the message has proved authentic.
  void settle(Incoming& in, SkippedKeys& skipped);

  // Gives the names in `skipped` back that `after`, which follows this, does
  // not hold any more; or all, before the session is dropped.
  void close_all_but(const Spqr& after, SkippedKeys& skipped) const {
    chain_.close_before(after.chain_.first_epoch(), skipped);
  }
  void close(SkippedKeys& skipped) const { chain_.close_before(UINT32_MAX, skipped); }

  std::uint32_t epoch() const { return epoch_; }
  StateName test_only_state() const { return state_.name(); }

  // Most bytes that exchange() writes.
  static constexpr std::size_t kMaxStoredSize =
      4 + 2 * 32 + KeyChain::kMaxStoredSize + State::kMaxStoredSize;
  // Reading takes the chains' names.
  void exchange(Codec& codec, SkippedKeys& skipped);

 private:
  Status receive_piece(const Payload& payload, crypto::MlKemWork& work);
  // What receive_piece() and send() do between two states.
  Status make_keys(Rng& rng, crypto::MlKemWork& work);
  void make_vector(crypto::MlKemWork& work);
  void keep_ct1();
  Status take_header();
  Status make_ct1(Rng& rng, crypto::MlKemWork& work);
  Status make_ct2(crypto::MlKemWork& work);
  Status take_ct2(crypto::MlKemWork& work);
  void finish_epoch(View<32> shared);

  std::uint32_t epoch_ = 0;  // from 1
  Authenticator authenticator_;
  KeyChain chain_;
  State state_;
};

}  // namespace core::e2e::spqr
#endif  // CORE_E2E_SPQR_SPQR_H_
