// The symmetric half of the Double Ratchet: chain keys and message keys.
// Spec: [DR] 5.2, docs/spec/end-to-end.md chains.
#ifndef CORE_E2E_CHAIN_H_
#define CORE_E2E_CHAIN_H_

#include "core/base/codec.h"
#include "core/base/wiped.h"

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

// A chain key and the number of the message that it makes next. Secret: what
// holds one wipes it.
struct ChainKey {
  ByteArray<32> key{};
  std::uint32_t index = 0;

  void exchange(Codec& codec) {
    codec.bytes(key);
    codec.number(index);
  }
};

// How one kind of chain goes on: writes the key of the message number
// chain.index to `out`, 32 bytes or none if it is not wanted, and moves on to
// the next message. Constant time. REQUIRES: chain.index < UINT32_MAX.
using ChainStep = void (*)(ChainKey& chain, MutBytes out);

// The Double Ratchet's, and sender keys': the seed of a message, from 0.
void step_chain(ChainKey& chain, MutBytes seed);

}  // namespace core::e2e
#endif  // CORE_E2E_CHAIN_H_
