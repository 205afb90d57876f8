// The Double Ratchet of one session: which seed belongs to which message.
// Reading is in two steps: prepare() computes what a message would change and
// changes nothing; commit() makes it so once the message has proved authentic.
// Spec: [DR] 3, docs/spec/end-to-end.md ratchet.
#ifndef CORE_E2E_RATCHET_H_
#define CORE_E2E_RATCHET_H_

#include "core/base/reader.h"
#include "core/base/writer.h"
#include "core/e2e/root.h"
#include "core/e2e/skipped_keys.h"

namespace core::e2e {

class Ratchet {
 public:
  // What one received message would change.
  struct Incoming {
    Secret<32> seed;                     // of the message's keys
    std::optional<std::size_t> skipped;  // its position, if the seed was kept
    std::optional<std::size_t> known;    // the receiving chain, if there is one
    TheirRatchetKey their_key;
    RootKey root;    // of a new chain
    ChainKey first;  // from where seeds of missing messages are to be kept
    ChainKey next;   // the chain after this message
  };
  // The seed and header of a message to send.
  struct Outgoing {
    Secret<32> seed;
    std::uint32_t counter = 0;
    std::uint32_t previous_counter = 0;
    ChainKey next;  // the chain after this message
  };

  Ratchet() = default;
  // Alice: a chain to read what Bob sends on his signed prekey, and a chain to
  // send on. Errors: kBadKey.
  static Result<Ratchet> initiator(Secret<32> root_key, Secret<32> chain_key,
                                   const TheirSignedPreKey& theirs, OurRatchetKey ours,
                                   SkippedKeys& skipped);
  // Bob: a sending chain on his signed prekey, which his first read replaces.
  static Ratchet responder(Secret<32> root_key, Secret<32> chain_key, OurRatchetKey ours);

  // Our current ratchet key. Lives as long as this object.
  View<kPublicKeySize> ratchet_key() const { return ours_.public_key(); }
  // The next message to send. Nothing changes until sent().
  // Errors: kFull after 2^32 - 1 messages without an answer.
  Result<Outgoing> next() const;
  void sent(Outgoing outgoing) { sending_ = std::move(outgoing.next); }

  // Errors: kReplay (read before, or its key is gone); kFull (more than
  // kMaxForwardJump messages missing); kBadKey.
  // Cost: at most one X25519 and kMaxForwardJump HMACs.
  Result<Incoming> prepare(const TheirRatchetKey& their_key, std::uint32_t counter,
                           const SkippedKeys& skipped) const;
  // Draws 32 bytes if the message starts a new chain. `skipped` must not have
  // changed since prepare(). Errors: kRng, and then nothing has changed.
  Status commit(Incoming incoming, Rng& rng, SkippedKeys& skipped);

  // Gives the chains' names and seeds back.
  void close(SkippedKeys& skipped);

  // Most bytes that write() writes.
  static constexpr std::size_t kMaxStoredSize =
      3 * 32 + kPublicKeySize + 9 + kMaxReceiverChains * (2 + kPublicKeySize + 32 + 4);
  void write(Writer& out) const;
  // Errors: kMalformed.
  static Result<Ratchet> read(Reader& in, SkippedKeys& skipped);

  // For tests of the key schedule.
  View<32> test_only_root_key() const { return root_.key(); }
  const ChainKey& test_only_sending_chain() const { return sending_; }

 private:
  struct ReceiverChain {
    TheirRatchetKey their_key;
    ChainKey chain;
    ChainId id = 0;
  };
  void push(ReceiverChain chain, SkippedKeys& skipped);

  RootKey root_;
  OurRatchetKey ours_;
  ChainKey sending_;
  std::uint32_t previous_counter_ = 0;
  std::array<ReceiverChain, kMaxReceiverChains> receiving_;  // newest first
  std::size_t receiving_count_ = 0;
};

}  // namespace core::e2e
#endif  // CORE_E2E_RATCHET_H_
