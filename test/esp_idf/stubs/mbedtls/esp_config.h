// mbedTLS as ESP-IDF configures it, in what differs from ours: AES is the chip's, with
// CBC, under names of its own.
#ifndef ESP_CONFIG_H
#define ESP_CONFIG_H

#include "ports/mbedtls/config.h"

#undef MBEDTLS_BLOCK_CIPHER_NO_DECRYPT
#define MBEDTLS_CIPHER_MODE_CBC
#define MBEDTLS_AES_ALT

#endif  // ESP_CONFIG_H
