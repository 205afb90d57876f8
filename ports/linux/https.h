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

// Sends `body` and returns the answer, whatever its status.
// Errors: kNetwork, kRefused (not the server it should be), kTimeout.
Outcome<HttpAnswer> https_post(const TlsContext& context, const std::string& host,
                               std::uint16_t port, const std::string& path, core::Bytes body,
                               std::int64_t timeout_ms);

}  // namespace ports::linux_os
#endif  // PORTS_LINUX_HTTPS_H_
