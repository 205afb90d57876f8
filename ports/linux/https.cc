#include "ports/linux/https.h"

#include <poll.h>

#include <algorithm>

#include "core/api/http.h"
#include "ports/linux/home.h"

namespace ports::linux_os {
namespace {

constexpr std::size_t kMaxAnswerSize = core::api::kMaxHttpHeadSize + 1024 * 1024;

}  // namespace

Outcome<HttpAnswer> https_post(const TlsContext& context, const std::string& host,
                               std::uint16_t port, const std::string& path, core::Bytes body,
                               std::int64_t timeout_ms) {
  const core::Instant give_up = monotonic_now() + timeout_ms;
  auto stream = TRY(TlsStream::connect(context, host, port, monotonic_now()));
  std::vector<std::uint8_t> request(path.size() + host.size() + 256), received, buffer(16 * 1024);
  const auto head =
      core::api::write_post(bytes_of(path), bytes_of(host), port, body.size(), request);
  if (!head) return Problem{ProblemKind::kInternal, "The request cannot be written.", {}};
  request.resize(*head);
  request.insert(request.end(), body.begin(), body.end());
  core::Bytes left(request);

  while (true) {
    const core::Instant now = monotonic_now();
    if (now >= give_up) {
      return Problem{ProblemKind::kTimeout,
                     "The server at " + host + " port " + std::to_string(port) + " did not answer.",
                     "Check the network, and that the server is running there."};
    }
    if (!stream.open()) {
      TRY(stream.advance(now));
    } else {
      if (!left.empty()) left = left.subspan(TRY(stream.write(left)));
      const auto size = stream.read(buffer);
      if (size) received.insert(received.end(), buffer.begin(), buffer.begin() + *size);
      const auto answer = core::api::read_http_answer(
          received, size ? core::api::Connection::kOpen : core::api::Connection::kEnded);
      if (!size && !answer) return size.error();
      if (!answer || received.size() > kMaxAnswerSize) {
        return Problem{ProblemKind::kNetwork,
                       "The server at " + host + " gave an answer that is not understood.",
                       "Check that the address and port are those of a ginnel server."};
      }
      if (*answer) {
        stream.shut_down();
        return HttpAnswer{(*answer)->status, {(*answer)->body.begin(), (*answer)->body.end()}};
      }
      if (*size != 0) continue;
    }
    const core::Instant wake = std::min(give_up, stream.deadline());
    pollfd ready{stream.fd(), stream.events(!left.empty()), 0};
    poll(&ready, 1, static_cast<int>(std::clamp<std::int64_t>(wake.ms - now.ms, 0, 60'000)));
  }
}

}  // namespace ports::linux_os
