// The keys that the post-quantum ratchet gives to messages: two chains for every
// epoch, one in each direction. Spec: docs/spec/end-to-end.md SPQR keys.
#ifndef CORE_E2E_SPQR_KEY_CHAIN_H_
#define CORE_E2E_SPQR_KEY_CHAIN_H_

#include "core/base/reader.h"
#include "core/base/writer.h"
#include "core/e2e/skipped_keys.h"

namespace core::e2e::spqr {

// The initiator of the session sends on the first of each epoch's two chains.
enum class Side : std::uint8_t { kInitiator = 0, kResponder = 1 };

// One direction in one epoch.
class StepKey {
 public:
  StepKey() = default;
  explicit StepKey(View<32> key, std::uint32_t index = 1) : key_(key), index_(index) {}

  // The message key number index(), which starts at 1; moves on.
  // REQUIRES: index() < UINT32_MAX.
  Secret<32> take();
  // Only moves on.
  void advance() { static_cast<void>(take()); }
  std::uint32_t index() const { return index_; }
  View<32> key() const { return key_.view(); }
  StepKey clone() const { return StepKey(key_.view(), index_); }

 private:
  Secret<32> key_;
  std::uint32_t index_ = 1;
};

// Epochs count from 0 here: the key of a message of epoch e is of chain e - 1.
class KeyChain {
 public:
  struct SendKey {
    std::uint32_t index = 0;
    Secret<32> key;
  };
  // What one received message changes once it has proved authentic.
  struct ReceiveKey {
    Secret<32> key;
    std::uint32_t index = 0;
    bool was_kept = false;
    std::size_t link = 0;
    StepKey first;  // from where keys of missing messages are to be kept
    StepKey next;   // the chain after this message
  };

  KeyChain() = default;
  KeyChain(Side side, View<32> auth_key);
  void copy_from(const KeyChain& other);

  // REQUIRES: epochs come one after the other, from 1. Constant time.
  void add_epoch(std::uint64_t epoch, View<32> secret);

  // The newest epoch. REQUIRES: not empty.
  std::uint64_t last_epoch() const { return links_[count_ - 1].epoch; }

  // The next key to send with; the first of a later epoch closes the ones
  // before. Errors: kOutOfOrder (an epoch that is past or not there yet);
  // kFull after 2^32 - 2 messages in one epoch.
  Result<SendKey> send(std::uint64_t epoch);

  // Errors: kReplay (used before, or its epoch or key is gone); kFull (more
  // than kMaxForwardJump keys missing); kMalformed (index 0).
  Result<ReceiveKey> prepare(std::uint64_t epoch, std::uint32_t index,
                             const SkippedKeys& skipped) const;
  // The chain must not have changed since prepare().
  void commit(ReceiveKey received, SkippedKeys& skipped);

  // Gives back the names in `skipped` that `next` does not hold any more.
  void close_all_but(const KeyChain& next, SkippedKeys& skipped) const;

  // Most bytes that write() writes.
  static constexpr std::size_t kMaxStoredSize = 1 + 32 + 8 + 1 + 3 * (8 + 2 * 36 + 3);
  void write(Writer& out) const;
  // False if it cannot have been written so.
  bool read(Reader& in, SkippedKeys& skipped);

 private:
  // The epoch that is sent in, the one before for what is late, and the next.
  static constexpr std::size_t kMaxLinks = 3;
  struct Link {
    std::uint64_t epoch = 0;
    StepKey sending, receiving;
    std::optional<ChainId> kept;  // under which name keys are kept, if any are
  };
  void push(std::uint64_t epoch, View<96> keys);

  Side side_ = Side::kInitiator;
  Secret<32> root_key_;
  std::uint64_t send_epoch_ = 0;
  std::array<Link, kMaxLinks> links_;  // oldest first
  std::size_t count_ = 0;
};

}  // namespace core::e2e::spqr
#endif  // CORE_E2E_SPQR_KEY_CHAIN_H_
