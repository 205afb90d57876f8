// ML-KEM-768 and ML-KEM-1024. Spec: [FIPS203] 7.
//
// A private key is kept as its 64-byte seed d || z and expanded when used, or
// as the expanded decapsulation key that other implementations exchange.
// Every call works in memory handed in by the caller; it is wiped on return.
#ifndef CORE_CRYPTO_MLKEM_H_
#define CORE_CRYPTO_MLKEM_H_

#include "core/base/result.h"
#include "core/crypto/mlkem_poly.h"

namespace core::crypto {

inline constexpr std::size_t kKemSeedSize = 64;
inline constexpr std::size_t kKemSharedSize = 32;

// Scratch memory of one call, of either size. Contents do not matter before
// and are wiped after.
struct MlKemWork {
  std::array<mlkem::Poly, 12> polys;
  std::array<mlkem::Factor, 4> factors;
  ByteArray<1568> public_key;
};

// K is the rank: 3 for ML-KEM-768, 4 for ML-KEM-1024.
template <std::size_t K>
struct MlKem {
  static_assert(K == 3 || K == 4);
  static constexpr std::size_t kPublicKeySize = 384 * K + 32;   // 1184, 1568
  static constexpr std::size_t kPrivateKeySize = 768 * K + 96;  // 2400, 3168
  static constexpr std::size_t kCiphertextSize = K == 3 ? 1088 : 1568;

  // Writes the public key of a seed. Constant time.
  // Spec: [FIPS203] Algorithm 16 (ML-KEM.KeyGen_internal).
  static void public_key(View<64> seed, MutView<kPublicKeySize> public_key, MlKemWork& work);

  // Writes the expanded private key of a seed, dk_pke || ek || H(ek) || z.
  // Constant time.
  static void private_key(View<64> seed, MutView<kPrivateKeySize> private_key, MlKemWork& work);

  // Encapsulates `message` (32 uniform bytes) to a public key.
  // Errors: kBadKey if a coefficient of the key is not reduced; then
  // `ciphertext` is all zeros. Constant time in `message`.
  // Spec: [FIPS203] Algorithm 17 (ML-KEM.Encaps_internal), 7.2.
  static Result<Secret<32>> encapsulate(View<kPublicKeySize> public_key, View<32> message,
                                        MutView<kCiphertextSize> ciphertext, MlKemWork& work);

  // The shared secret; for a ciphertext that was not made for this key, a
  // pseudorandom one that is of no use to its sender. Constant time.
  // Spec: [FIPS203] Algorithm 18 (ML-KEM.Decaps_internal).
  static Secret<32> decapsulate(View<64> seed, View<kCiphertextSize> ciphertext, MlKemWork& work);

  // The same with an expanded private key.
  // Errors: kBadKey if its hash of the public key is wrong ([FIPS203] 7.3).
  static Result<Secret<32>> decapsulate_expanded(View<kPrivateKeySize> private_key,
                                                 View<kCiphertextSize> ciphertext, MlKemWork& work);
};

using MlKem768 = MlKem<3>;
using MlKem1024 = MlKem<4>;

}  // namespace core::crypto
#endif  // CORE_CRYPTO_MLKEM_H_
