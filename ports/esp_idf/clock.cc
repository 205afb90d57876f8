#include "ports/esp_idf/clock.h"

#include <esp_timer.h>
#include <sys/time.h>

namespace ports::esp_idf {
namespace {

constexpr std::int64_t kYear2025 = 1'735'689'600;  // seconds

}  // namespace

core::Instant now() { return {esp_timer_get_time() / 1000}; }

core::WallTime wall_time() {
  timeval at{};
  if (gettimeofday(&at, nullptr) != 0 || at.tv_sec < kYear2025) return {0};
  return {std::int64_t{at.tv_sec} * 1000 + at.tv_usec / 1000};
}

}  // namespace ports::esp_idf
