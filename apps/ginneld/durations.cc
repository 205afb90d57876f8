#include "apps/ginneld/durations.h"

#include <charconv>
#include <ctime>

namespace ginneld {

std::optional<std::int64_t> parse_duration(std::string_view text) {
  constexpr std::int64_t kLongest = std::int64_t{10} * 366 * 24 * 3600;
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stopped + 1 != end || number <= 0 || number > kLongest) {
    return std::nullopt;
  }
  std::int64_t unit = 0;
  switch (*stopped) {
    case 's': unit = 1; break;
    case 'm': unit = 60; break;
    case 'h': unit = 3600; break;
    case 'd': unit = 24 * 3600; break;
    default: return std::nullopt;
  }
  if (number > kLongest / unit) return std::nullopt;
  return number * unit;
}

std::string utc_text(std::int64_t seconds_since_1970) {
  const std::time_t seconds = seconds_since_1970;
  std::tm parts{};
  char text[64] = "";
  if (gmtime_r(&seconds, &parts)) {
    std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &parts);
  }
  return text;
}

}  // namespace ginneld
