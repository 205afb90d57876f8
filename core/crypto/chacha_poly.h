// ChaCha20-Poly1305 for the processor at hand: aead.cc chooses at run time. Code
// in vector registers is built where the compiler targets x86-64
// (GINNEL_CHACHA_POLY_VECTOR). Spec: [RFC8439] 2.8.
#ifndef CORE_CRYPTO_CHACHA_POLY_H_
#define CORE_CRYPTO_CHACHA_POLY_H_

#include <cstddef>
#include <cstdint>

namespace core::crypto::chacha_poly {

enum class Direction : std::uint8_t { kSeal, kOpen };

// A text of `size` bytes, encrypted or decrypted in place, and the tag of its
// ciphertext and of the associated data. Key and nonce are 32 and 12 bytes.
// Plain pointers, because the files that are compiled for one kind of processor
// share no inline function with others.
struct Job {
  Direction direction;
  const std::uint8_t* key;
  const std::uint8_t* nonce;
  const std::uint8_t* ad;
  std::size_t ad_size;
  std::uint8_t* text;
  std::size_t size;
  std::uint8_t tag[16];  // out
};

// Runs one job after the other; `count` of them take less time in one call than
// in as many. All constant time but for the sizes, and all with the same results.
// kOpen decrypts whatever the tag is: the caller compares it and wipes.
void run_portable(Job* jobs, std::size_t count);  // libsodium's: not on a board
void run_words(Job* jobs, std::size_t count);     // in 32-bit words
void run_avx2(Job* jobs, std::size_t count);      // REQUIRES: cpu::has_avx2()
void run_avx512(Job* jobs, std::size_t count);    // REQUIRES: cpu::has_avx512()

// The key of 32 bytes that a key of 32 and the first 16 bytes of a long nonce
// make. Constant time. Spec: [XChaCha] 2.2.
void hchacha20(const std::uint8_t* key, const std::uint8_t* nonce, std::uint8_t* out);

}  // namespace core::crypto::chacha_poly
#endif  // CORE_CRYPTO_CHACHA_POLY_H_
