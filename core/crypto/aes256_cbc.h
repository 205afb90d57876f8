// AES-256-CBC over whole blocks, in place: the best code at hand, the code for
// x86-64 with AES instructions, and the portable one. All are constant time.
// Spec: [FIPS197] 5, [SP800-38A] 6.2.
#ifndef CORE_CRYPTO_AES256_CBC_H_
#define CORE_CRYPTO_AES256_CBC_H_

#include "core/base/bytes.h"

namespace core::crypto::aes256 {

// REQUIRES in all: blocks.size() is a multiple of 16.

// aes256_cbc_dispatch.cc chooses at run time. A port whose chip does AES has a file of
// its own in its place: ports/mbedtls/aes256_cbc.cc.
void cbc_encrypt(View<32> key, View<16> iv, MutBytes blocks);
void cbc_decrypt(View<32> key, View<16> iv, MutBytes blocks);

void cbc_encrypt_portable(View<32> key, View<16> iv, MutBytes blocks);
void cbc_decrypt_portable(View<32> key, View<16> iv, MutBytes blocks);

// REQUIRES: the processor has AES-NI. Built with GINNEL_AES_NI.
void cbc_encrypt_ni(View<32> key, View<16> iv, MutBytes blocks);
void cbc_decrypt_ni(View<32> key, View<16> iv, MutBytes blocks);

}  // namespace core::crypto::aes256
#endif  // CORE_CRYPTO_AES256_CBC_H_
