// The keys that the post-quantum ratchet gives to messages: two chains for every
// epoch, one in each direction. Spec: docs/spec/end-to-end.md SPQR keys.
#ifndef CORE_E2E_SPQR_KEY_CHAIN_H_
#define CORE_E2E_SPQR_KEY_CHAIN_H_

#include "core/e2e/skipped_keys.h"

namespace core::e2e::spqr {

// The initiator of the session sends on the first of each epoch's two chains.
enum class Side : std::uint8_t { kInitiator = 0, kResponder = 1 };

// The chains' step: a key of a message, from 1.
void step_key_chain(ChainKey& chain, MutBytes key);

// Epochs count from 0 here: the key of a message of epoch e is of chain e - 1.
// Plain and secret: what holds it wipes it.
class KeyChain {
 public:
  // REQUIRES: this is empty.
  void start(Side side, View<32> auth_key);
  // The chains of the epoch after the last. REQUIRES: not empty. Constant time.
  void add_epoch(View<32> secret);
  // The oldest epoch that is kept, and the newest. REQUIRES: not empty.
  std::uint32_t first_epoch() const { return first_epoch_; }
  std::uint32_t last_epoch() const { return first_epoch_ + count_ - 1; }

  // The next key to send with, and its number; the first of a later epoch closes
  // the ones before. Errors: kOutOfOrder (an epoch that is past or not there
  // yet); kFull after 2^32 - 2 messages in one epoch.
  Status send(std::uint32_t epoch, std::uint32_t& index, Secret<32>& key);

  // The key of one received message, and what settle() is to do.
  struct Incoming {
    ReadKey read;
    std::size_t link = 0;
  };
  // Errors: kReplay (used before, or its epoch or key is gone); kFull (more
  // than kMaxForwardJump keys missing); kMalformed (index 0).
  Status receive(std::uint32_t epoch, std::uint32_t index, const SkippedKeys& skipped,
                 Incoming& out);
  // Once the message has proved authentic.
  void settle(Incoming& in, SkippedKeys& skipped);

  // Gives the names in `skipped` back of the epochs before `epoch`.
  void close_before(std::uint32_t epoch, SkippedKeys& skipped) const;

  // Most bytes that exchange() writes.
  static constexpr std::size_t kMaxStoredSize = 1 + 32 + 4 + 4 + 1 + 3 * (2 * 36 + 3);
  // Reading takes the chains' names.
  void exchange(Codec& codec, SkippedKeys& skipped);

 private:
  // The epoch that is sent in, the one before for what is late, and the next.
  static constexpr std::size_t kMaxLinks = 3;
  struct Link {
    ChainKey sending, receiving;
    bool keeps = false;
    ChainId kept = 0;  // under which name keys are kept, if keeps
  };
  void push(View<32> secret, Bytes label);
  void drop(std::uint32_t links);

  Side side_ = Side::kInitiator;
  std::uint8_t count_ = 0;
  ByteArray<32> root_key_{};
  std::uint32_t send_epoch_ = 0;
  std::uint32_t first_epoch_ = 0;
  std::array<Link, kMaxLinks> links_;  // oldest first
};

}  // namespace core::e2e::spqr
#endif  // CORE_E2E_SPQR_KEY_CHAIN_H_
