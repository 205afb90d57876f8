// AES-256-CBC by mbedTLS, where core/crypto/aes256_cbc_dispatch.cc stands elsewhere: for
// chips whose mbedTLS has a peripheral do it. Only for them: mbedTLS's own code looks
// secrets up in tables.
#include "core/crypto/aes256_cbc.h"

#include <mbedtls/aes.h>

namespace core::crypto::aes256 {
namespace {

// So much at a time: what is longer ESP-IDF does by DMA, which takes memory of its heap.
constexpr std::size_t kPart = 128;

// Does the blocks up to the first part that the peripheral refuses, and returns those
// that are left, as they were. `chain` becomes the IV for them.
MutBytes by_peripheral(int mode, View<32> key, MutView<16> chain, MutBytes blocks) {
  mbedtls_aes_context context;
  mbedtls_aes_init(&context);
  const auto set_key =
      mode == MBEDTLS_AES_ENCRYPT ? mbedtls_aes_setkey_enc : mbedtls_aes_setkey_dec;
  const bool keyed = set_key(&context, key.data(), 8 * key.size()) == 0;
  // The driver takes words, and leaves zeros or less where it fails.
  alignas(std::uint32_t) Secret<kPart> part;
  alignas(std::uint32_t) Secret<16> next{chain};
  while (keyed && !blocks.empty()) {
    const std::size_t size = std::min(kPart, blocks.size());
    copy(blocks.first(size), part.mut());
    const auto at = part.mut().data();
    if (mbedtls_aes_crypt_cbc(&context, mode, size, next.mut().data(), at, at) != 0) break;
    copy(part.view().first(size), blocks);
    copy(next.view(), chain);
    blocks = blocks.subspan(size);
  }
  mbedtls_aes_free(&context);  // wipes it
  return blocks;
}

}  // namespace

void cbc_encrypt(View<32> key, View<16> iv, MutBytes blocks) {
  Secret<16> chain{iv};
  const MutBytes left = by_peripheral(MBEDTLS_AES_ENCRYPT, key, chain.mut(), blocks);
  if (!left.empty()) cbc_encrypt_portable(key, chain.view(), left);
}

void cbc_decrypt(View<32> key, View<16> iv, MutBytes blocks) {
  Secret<16> chain{iv};
  const MutBytes left = by_peripheral(MBEDTLS_AES_DECRYPT, key, chain.mut(), blocks);
  if (!left.empty()) cbc_decrypt_portable(key, chain.view(), left);
}

}  // namespace core::crypto::aes256
