// BLAKE2s's compression function. Code for one kind of processor is built where
// the compiler targets x86-64 (GINNEL_BLAKE2S_VECTOR); blake2s.cc chooses at run
// time. Spec: [RFC7693] 3.2.
#ifndef CORE_CRYPTO_BLAKE2S_CODE_H_
#define CORE_CRYPTO_BLAKE2S_CODE_H_

#include <cstddef>
#include <cstdint>

// Plain pointers and arrays, because the files that are compiled for one kind of
// processor share no inline function with others.
namespace core::crypto::blake2s_code {

inline constexpr std::uint32_t kInitial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                              0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

// Spec: [RFC7693] 2.7.
inline constexpr std::uint8_t kSigma[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

struct Input {
  const std::uint8_t* block;  // 64 bytes
  std::uint64_t count;        // message bytes up to the end of the block
  std::uint32_t last;         // all ones for the last block, else 0
};

// Compresses a block into the eight words at `h`. Constant time.
void compress_portable(std::uint32_t* h, const Input& input);
void compress_avx2(std::uint32_t* h, const Input& input);    // REQUIRES: cpu::has_avx2()
void compress_avx512(std::uint32_t* h, const Input& input);  // REQUIRES: cpu::has_avx512()

}  // namespace core::crypto::blake2s_code
#endif  // CORE_CRYPTO_BLAKE2S_CODE_H_
