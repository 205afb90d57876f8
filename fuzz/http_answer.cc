// The reader of HTTP answers: as bytes come, it waits, then says the same for
// good, an answer or an error.
#include "core/api/http.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace core::api;
  const core::Bytes input(data, size);
  const auto whole = read_http_answer(input, Connection::kOpen);
  if (whole && *whole) {
    const core::Bytes body = (*whole)->body;
    CHECK((*whole)->status >= 200 && (*whole)->status <= 599 && body.size() <= size);
    CHECK(core::equal_var(body, input.last(body.size())));
  }
  if (!whole) return 0;
  for (std::size_t some = 0; some < size; ++some) {
    const auto earlier = read_http_answer(input.first(some), Connection::kOpen);
    CHECK(earlier && !*earlier);
  }
  return 0;
}
