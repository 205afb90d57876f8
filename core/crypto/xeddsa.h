// XEdDSA: signatures by X25519 keys, in the variant that Signal deploys: the
// private scalar is not negated; the public point's sign travels in bit 7 of
// the last byte. Spec: [XEdDSA] 3, docs/spec/end-to-end.md.
#ifndef CORE_CRYPTO_XEDDSA_H_
#define CORE_CRYPTO_XEDDSA_H_

#include "core/base/rng.h"

namespace core::crypto {

inline constexpr std::size_t kSignatureSize = 64;

// Signs `message` with a clamped X25519 private key and 64 fresh random bytes.
// Constant time in the key and the random bytes.
ByteArray<64> xeddsa_sign(const Secret<32>& private_key, Bytes message, View<64> random);
// The same with bytes drawn from `rng`. Errors: kRng.
Result<ByteArray<64>> xeddsa_sign(const Secret<32>& private_key, Bytes message, Rng& rng);

struct SignedMessage {
  Bytes message;
  View<kSignatureSize> signature;
};

// Verifies signatures by the owner of `public_key` (32 bytes, u): all of them, for less
// than one by one. Errors: kBadTag. A valid signature can be changed into another valid one:
// never use one as a unique id. Variable time: public data only.
Status xeddsa_verify(View<32> public_key, std::span<const SignedMessage> all);
Status xeddsa_verify(View<32> public_key, Bytes message, View<64> signature);

}  // namespace core::crypto
#endif  // CORE_CRYPTO_XEDDSA_H_
