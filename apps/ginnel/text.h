// Text that others wrote, made safe to show; and base64.
#ifndef APPS_GINNEL_TEXT_H_
#define APPS_GINNEL_TEXT_H_

#include <optional>
#include <string>
#include <string_view>

#include "core/base/bytes.h"
#include "core/base/time.h"

namespace apps::ginnel {

// True iff `text` is well-formed UTF-8. Spec: [RFC3629] 4.
bool is_utf8(std::string_view text);

// `text` for a terminal: control characters, characters that change the
// direction of text and bytes that are not UTF-8 become visible escapes, so
// that a message can neither command the terminal nor pretend to be another
// line. A new line continues under `indent`.
std::string printable(std::string_view text, std::string_view indent);

std::string to_base64(core::Bytes bytes);
// Nothing if `text` is not base64.
std::optional<std::string> from_base64(std::string_view text);

// "2026-11-22T12:31:07.123Z", and the local time of day "12:31:07".
std::string iso_time(core::WallTime time);
std::string local_clock(core::WallTime time);

// A QR code of the bytes in half-block characters, dark modules on light, with
// its quiet zone; empty if the bytes are too many for one.
std::string qr_code(core::Bytes bytes);

// "12345 67890 ..." from 60 digits, six groups a line.
std::string digit_groups(std::string_view digits, std::string_view line_break);

}  // namespace apps::ginnel
#endif  // APPS_GINNEL_TEXT_H_
