// Proves that headers and ciphertexts of the post-quantum ratchet come from
// the other end of the session. Spec: [Braid] authenticator,
// docs/spec/end-to-end.md SPQR keys.
#ifndef CORE_E2E_SPQR_AUTHENTICATOR_H_
#define CORE_E2E_SPQR_AUTHENTICATOR_H_

#include "core/base/codec.h"

namespace core::e2e::spqr {

// Plain and secret: what holds it wipes it. Empty until the first update(),
// with epoch 1 and the handshake's third output.
class Authenticator {
 public:
  // Mixes a secret in. Constant time.
  void update(std::uint32_t epoch, View<32> secret);
  Secret<32> header_mac(std::uint32_t epoch, View<64> header) const;
  Secret<32> ciphertext_mac(std::uint32_t epoch, View<960> ct1, View<128> ct2) const;

  void exchange(Codec& codec) { codec.bytes(keys_); }

 private:
  View<32> mac_key() const { return Bytes(keys_).last<32>(); }

  ByteArray<64> keys_{};  // root key, MAC key
};

}  // namespace core::e2e::spqr
#endif  // CORE_E2E_SPQR_AUTHENTICATOR_H_
