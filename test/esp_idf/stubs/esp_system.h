#ifndef ESP_SYSTEM_H
#define ESP_SYSTEM_H

#include "esp_err.h"

#ifdef __cplusplus
extern "C" {
#endif
void esp_restart(void) __attribute__((noreturn));
#ifdef __cplusplus
}
#endif
#endif  // ESP_SYSTEM_H
