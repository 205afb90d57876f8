// Keccak-f[1600] with the instructions of one kind of processor: of one state,
// and of four at once in vector registers. Built where the compiler targets
// x86-64 (GINNEL_KECCAK_VECTOR); keccak.cc chooses at run time.
#ifndef CORE_CRYPTO_KECCAK_VECTOR_H_
#define CORE_CRYPTO_KECCAK_VECTOR_H_

#include "core/crypto/keccak.h"

namespace core::crypto::keccak {

// REQUIRES: cpu::has_avx2()
void permute_avx2(State& state);
void permute4_avx2(FourStates& states);
// REQUIRES: cpu::has_avx512()
void permute_avx512(State& state);
void permute4_avx512(FourStates& states);

}  // namespace core::crypto::keccak
#endif  // CORE_CRYPTO_KECCAK_VECTOR_H_
