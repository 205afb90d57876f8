// Polynomials of ML-KEM as bytes. Spec: [FIPS203] 4.2.
#ifndef CORE_CRYPTO_MLKEM_CODE_H_
#define CORE_CRYPTO_MLKEM_CODE_H_

#include "core/crypto/mlkem_poly.h"

namespace core::crypto::mlkem {

inline constexpr std::size_t kPolyBytes = 384;  // 256 coefficients of 12 bits

// Encodes transformed, canonical coefficients, in the standard's order.
// Constant time. Spec: [FIPS203] Algorithm 5 (ByteEncode_12).
void encode(const Poly& transformed, MutView<kPolyBytes> out);

// Decodes them and returns true iff all are below q; they are then canonical.
// Constant time but for the answer. Spec: [FIPS203] Algorithm 6 (ByteDecode_12).
bool decode(View<kPolyBytes> in, Poly& transformed);

// Compresses plain, reduced coefficients to `bits` bits each (4, 5, 10 or 11)
// into 32 * bits bytes. Constant time. Spec: [FIPS203] 4.7, Algorithm 5.
void compress(const Poly& plain, std::size_t bits, MutBytes out);

// The reverse; gives small coefficients. Spec: [FIPS203] 4.8, Algorithm 6.
void decompress(Bytes in, std::size_t bits, Poly& plain);

// 256 bits as coefficients 0 or (q + 1) / 2, and back: the nearer of the two.
// Constant time. Spec: [FIPS203] Algorithms 14, 15 (Decompress_1, Compress_1).
void from_message(View<32> message, Poly& plain);
void to_message(const Poly& plain, MutView<32> message);

}  // namespace core::crypto::mlkem
#endif  // CORE_CRYPTO_MLKEM_CODE_H_
