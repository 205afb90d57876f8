// The Montgomery ladder in vectors of four field elements, for processors with
// AVX-512 IFMA. Built where the compiler targets x86-64 (GINNEL_X25519_IFMA);
// x25519.cc chooses at run time. Spec: [RFC7748] 5.
#ifndef CORE_CRYPTO_X25519_IFMA_H_
#define CORE_CRYPTO_X25519_IFMA_H_

#include <cstdint>

namespace core::crypto {

// x / z becomes u of scalar * P, P having u. `scalar` is 32 bytes, clamped; the
// others are five limbs of 51 bits, as in field25519.h, below 2^52. Constant
// time. REQUIRES: the processor has AVX-512VL and AVX-512 IFMA. Plain pointers,
// because this file shares no inline function with others (keccak_avx2.cc).
void x25519_ladder_ifma(const std::uint8_t* scalar, const std::uint64_t* u, std::uint64_t* x,
                        std::uint64_t* z);

}  // namespace core::crypto
#endif  // CORE_CRYPTO_X25519_IFMA_H_
