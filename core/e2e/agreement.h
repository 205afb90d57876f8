// The handshake: X3DH (message version 3) and PQXDH (version 4), which is X3DH
// with one more secret, a KEM's, and another label. Deterministic: keys and
// random bytes are handed in.
// Spec: [X3DH] 3.3, 3.4, [PQXDH] 3.3, 3.4, docs/spec/end-to-end.md handshake.
#ifndef CORE_E2E_AGREEMENT_H_
#define CORE_E2E_AGREEMENT_H_

#include "core/crypto/kyber.h"
#include "core/e2e/identity.h"
#include "core/e2e/message.h"

namespace core::e2e {

// What both sides hold after the handshake.
struct Agreement {
  Secret<96> keys;

  View<32> root_key() const { return keys.view().first<32>(); }
  // Of the chain on the signed prekey.
  View<32> chain_key() const { return keys.view().subspan<32, 32>(); }
  // Starts the post-quantum ratchet; zeros in version 3.
  View<32> spqr_auth_key() const { return keys.view().last<32>(); }
};

// The private halves of the prekeys that a PreKeyMessage names. Nothing is
// copied: the referenced keys outlive this object.
struct OurPreKeys {
  const OurSignedPreKey& signed_pre_key;
  const OurOneTimePreKey* one_time = nullptr;  // the message's pre_key_id, if it has one
  Bytes kem = {};  // 64-byte seed, or expanded key of 3169 bytes; empty in version 3
};

// Alice. Version 4 if the bundle has a KEM key, else 3. Writes the KEM
// ciphertext, type byte first, to `kem_ciphertext` (untouched in version 3).
// REQUIRES: prekey::verify(bundle) succeeded.
// Errors: kBadKey (a key of low order, or no KEM key), and then
// `kem_ciphertext` is all zeros.
Status agree_as_initiator(const OurIdentity& identity, const OurBaseKey& base_key,
                          const prekey::Bundle& bundle, View<32> kem_random,
                          MutView<crypto::kKyber1024CiphertextSize> kem_ciphertext,
                          crypto::MlKemWork& work, Agreement& out);

// Bob. The base key must be canonical and of prime order.
// Errors: kBadKey; kNotFound if `keys` lacks one that the message names;
// kMalformed if `keys.kem` is of a wrong size. A KEM ciphertext for another
// key is noticed only when the message's MAC fails.
Status agree_as_responder(const OurIdentity& identity, const OurPreKeys& keys,
                          const PreKeyMessage& message, crypto::MlKemWork& work, Agreement& out);

}  // namespace core::e2e
#endif  // CORE_E2E_AGREEMENT_H_
