// As much of HTTP/1.1 as enrolment takes: one POST, one answer, in buffers of
// the caller. Spec: [RFC9112] 2 to 6, docs/spec/enrolment.md HTTPS.
#ifndef CORE_API_HTTP_H_
#define CORE_API_HTTP_H_

#include <optional>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace core::api {

// Writes the head of a request: a body of `body_size` bytes follows. `path`:
// with its "/"; `host`: a name or an address. Errors: kFull.
Result<std::size_t> write_post(Bytes path, Bytes host, std::uint16_t port, std::size_t body_size,
                               MutBytes out);

struct HttpAnswer {
  int status = 0;  // 200 to 599: what an interim answer announces is waited for
  Bytes body{};    // a view into what was received
};
inline constexpr std::size_t kMaxHttpHeadSize = 8 * 1024;

enum class Connection : std::uint8_t { kOpen, kEnded };

// Finds the answer in all that was received so far; nothing: more has to come.
// The body's size must be stated, or the body end with the connection; transfer
// encodings are not spoken. Errors: kMalformed, also if the connection has ended
// too early or more comes than an answer; kFull: a head longer than kMaxHttpHeadSize.
Result<std::optional<HttpAnswer>> read_http_answer(Bytes received, Connection connection);

}  // namespace core::api
#endif  // CORE_API_HTTP_H_
