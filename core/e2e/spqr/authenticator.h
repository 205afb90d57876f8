// Proves that headers and ciphertexts of the post-quantum ratchet come from
// the other end of the session. Spec: [Braid] authenticator,
// docs/spec/end-to-end.md SPQR keys.
#ifndef CORE_E2E_SPQR_AUTHENTICATOR_H_
#define CORE_E2E_SPQR_AUTHENTICATOR_H_

#include "core/base/bytes.h"

namespace core::e2e::spqr {

class Authenticator {
 public:
  Authenticator() = default;
  // From the handshake's third output.
  explicit Authenticator(View<32> auth_key) { update(1, auth_key); }
  // As it was stored.
  Authenticator(View<32> root_key, View<32> mac_key) : root_key_(root_key), mac_key_(mac_key) {}

  // Mixes a secret in. Constant time.
  void update(std::uint64_t epoch, View<32> secret);
  Secret<32> header_mac(std::uint64_t epoch, View<64> header) const;
  Secret<32> ciphertext_mac(std::uint64_t epoch, View<960> ct1, View<128> ct2) const;

  View<32> root_key() const { return root_key_.view(); }
  View<32> mac_key() const { return mac_key_.view(); }
  Authenticator clone() const { return {root_key(), mac_key()}; }

 private:
  Secret<32> root_key_, mac_key_;
};

}  // namespace core::e2e::spqr
#endif  // CORE_E2E_SPQR_AUTHENTICATOR_H_
