#ifndef FREERTOS_TASK_H
#define FREERTOS_TASK_H

#include "freertos/FreeRTOS.h"

#ifdef __cplusplus
extern "C" {
#endif
typedef struct tskTaskControlBlock* TaskHandle_t;
void vTaskDelay(TickType_t ticks);
UBaseType_t uxTaskGetStackHighWaterMark(TaskHandle_t task);  // bytes, as ESP-IDF has it
#ifdef __cplusplus
}
#endif
#endif  // FREERTOS_TASK_H
