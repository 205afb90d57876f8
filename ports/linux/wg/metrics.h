// Counters as Prometheus reads them, over a socket that answers HTTP/1.0.
// Spec: docs/spec/wg-uapi.md metrics.
#ifndef PORTS_LINUX_WG_METRICS_H_
#define PORTS_LINUX_WG_METRICS_H_

#include <string>
#include <vector>

#include "ports/linux/wg/gateway.h"

namespace ports::linux_os::wg {

// The exposition, without HTTP. Series of single peers only up to
// kMaxPeersShown peers.
inline constexpr std::size_t kMaxPeersShown = 1000;
std::string metrics_text(const Gateway& gateway, const std::string& interface_name);

class MetricsServer {
 public:
  static constexpr std::size_t kMaxClients = 4;

  // Listens at `path`, mode 0700, in place of what a dead process left.
  // Errors: kInternal.
  static Outcome<MetricsServer> listen(const std::string& path);
  MetricsServer(MetricsServer&&) noexcept = default;
  MetricsServer& operator=(MetricsServer&&) noexcept = default;
  ~MetricsServer();

  int fd() const { return fd_.get(); }

  // One answer on its way. What the request says does not matter, only that it
  // ends, with an empty line or the end of input: all get the same.
  struct Answer {
    static constexpr std::size_t kMaxRequestSize = 8192;
    Fd fd;
    std::string text;
    std::size_t sent = 0;
    std::string request;
    bool asked = false;
  };
  // Takes a connection and makes its answer; nothing if none waits.
  std::unique_ptr<Answer> accept(const Gateway& gateway, const std::string& name) const;
  enum class Wants : std::uint8_t { kRead, kWrite, kClose };
  // Does what can be done without waiting.
  static Wants go_on(Answer& answer);

 private:
  MetricsServer(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Fd fd_;
  std::string path_;
};

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_METRICS_H_
