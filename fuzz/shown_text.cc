// What others wrote, as shown on a terminal: always UTF-8 without controls.
#include "apps/ginnel/text.h"
#include "core/base/result.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace apps::ginnel;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string shown = printable(text, "");
  CHECK(is_utf8(shown));
  for (const char c : shown) CHECK(static_cast<std::uint8_t>(c) >= 0x20 || c == '\n');
  CHECK(from_base64(to_base64({data, size})) == std::string(text));
  if (const auto bytes = from_base64(text)) {
    CHECK(to_base64({reinterpret_cast<const std::uint8_t*>(bytes->data()), bytes->size()}) == text);
  }
  return 0;
}
