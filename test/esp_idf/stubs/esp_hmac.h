#ifndef ESP_HMAC_H
#define ESP_HMAC_H

#include <stddef.h>
#include <stdint.h>

#include "esp_err.h"

#ifdef __cplusplus
extern "C" {
#endif
typedef enum { HMAC_KEY0, HMAC_KEY1, HMAC_KEY2, HMAC_KEY3, HMAC_KEY4, HMAC_KEY5 } hmac_key_id_t;
esp_err_t esp_hmac_calculate(hmac_key_id_t key_id, const void* message, size_t message_len,
                             uint8_t* hmac);  // 32 bytes
#ifdef __cplusplus
}
#endif
#endif  // ESP_HMAC_H
