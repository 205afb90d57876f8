// AES-256 in CBC mode with PKCS#7 padding, as Signal messages use it. It does
// not authenticate: check the message's MAC first.
// Spec: [SP800-38A] 6.2, [RFC5652] 6.3.
#ifndef CORE_CRYPTO_AES_CBC_H_
#define CORE_CRYPTO_AES_CBC_H_

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace core::crypto {

inline constexpr std::size_t kAesBlockSize = 16;

// Size of the ciphertext of `size` bytes: the next multiple of 16 above.
constexpr std::size_t aes256_cbc_size(std::size_t size) {
  return (size / kAesBlockSize + 1) * kAesBlockSize;
}

// Encrypts into the first aes256_cbc_size(plaintext.size()) bytes of `out`
// and returns that size. `out` may start at `plaintext`, or not overlap it.
// Errors: kFull if `out` is too small.
Result<std::size_t> aes256_cbc_encrypt(View<32> key, View<16> iv, Bytes plaintext, MutBytes out);

// Decrypts into `out`, which must hold ciphertext.size() bytes, and returns
// the plaintext's size. `out` may start at `ciphertext`, or not overlap it.
// Errors: kMalformed if the size is zero or no multiple of 16; kBadTag if the
// padding is wrong; kFull. On error `out` is all zeros.
Result<std::size_t> aes256_cbc_decrypt(View<32> key, View<16> iv, Bytes ciphertext, MutBytes out);

}  // namespace core::crypto
#endif  // CORE_CRYPTO_AES_CBC_H_
