// The symmetric half of the Double Ratchet: chain keys and message keys.
// Spec: [DR] 5.2, docs/spec/end-to-end.md chains.
#ifndef CORE_E2E_CHAIN_H_
#define CORE_E2E_CHAIN_H_

#include "core/base/bytes.h"

namespace core::e2e {

// The keys of one message. Made from a seed, and later from a second secret
// as well, which is why skipped messages keep the seed and not these keys.
class MessageKeys {
 public:
  // `spqr_key` is the post-quantum ratchet's 32-byte key for this message, the
  // salt; empty in a session without one. Constant time in both.
  MessageKeys(const Secret<32>& seed, Bytes spqr_key);

  View<32> cipher_key() const { return keys_.view().first<32>(); }
  View<32> mac_key() const { return keys_.view().subspan<32, 32>(); }
  View<16> iv() const { return keys_.view().subspan<64, 16>(); }

 private:
  Secret<80> keys_;
};

// A chain key and the number of the message that it makes next.
class ChainKey {
 public:
  ChainKey() = default;
  explicit ChainKey(Secret<32> key, std::uint32_t index = 0)
      : key_(std::move(key)), index_(index) {}

  // The seed of the message number index(); moves on to the next message.
  // Constant time. REQUIRES: index() < UINT32_MAX.
  Secret<32> take();
  // Only moves on.
  void advance();
  std::uint32_t index() const { return index_; }
  View<32> key() const { return key_.view(); }
  ChainKey clone() const { return ChainKey(key_.clone(), index_); }

 private:
  Secret<32> key_;
  std::uint32_t index_ = 0;
};

}  // namespace core::e2e
#endif  // CORE_E2E_CHAIN_H_
