// The Double Ratchet of one session: which seed belongs to which message.
// Spec: [DR] 3, docs/spec/end-to-end.md ratchet.
#ifndef CORE_E2E_RATCHET_H_
#define CORE_E2E_RATCHET_H_

#include "core/e2e/root.h"
#include "core/e2e/skipped_keys.h"

namespace core::e2e {

// Plain and secret: what holds it wipes it. A message is written or read on a
// copy, which takes the ratchet's place once that has succeeded.
class Ratchet {
 public:
  // The seed and header of a message to send.
  struct Outgoing {
    Secret<32> seed;
    std::uint32_t counter = 0;
    std::uint32_t previous_counter = 0;
  };
  // The seed of one received message, and what settle() is to do.
  struct Incoming {
    ReadKey read;
    std::size_t chain = 0;           // its position
    bool is_new = false;             // the message starts it
    std::optional<ChainId> evicted;  // the chain that gave way
  };

  // Alice: a chain to read what Bob sends on his signed prekey, `theirs`, and a
  // chain to send on. REQUIRES: this is empty. Errors: kBadKey.
  Status start_initiator(View<32> root_key, View<32> chain_key, const TheirRatchetKey& theirs,
                         const OurRatchetKey& ours, SkippedKeys& skipped);
  // Bob: a sending chain on his signed prekey, `ours`, which his first read
  // replaces. REQUIRES: this is empty.
  void start_responder(View<32> root_key, View<32> chain_key, const OurRatchetKey& ours);

  // Our current ratchet key. Lives as long as this object.
  View<kPublicKeySize> ratchet_key() const { return public_; }
  // The next message to send. Errors: kFull after 2^32 - 1 messages without an
  // answer.
  Status send(Outgoing& out);

  // Errors: kReplay (read before, or its key is gone); kFull (more than
  // kMaxForwardJump messages missing); kBadKey.
  // Cost: at most one X25519 and kMaxForwardJump HMACs.
  Status receive(const TheirRatchetKey& their_key, std::uint32_t counter,
                 const SkippedKeys& skipped, Incoming& out);
  // Once the message has proved authentic: draws our next ratchet key, 32
  // bytes, if the message starts a chain. Errors: kRng.
  Status turn(const Incoming& in, Rng& rng);
  // And then, when nothing can fail any more.
  void settle(Incoming& in, SkippedKeys& skipped);

  // Gives the chains' names and seeds back.
  void close(SkippedKeys& skipped) const;

  // Most bytes that exchange() writes.
  static constexpr std::size_t kMaxStoredSize =
      3 * 32 + kPublicKeySize + 9 + kMaxReceiverChains * (2 + kPublicKeySize + 32 + 4);
  // Reading takes the chains' names.
  void exchange(Codec& codec, SkippedKeys& skipped);

  // For tests of the key schedule.
  View<32> test_only_root_key() const { return root_; }
  const ChainKey& test_only_sending_chain() const { return sending_; }

 private:
  struct ReceiverChain {
    ChainId id = 0;
    TheirRatchetKey their_key;
    ChainKey chain;
  };
  void set_key(const OurRatchetKey& ours);
  // An empty chain at the front; the last gives way if there is no room.
  ReceiverChain& push();

  ByteArray<32> root_{};
  ByteArray<32> private_{};
  PublicKey public_{};
  ChainKey sending_;
  std::uint32_t previous_counter_ = 0;
  std::uint8_t receiving_count_ = 0;
  std::array<ReceiverChain, kMaxReceiverChains> receiving_;  // newest first
};

}  // namespace core::e2e
#endif  // CORE_E2E_RATCHET_H_
