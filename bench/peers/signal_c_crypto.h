// What libsignal-protocol-c and libomemo-c ask of their caller, by OpenSSL. To be
// included after either's headers.
#ifndef BENCH_PEERS_SIGNAL_C_CRYPTO_H_
#define BENCH_PEERS_SIGNAL_C_CRYPTO_H_

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <vector>

#include "bench/peers/measure.h"

namespace bench::peers {

// The algorithms are looked up once: OpenSSL takes long for it.
inline EVP_MAC* hmac() {
  static EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  return mac;
}
inline const EVP_MD* sha512() {
  static const EVP_MD* const digest = EVP_MD_fetch(nullptr, "SHA512", nullptr);
  return digest;
}
inline const EVP_CIPHER* aes_256(int mode) {
  static const EVP_CIPHER* const cbc = EVP_CIPHER_fetch(nullptr, "AES-256-CBC", nullptr);
  static const EVP_CIPHER* const ctr = EVP_CIPHER_fetch(nullptr, "AES-256-CTR", nullptr);
  return mode == SG_CIPHER_AES_CBC_PKCS5 ? cbc : ctr;
}

inline int hmac_init(void** context, const std::uint8_t* key, std::size_t size, void*) {
  auto* mac = EVP_MAC_CTX_new(hmac());
  char name[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0),
                                   OSSL_PARAM_construct_end()};
  *context = mac;
  return mac != nullptr && EVP_MAC_init(mac, key, size, parameters) == 1 ? 0 : -1;
}
inline int hmac_update(void* context, const std::uint8_t* in, std::size_t size, void*) {
  return EVP_MAC_update(static_cast<EVP_MAC_CTX*>(context), in, size) == 1 ? 0 : -1;
}
inline int hmac_final(void* context, signal_buffer** out, void*) {
  std::uint8_t tag[32];
  std::size_t size = 0;
  if (EVP_MAC_final(static_cast<EVP_MAC_CTX*>(context), tag, &size, sizeof tag) != 1) return -1;
  *out = signal_buffer_create(tag, size);
  return 0;
}
inline void hmac_cleanup(void* context, void*) {
  EVP_MAC_CTX_free(static_cast<EVP_MAC_CTX*>(context));
}

inline int sha512_init(void** context, void*) {
  auto* digest = EVP_MD_CTX_new();
  *context = digest;
  return digest != nullptr && EVP_DigestInit_ex2(digest, sha512(), nullptr) == 1 ? 0 : -1;
}
inline int sha512_update(void* context, const std::uint8_t* in, std::size_t size, void*) {
  return EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context), in, size) == 1 ? 0 : -1;
}
inline int sha512_final(void* context, signal_buffer** out, void*) {
  std::uint8_t hash[64];
  auto* digest = static_cast<EVP_MD_CTX*>(context);
  if (EVP_DigestFinal_ex(digest, hash, nullptr) != 1) return -1;
  *out = signal_buffer_create(hash, sizeof hash);
  return EVP_DigestInit_ex2(digest, sha512(), nullptr) == 1 ? 0 : -1;  // ready for the next
}
inline void sha512_cleanup(void* context, void*) {
  EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context));
}

template <int kEncrypt>
int aes(signal_buffer** out, int mode, const std::uint8_t* key, std::size_t key_size,
        const std::uint8_t* iv, std::size_t iv_size, const std::uint8_t* in, std::size_t in_size,
        void*) {
  if (key_size != 32 || iv_size != 16) return -1;
  auto* cipher = EVP_CIPHER_CTX_new();
  std::vector<std::uint8_t> text(in_size + 16);
  int size = 0, last = 0;
  const bool done =
      EVP_CipherInit_ex2(cipher, aes_256(mode), key, iv, kEncrypt, nullptr) == 1 &&
      EVP_CIPHER_CTX_set_padding(cipher, mode == SG_CIPHER_AES_CBC_PKCS5 ? 1 : 0) == 1 &&
      EVP_CipherUpdate(cipher, text.data(), &size, in, static_cast<int>(in_size)) == 1 &&
      EVP_CipherFinal_ex(cipher, text.data() + size, &last) == 1;
  EVP_CIPHER_CTX_free(cipher);
  if (done) *out = signal_buffer_create(text.data(), static_cast<std::size_t>(size + last));
  return done ? 0 : -1;
}

inline signal_crypto_provider openssl_provider() {
  signal_crypto_provider provider{};
  provider.random_func = [](std::uint8_t* out, std::size_t size, void*) {
    static CheapRandom random;
    random.fill(out, size);
    return 0;
  };
  provider.hmac_sha256_init_func = hmac_init;
  provider.hmac_sha256_update_func = hmac_update;
  provider.hmac_sha256_final_func = hmac_final;
  provider.hmac_sha256_cleanup_func = hmac_cleanup;
  provider.sha512_digest_init_func = sha512_init;
  provider.sha512_digest_update_func = sha512_update;
  provider.sha512_digest_final_func = sha512_final;
  provider.sha512_digest_cleanup_func = sha512_cleanup;
  provider.encrypt_func = aes<1>;
  provider.decrypt_func = aes<0>;
  return provider;
}

}  // namespace bench::peers
#endif  // BENCH_PEERS_SIGNAL_C_CRYPTO_H_
