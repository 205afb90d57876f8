// Public prekeys: what a device publishes so that others can write to it while
// it is away. Nothing here ever holds a private key.
// Spec: docs/spec/end-to-end.md, [X3DH] 3.2, [PQXDH] 3.2.
#ifndef CORE_PREKEY_BUNDLE_H_
#define CORE_PREKEY_BUNDLE_H_

#include <optional>

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/crypto/kyber.h"
#include "core/crypto/xeddsa.h"

namespace core::prekey {

// First byte of every serialized X25519 public key.
inline constexpr std::uint8_t kCurveKeyType = 0x05;
// Type byte and u, little-endian.
inline constexpr std::size_t kCurveKeySize = 33;
// Type byte (crypto::kKyber1024Type) and the Kyber1024 key.
inline constexpr std::size_t kKemKeySize = crypto::kKyber1024PublicKeySize;  // 1569

// All views live as long as the bytes they were made from.
struct OneTimePreKey {
  std::uint32_t id = 0;
  View<kCurveKeySize> public_key;
};

struct SignedPreKey {
  std::uint32_t id = 0;
  View<kCurveKeySize> public_key;
  View<crypto::kSignatureSize> signature;  // of the 33 bytes, by the identity key
};

struct KemPreKey {
  std::uint32_t id = 0;
  View<kKemKeySize> public_key;
  View<crypto::kSignatureSize> signature;  // of the 1569 bytes, by the identity key
};

// What an initiator needs of the other device.
struct Bundle {
  std::uint32_t registration_id = 0;
  std::uint32_t device_id = 0;
  View<kCurveKeySize> identity_key;
  std::optional<OneTimePreKey> one_time;  // absent when the device ran out of them
  SignedPreKey signed_pre_key;
  std::optional<KemPreKey> kem;  // absent only for X3DH, message version 3
};

// Checks one prekey and its signature by `identity_key`.
// Errors: kBadKey if a type byte is wrong; kBadTag if the signature is.
Status verify(View<kCurveKeySize> identity_key, const SignedPreKey& key);
Status verify(View<kCurveKeySize> identity_key, const KemPreKey& key);

// Checks all that can be checked of a bundle: every type byte and both
// signatures. Whether `identity_key` is that of the right device is the
// caller's question. Variable time: all of it is public. Errors: as above.
Status verify(const Bundle& bundle);

}  // namespace core::prekey
#endif  // CORE_PREKEY_BUNDLE_H_
