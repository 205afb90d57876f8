// mbedTLS with AES-256-CBC only: what stands for a chip's peripheral in aes.cc.
#ifndef TEST_FIRMWARE_MBEDTLS_AES_H_
#define TEST_FIRMWARE_MBEDTLS_AES_H_

#define MBEDTLS_AES_C
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_CIPHER_MODE_CBC

#endif  // TEST_FIRMWARE_MBEDTLS_AES_H_
