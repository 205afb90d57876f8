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

// A bounded pool, oldest first. When it is full the oldest give way.
class SkippedKeys {
 public:
  // One session more than can be kept: the one that is being accepted.
  static constexpr std::size_t kMaxChains = (kMaxArchivedSessions + 2) * kMaxReceiverChains;

  // A name that no chain has. REQUIRES: fewer than kMaxChains are open.
  ChainId open_chain();
  // Frees the name and wipes the chain's seeds.
  void close_chain(ChainId chain);

  // The position of a seed. It stands until the pool changes.
  std::optional<std::size_t> find(ChainId chain, std::uint32_t counter) const;
  // REQUIRES: found just now.
  const Secret<32>& seed(std::size_t position) const { return keys_[position].seed; }
  void erase(std::size_t position);

  // Keeps the seeds of the messages `from.index()` to `end` - 1 of a chain of
  // either ratchet. REQUIRES: end - from.index() <= kMaxSkippedKeys.
  template <class Chain>
  void keep(ChainId chain, Chain from, std::uint32_t end) {
    make_room(end - from.index());
    while (from.index() < end) {
      Entry& entry = keys_[count_++];
      entry.counter = from.index();
      entry.chain = chain;
      entry.seed = from.take();
    }
  }

  std::size_t count() const { return count_; }
  // Forgets all seeds and chains.
  void clear();

  // A chain's name and a seed as they were stored, in their order. False if
  // that cannot be: names and seeds are unique, the pool is bounded.
  bool restore_chain(ChainId chain);
  bool restore(ChainId chain, std::uint32_t counter, View<32> seed);
  struct Entry {
    Secret<32> seed;
    std::uint32_t counter = 0;
    ChainId chain = 0;
  };
  std::span<const Entry> entries() const { return std::span(keys_).first(count_); }

 private:
  void make_room(std::size_t added);
  void shrink(std::size_t count);

  std::array<Entry, kMaxSkippedKeys> keys_;  // [0, count_) in use; the rest is zeros
  std::size_t count_ = 0;
  std::array<bool, kMaxChains> open_{};
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
