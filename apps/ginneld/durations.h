// Durations as people write them.
#ifndef APPS_GINNELD_DURATIONS_H_
#define APPS_GINNELD_DURATIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ginneld {

// "90s", "15m", "1h", "7d" in seconds; nothing if it is not of that form, zero
// or more than ten years.
std::optional<std::int64_t> parse_duration(std::string_view text);

// "2026-11-22 12:00:00 UTC".
std::string utc_text(std::int64_t seconds_since_1970);

}  // namespace ginneld
#endif  // APPS_GINNELD_DURATIONS_H_
