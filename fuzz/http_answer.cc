// The reader of HTTP answers: in one piece and byte by byte it must say the
// same.
#include "ports/linux/https.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using ports::linux_os::HttpReader;
  const core::Bytes input(data, size);
  HttpReader whole, pieces;
  auto at_once = whole.feed(input);
  core::Status one_by_one;
  for (std::size_t i = 0; i < size && one_by_one; ++i)
    one_by_one = pieces.feed(input.subspan(i, 1));
  if (at_once && one_by_one) {
    CHECK(whole.complete() == pieces.complete());
    CHECK(whole.end().ok() == pieces.end().ok());
    if (whole.complete()) {
      const auto a = whole.take(), b = pieces.take();
      CHECK(a.status == b.status && a.body == b.body);
      CHECK(a.body.size() <= HttpReader::kMaxBodySize);
    }
  }
  return 0;
}
