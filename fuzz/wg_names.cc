// Host names of peers in a wg-quick file.
#include "ports/linux/wg/endpoint_names.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto& name : ports::linux_os::wg::peer_names(text)) {
    CHECK(!name.host.empty() && name.host.find('\n') == std::string::npos);
  }
  return 0;
}
