// What mbedTLS's aes.h includes in ESP-IDF: the peripheral's functions under
// mbedTLS's names.
#ifndef AES_ALT_H
#define AES_ALT_H

#include <stdint.h>

typedef struct {
  uint8_t key_bytes;
  volatile uint8_t key_in_hardware;
  uint8_t key[32];
} esp_aes_context;

typedef esp_aes_context mbedtls_aes_context;
#define mbedtls_aes_init esp_aes_init
#define mbedtls_aes_free esp_aes_free
#define mbedtls_aes_setkey_enc esp_aes_setkey_enc
#define mbedtls_aes_setkey_dec esp_aes_setkey_dec
#define mbedtls_aes_crypt_cbc esp_aes_crypt_cbc

#endif  // AES_ALT_H
