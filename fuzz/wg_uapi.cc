// The reader of configuration requests: in one piece and byte by byte it must
// say the same, and it must come to an end.
#include <algorithm>
#include <vector>

#include "ports/linux/wg/uapi_parser.h"

namespace {

using ports::linux_os::wg::UapiEvent;
using ports::linux_os::wg::UapiParser;

struct Told {
  UapiEvent event;
  int detail;
  friend bool operator==(const Told&, const Told&) = default;
};

void feed(UapiParser& parser, core::Bytes input, std::vector<Told>& told) {
  while (told.empty() || told.back().event != UapiEvent::kClose) {
    const UapiEvent event = parser.next(input);
    if (event == UapiEvent::kNeedMore) break;
    const int detail = event == UapiEvent::kSetting ? static_cast<int>(parser.setting().key)
                                                    : static_cast<int>(parser.error());
    told.push_back({event, detail});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const core::Bytes input(data, size);
  UapiParser at_once, by_bytes;
  std::vector<Told> whole, pieces;
  feed(at_once, input, whole);
  for (std::size_t i = 0; i < size; ++i) feed(by_bytes, input.subspan(i, 1), pieces);
  CHECK(whole == pieces);
  const auto lines = static_cast<std::size_t>(std::count(input.begin(), input.end(), '\n'));
  CHECK(whole.size() <= lines + 1);
  return 0;
}
