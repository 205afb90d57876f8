// Four Keccak-f[1600] at once in vector registers. Built where the compiler
// targets x86-64 (GINNEL_KECCAK_VECTOR); keccak.cc chooses at run time.
#ifndef CORE_CRYPTO_KECCAK_VECTOR_H_
#define CORE_CRYPTO_KECCAK_VECTOR_H_

#include "core/crypto/keccak.h"

namespace core::crypto::keccak {

void permute4_avx2(FourStates& states);    // REQUIRES: the processor has AVX2
void permute4_avx512(FourStates& states);  // REQUIRES: ... has AVX-512VL

}  // namespace core::crypto::keccak
#endif  // CORE_CRYPTO_KECCAK_VECTOR_H_
