// The Sparse Post-Quantum Ratchet, version 1: a slow second ratchet beside the
// Double Ratchet that runs ML-KEM-768 over and over, its keys and ciphertexts
// in pieces of 32 bytes with ordinary messages. It gives every message a key,
// the salt of that message's keys.
//
// Both ways are in two steps, like the Double Ratchet's: the first computes the
// ratchet as it would be and changes nothing; the second makes it so once the
// message has been written, or has proved authentic.
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

class Spqr {
 public:
  // Empty: of a session without a post-quantum ratchet.
  Spqr() = default;
  Spqr(const Spqr&) = delete;
  Spqr& operator=(const Spqr&) = delete;

  // From the handshake's third output. The initiator sends the first key.
  void start(Side side, View<32> auth_key);

  // The payload and key of a message to send, and the ratchet after it.
  struct Outgoing;
  // Draws 64 bytes when a KEM key is made and 32 when a ciphertext is. Without
  // `with_key` the message is one that a peer without this ratchet can read.
  // Errors: kRng; kFull (2^32 messages); kOutOfOrder (without a key after the
  // first epoch).
  Status next(bool with_key, Rng& rng, crypto::MlKemWork& work, Outgoing& out) const;
  void sent(Outgoing& outgoing, SkippedKeys& skipped);

  // The key of a received message, and the ratchet after it.
  struct Incoming;
  // Errors: kMalformed; kOutOfOrder (an epoch to come); kReplay; kFull;
  // kBadTag (a header or ciphertext that is not the other side's, or no key
  // where the minimum asks for one); kBadKey.
  // Cost: one ML-KEM-768 operation, at most kMaxForwardJump steps.
  Status prepare(Bytes payload, Minimum minimum, const SkippedKeys& skipped,
                 crypto::MlKemWork& work, Incoming& out) const;
  // Neither this nor `skipped` may have lost a chain since prepare().
  void commit(Incoming& incoming, SkippedKeys& skipped);

  // Gives the names in `skipped` back, before the session is dropped.
  void close(SkippedKeys& skipped) const { chain_.close_all_but({}, skipped); }

  // Wipes it: empty again.
  void clear();

  std::uint64_t epoch() const { return epoch_; }
  // Position of the state in State.
  std::size_t test_only_state() const { return state_.index(); }

  // Most bytes that write() writes.
  static constexpr std::size_t kMaxStoredSize =
      8 + 2 * 32 + KeyChain::kMaxStoredSize + kMaxStateSize;
  void write(Writer& out) const;
  // False if it cannot have been written so.
  bool read(Reader& in, SkippedKeys& skipped);

 private:
  // Everything of `other` but its state.
  void copy_keys(const Spqr& other);
  // Goes on as `after`. Chains that it no longer has give their names in `skipped` back.
  void become(const Spqr& after, SkippedKeys& skipped);
  // What follows from state `from` by a message received. The keys must be
  // those of `from` already. REQUIRES: payload.epoch >= epoch_.
  Status step_receive(const State& from, const Payload& payload, crypto::MlKemWork& work);
  Status sample_keys(Rng& rng, crypto::MlKemWork& work);
  Status sample_ct1(const HeaderReceived& from, Rng& rng, crypto::MlKemWork& work);
  Status sample_ct2(View<crypto::kKemHeaderSize> header, const Secret<32>& message,
                    View<crypto::kKemCt1Size> ct1, View<crypto::kKemVectorSize> vector,
                    crypto::MlKemWork& work);
  void finish_epoch(View<32> shared);
  // Type and chunk of the message that this state sends.
  void fill(Payload& payload);

  std::uint64_t epoch_ = 1;
  Authenticator authenticator_;
  KeyChain chain_;
  State state_;
};

struct Spqr::Outgoing {
  ByteArray<Payload::kMaxSize> payload{};
  std::size_t payload_size = 0;
  bool has_key = false;
  Secret<32> key;
  Spqr after;

  Bytes bytes() const { return Bytes(payload).first(payload_size); }
  // Of the message's keys; empty without a key.
  Bytes salt() const { return has_key ? Bytes(key.view()) : Bytes(); }
};

struct Spqr::Incoming {
  std::optional<KeyChain::ReceiveKey> received;  // none in a message without a key
  Spqr after;

  Bytes salt() const { return received ? Bytes(received->key.view()) : Bytes(); }
};

}  // namespace core::e2e::spqr
#endif  // CORE_E2E_SPQR_SPQR_H_
