// Kyber1024 of round 3, as Signal messages use it, over the ML-KEM-1024 code:
// the message is hashed first and the shared secret last; key bytes are
// interchangeable. Serialized keys and ciphertexts carry a type byte in front.
// Spec: [Kyber3] 1.3, docs/spec/end-to-end.md.
#ifndef CORE_CRYPTO_KYBER_H_
#define CORE_CRYPTO_KYBER_H_

#include "core/crypto/mlkem.h"

namespace core::crypto {

inline constexpr std::uint8_t kKyber1024Type = 0x08;
inline constexpr std::size_t kKyber1024PublicKeySize = 1 + MlKem1024::kPublicKeySize;    // 1569
inline constexpr std::size_t kKyber1024PrivateKeySize = 1 + MlKem1024::kPrivateKeySize;  // 3169
inline constexpr std::size_t kKyber1024CiphertextSize = 1 + MlKem1024::kCiphertextSize;  // 1569

// Writes the public key, type byte first, of a 64-byte seed. Constant time.
void kyber1024_public_key(View<64> seed, MutView<kKyber1024PublicKeySize> public_key,
                          MlKemWork& work);

// Encapsulates with 32 random bytes to a public key with its type byte.
// Errors: kBadKey if the type byte or a coefficient is wrong; then
// `ciphertext` is all zeros. Constant time in `random`.
Result<Secret<32>> kyber1024_encapsulate(View<kKyber1024PublicKeySize> public_key, View<32> random,
                                         MutView<kKyber1024CiphertextSize> ciphertext,
                                         MlKemWork& work);

// The shared secret. Errors: kBadKey if the type byte is wrong. Constant time
// in the seed; a ciphertext made for another key gives a useless secret.
Result<Secret<32>> kyber1024_decapsulate(View<64> seed, View<kKyber1024CiphertextSize> ciphertext,
                                         MlKemWork& work);
// The same with an expanded private key, type byte first.
Result<Secret<32>> kyber1024_decapsulate_expanded(View<kKyber1024PrivateKeySize> private_key,
                                                  View<kKyber1024CiphertextSize> ciphertext,
                                                  MlKemWork& work);

}  // namespace core::crypto
#endif  // CORE_CRYPTO_KYBER_H_
