// The seeds of messages that have not come yet, of all sessions of a record,
// and what else their keys are made of.
// Spec: [DR] 3.5 (skipped message keys), docs/spec/end-to-end.md ratchet.
#ifndef CORE_E2E_SKIPPED_KEYS_H_
#define CORE_E2E_SKIPPED_KEYS_H_

#include <optional>

#include "core/base/result.h"
#include "core/e2e/chain.h"
#include "core/e2e/limits.h"

namespace core::e2e {

// Names a receiving chain within its pool.
using ChainId = std::uint16_t;

// The key of one received message, and what is to be done with the pool once
// the message has proved authentic.
struct ReadKey {
  Secret<32> key;
  std::optional<std::size_t> kept;  // its position, if it was kept
  Wiped<ChainKey> missing;          // the keys from here on are to be kept,
  std::uint32_t end = 0;            // up to this number
  bool has_missing() const { return missing.index < end; }
};

// A bounded pool, oldest first. When it is full the oldest give way.
class SkippedKeys {
 public:
  SkippedKeys() = default;
  SkippedKeys(const SkippedKeys&) = delete;
  SkippedKeys& operator=(const SkippedKeys&) = delete;
  ~SkippedKeys() { clear(); }

  // One session more than can be kept: the one that is being accepted.
  static constexpr std::size_t kMaxChains = (kMaxArchivedSessions + 2) * kMaxReceiverChains;

  // A name that no chain has. REQUIRES: fewer than kMaxChains are open.
  ChainId open_chain();
  // Frees the name and wipes the chain's keys.
  void close_chain(ChainId chain);

  // The key of the message number `index` of a chain, which moves on behind it
  // unless the key was kept; `id` is its name if it has one. The pool stays as
  // it is, and must, until settle().
  // Errors: kReplay (read before, or its key is gone); kFull (more than
  // kMaxForwardJump messages missing); then the chain may have changed.
  Status read(ChainKey& chain, std::optional<ChainId> id, std::uint32_t index, ChainStep step,
              ReadKey& out) const;
  // Makes the pool what it is after read(). `id` is the chain's name.
  void settle(ReadKey& read, ChainId id, ChainStep step);

  // The position of a seed. It stands until the pool changes.
  std::optional<std::size_t> find(ChainId chain, std::uint32_t counter) const;
  // REQUIRES: found just now.
  View<32> seed(std::size_t position) const { return keys_[position].seed; }
  void erase(std::size_t position);
  // Keeps the seeds of the messages chain.index to `end` - 1, where the chain
  // ends up. REQUIRES: end - chain.index <= kMaxSkippedKeys.
  void keep(ChainId id, ChainKey&& chain, std::uint32_t end, ChainStep step);

  std::size_t count() const { return count_; }
  // Forgets all seeds and chains.
  void clear();

  // A chain's name as it is stored. Refuses to read one that is taken, or not
  // one of ours.
  void exchange_name(Codec& codec, ChainId& chain);
  // All seeds, at most 2 + 38 * kMaxSkippedKeys bytes. Read into an empty pool
  // whose chains have been; on failure it must be cleared.
  void exchange(Codec& codec);

  struct Entry {
    ByteArray<32> seed{};
    std::uint32_t counter = 0;
    ChainId chain = 0;

    void exchange(Codec& codec);
  };
  std::span<const Entry> entries() const { return std::span(keys_).first(count_); }

 private:
  // Forgets `count` entries from `position` on.
  void remove(std::size_t position, std::size_t count);

  // What is large comes last: a small offset makes shorter code.
  std::size_t count_ = 0;
  std::array<bool, kMaxChains> open_{};
  std::array<Entry, kMaxSkippedKeys> keys_;  // [0, count_) in use; the rest is zeros
};

// Of both ratchets: a missing message may have an entry in each.
struct Skipped {
  SkippedKeys seeds;      // of the Double Ratchet
  SkippedKeys spqr_keys;  // of the post-quantum ratchet

  void clear() {
    seeds.clear();
    spqr_keys.clear();
  }
};

}  // namespace core::e2e
#endif  // CORE_E2E_SKIPPED_KEYS_H_
