// Sender keys: what a device encrypts to a group with, and what it knows of
// those of one other member. No part of it is post-quantum: the keys are as
// safe as the sessions that they travel in.
// Spec: docs/spec/groups.md sender keys.
//
// On error no call changes its object, and outputs are all zeros.
#ifndef CORE_E2E_SENDER_KEY_H_
#define CORE_E2E_SENDER_KEY_H_

#include "core/base/reader.h"
#include "core/base/writer.h"
#include "core/e2e/sender_key_message.h"
#include "core/e2e/skipped_keys.h"

namespace core::e2e {

// Ours, of one group: a chain and the key that signs its messages.
class OurSenderKey {
 public:
  static constexpr std::size_t kStoredSize = 4 + 32 + 4 + 32 + kPublicKeySize;

  // No key: fit only to be assigned to.
  OurSenderKey() = default;
  // A new one. Draws the chain id (4 bytes), the chain key and the signing key
  // (32 each). Errors: kRng.
  static Result<OurSenderKey> make(Rng& rng);

  // What a member must get to read the messages from here on: a
  // SenderKeyDistribution, of which `out` must hold kMaxSize bytes. Secret.
  // Errors: kFull.
  Result<std::size_t> distribution(View<kDistributionIdSize> id, MutBytes out) const;
  // Encrypts the next message. `out` must hold group_encrypted_size() of the
  // plaintext. Draws 64 bytes. Errors: kFull (also: the chain is at its end); kRng.
  Result<std::size_t> encrypt(View<kDistributionIdSize> id, Bytes plaintext, Rng& rng,
                              MutBytes out);

  std::uint32_t chain_id() const { return chain_id_; }
  // Of the next message.
  std::uint32_t iteration() const { return chain_.index; }

  // kStoredSize bytes, secret. Errors of read(): kMalformed.
  void write(Writer& out) const;
  static Result<OurSenderKey> read(Reader& in);

 private:
  std::uint32_t chain_id_ = 0;
  Wiped<ChainKey> chain_;
  OurSigningKey signing_key_;
};

// Those of one other member in one group: the keys that it has handed us,
// newest first, and the seeds of messages that are still missing. About 100 kB
// with the default limits; stored, it takes what is in use.
class TheirSenderKeys {
 public:
  TheirSenderKeys() = default;
  TheirSenderKeys(const TheirSenderKeys&) = delete;
  TheirSenderKeys& operator=(const TheirSenderKeys&) = delete;

  // Takes a key that came in a session with the sender. One that is known
  // already stays as far as it has come, so that nothing is read twice.
  void add(const SenderKeyDistribution& key);
  // Checks the signature and decrypts into `plaintext`, which must hold
  // message.ciphertext.size() bytes. The caller has checked whose message and
  // which group it is. Errors: kNotFound (no such key); kBadTag; kReplay; kFull
  // (too far ahead, or `plaintext`).
  Result<std::size_t> decrypt(const SenderKeyMessage& message, MutBytes plaintext);

  std::size_t count() const { return count_; }
  std::size_t skipped_count() const { return skipped_.count(); }
  // Forgets everything.
  void clear();

  // Writes all of it and returns the size. Secret. Errors: kFull.
  Result<std::size_t> serialize(MutBytes out) const;
  // Replaces `keys` by stored ones. Errors: kMalformed; kBadVersion; then
  // `keys` is empty.
  static Status parse(Bytes in, TheirSenderKeys& keys);

  // Most bytes that serialize() writes.
  static constexpr std::size_t kMaxSerializedSize =
      1 + 1 + kMaxSenderKeys * (2 + 4 + 32 + 4 + kPublicKeySize) + 2 + kMaxSkippedKeys * 38 + 8;

 private:
  struct Key {
    ChainId id = 0;  // in the pool
    std::uint32_t chain_id = 0;
    Wiped<ChainKey> chain;
    TheirSigningKey signing_key;
  };
  void exchange(Codec& codec);

  std::array<Key, kMaxSenderKeys> keys_;  // [0, count_) in use; the rest is zeros
  std::size_t count_ = 0;
  SkippedKeys skipped_;
};

}  // namespace core::e2e
#endif  // CORE_E2E_SENDER_KEY_H_
