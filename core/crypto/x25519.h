// X25519 key agreement. Spec: [RFC7748] 5, 6.1.
#ifndef CORE_CRYPTO_X25519_H_
#define CORE_CRYPTO_X25519_H_

#include "core/base/rng.h"

namespace core::crypto {

inline constexpr std::size_t kX25519Size = 32;

// A private key from 32 uniform bytes: the bytes, clamped.
Secret<32> x25519_private(View<32> random);
// A fresh private key. Errors: kRng.
Result<Secret<32>> x25519_private(Rng& rng);

// The public key: 32 bytes, u little-endian. Constant time.
ByteArray<32> x25519_public(const Secret<32>& private_key);

// The shared secret. Constant time in the private key.
// Errors: kBadKey if the result is all zeros (a low-order public key).
Result<Secret<32>> x25519(const Secret<32>& private_key, View<32> public_key);

// The two keys of an agreement.
struct X25519Pair {
  const Secret<32>& private_key;
  View<32> public_key;
};
inline constexpr std::size_t kMaxX25519Pairs = 4;

// The shared secrets of up to kMaxX25519Pairs pairs, one after the other: less work
// than one by one. Constant time in the private keys. REQUIRES: room for them.
// Errors: kBadKey if one of them is all zeros; then all are.
Status x25519(std::span<const X25519Pair> pairs, MutBytes secrets);

// True iff `public_key` is canonical (bit 255 clear, below the prime) and lies
// in the prime-order subgroup of the curve. Variable time: public data only.
bool x25519_is_prime_order_var(View<32> public_key);

}  // namespace core::crypto
#endif  // CORE_CRYPTO_X25519_H_
