// Chooses the code of AES-256-CBC for the processor at hand.
#include "core/crypto/aes256_cbc.h"
#include "core/crypto/cpu.h"

namespace core::crypto::aes256 {

void cbc_encrypt(View<32> key, View<16> iv, MutBytes blocks) {
#ifdef GINNEL_AES_NI
  if (cpu::has_aes()) return cbc_encrypt_ni(key, iv, blocks);
#endif
  cbc_encrypt_portable(key, iv, blocks);
}

void cbc_decrypt(View<32> key, View<16> iv, MutBytes blocks) {
#ifdef GINNEL_AES_NI
  if (cpu::has_aes()) return cbc_decrypt_ni(key, iv, blocks);
#endif
  cbc_decrypt_portable(key, iv, blocks);
}

}  // namespace core::crypto::aes256
