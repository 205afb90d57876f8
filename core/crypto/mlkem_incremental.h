// ML-KEM-768 in pieces, for a key and a ciphertext that travel in many short
// messages: the first half of the ciphertext can be made, and the secret is
// known, before the larger part of the public key has arrived. The pieces put
// together are those of ML-KEM-768. Spec: [FIPS203] 7, [Braid] incremental KEM.
#ifndef CORE_CRYPTO_MLKEM_INCREMENTAL_H_
#define CORE_CRYPTO_MLKEM_INCREMENTAL_H_

#include "core/crypto/mlkem.h"

namespace core::crypto {

inline constexpr std::size_t kKemHeaderSize = 64;    // rho || SHA3-256(public key)
inline constexpr std::size_t kKemVectorSize = 1152;  // the public key without rho
inline constexpr std::size_t kKemCt1Size = 960;      // the ciphertext's u
inline constexpr std::size_t kKemCt2Size = 128;      // the ciphertext's v

// Writes both pieces of a seed's public key. Constant time.
void kem_public_pieces(View<64> seed, MutView<kKemHeaderSize> header,
                       MutView<kKemVectorSize> vector, MlKemWork& work);

// Encapsulates `message` (32 uniform bytes) as far as the header allows and
// returns the shared secret. Constant time in `message`.
Secret<32> kem_encapsulate_1(View<kKemHeaderSize> header, View<32> message,
                             MutView<kKemCt1Size> ct1, MlKemWork& work);

// Makes the rest of the ciphertext of the same `message`.
// Errors: kBadKey if `vector` is not the one of the header, or not reduced;
// then `ct2` is all zeros. Constant time in `message`.
Status kem_encapsulate_2(View<kKemHeaderSize> header, View<32> message, View<kKemVectorSize> vector,
                         MutView<kKemCt2Size> ct2, MlKemWork& work);

// As MlKem768::decapsulate() of both pieces.
Secret<32> kem_decapsulate(View<64> seed, View<kKemCt1Size> ct1, View<kKemCt2Size> ct2,
                           MlKemWork& work);

}  // namespace core::crypto
#endif  // CORE_CRYPTO_MLKEM_INCREMENTAL_H_
