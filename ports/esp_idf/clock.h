// Time under ESP-IDF.
#ifndef PORTS_ESP_IDF_CLOCK_H_
#define PORTS_ESP_IDF_CLOCK_H_

#include "core/base/time.h"

namespace ports::esp_idf {

// Since the program started.
core::Instant now();

// {0} until something has set the clock, SNTP say: before 2025 it was not set.
core::WallTime wall_time();

}  // namespace ports::esp_idf
#endif  // PORTS_ESP_IDF_CLOCK_H_
