// One HTTPS POST, with no more of HTTP/1.1 than that takes.
// Spec: [RFC9112] 2 to 6.
#ifndef PORTS_LINUX_HTTPS_H_
#define PORTS_LINUX_HTTPS_H_

#include "ports/linux/tls.h"

namespace ports::linux_os {

struct HttpAnswer {
  int status = 0;  // 100 to 599
  std::vector<std::uint8_t> body;
};

// Reads one response piece by piece. The body's size must be stated, or the
// body end with the connection; transfer encodings are not spoken.
class HttpReader {
 public:
  static constexpr std::size_t kMaxHeadSize = 8 * 1024;
  static constexpr std::size_t kMaxBodySize = 1024 * 1024;

  // Takes the bytes that arrived. Errors: kMalformed; kFull past a limit.
  core::Status feed(core::Bytes bytes);
  // The connection has ended. Errors: kMalformed if the answer is not whole.
  core::Status end();
  bool complete() const { return complete_; }
  // REQUIRES: complete().
  HttpAnswer take() { return std::move(answer_); }

 private:
  core::Status parse_head(std::string_view head);
  core::Status take_body(core::Bytes bytes);

  std::string head_;
  HttpAnswer answer_;
  bool in_body_ = false;
  bool has_size_ = false;
  std::size_t size_ = 0;
  bool complete_ = false;
};

// Sends `body` and returns the answer, whatever its status.
// Errors: kNetwork, kRefused (not the server it should be), kTimeout.
Outcome<HttpAnswer> https_post(const TlsContext& context, const std::string& host,
                               std::uint16_t port, const std::string& path, core::Bytes body,
                               std::int64_t timeout_ms);

}  // namespace ports::linux_os
#endif  // PORTS_LINUX_HTTPS_H_
