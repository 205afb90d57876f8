#ifndef ESP_RANDOM_H
#define ESP_RANDOM_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
void esp_fill_random(void* buf, size_t len);
#ifdef __cplusplus
}
#endif
#endif  // ESP_RANDOM_H
