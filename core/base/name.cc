#include "core/base/name.h"

namespace core {

Result<DeviceName> DeviceName::parse(Bytes text) {
  if (text.empty() || text.size() > kMaxSize) return Error::kMalformed;
  bool only_dots = text.size() <= 2;
  for (const std::uint8_t c : text) {
    const bool allowed =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    if (!allowed) return Error::kMalformed;
    only_dots = only_dots && c == '.';
  }
  if (only_dots) return Error::kMalformed;
  DeviceName name;
  copy(text, name.text_);
  name.size_ = static_cast<std::uint8_t>(text.size());
  return name;
}

}  // namespace core
