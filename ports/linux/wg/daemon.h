// One interface: the loop that waits for packets, wg(8), the link and time.
#ifndef PORTS_LINUX_WG_DAEMON_H_
#define PORTS_LINUX_WG_DAEMON_H_

#include "ports/linux/wg/endpoint_names.h"
#include "ports/linux/wg/log.h"
#include "ports/linux/wg/metrics.h"
#include "ports/linux/wg/uapi_server.h"

namespace ports::linux_os::wg {

struct DaemonOptions {
  std::string name;          // of the interface
  int tun_fd = -1;           // a TUN device that somebody else made, or -1
  int uapi_fd = -1;          // a listening socket for it, or -1
  std::string metrics_path;  // empty: none
  std::string names_path;    // a file with peers' host names; empty: none
  std::string floor_path;    // where timestamps are reserved; empty: the clock is trusted
#ifdef GINNEL_KEYLOG
  std::string keylog_path;  // where secret keys are written; empty: nowhere
#endif
};

class Daemon {
 public:
  // Makes the interface and its sockets: when it returns, wg(8) can configure it.
  static Outcome<std::unique_ptr<Daemon>> make(const DaemonOptions& options, Log& log);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Until the interface or its socket is removed, or SIGTERM or SIGINT comes.
  // Errors: kInternal.
  Done run();

 private:
  // What an epoll event is of; clients and answers have an index as well.
  enum class Source : std::uint32_t {
    kTun,
    kUdp4,
    kUdp6,
    kLink,
    kSignals,
    kUapi,
    kUapiFile,
    kUapiClient,
    kMetrics,
    kMetricsAnswer,
    kNames,
  };

  Daemon(const DaemonOptions& options, Log& log) : options_(options), log_(log) {}
  Done start();
  void watch(int fd, Source source, std::uint32_t index, std::uint32_t events);
  void change(int fd, Source source, std::uint32_t index, std::uint32_t events);
  Life handle(Source source, std::uint32_t index, core::Instant now);
  void watch_sockets();
  void handle_link(core::Instant now);
  void accept_client(core::Instant now);
  void go_on(std::uint32_t client, core::Instant now);
  void accept_answer();
  void go_on_with_answer(std::uint32_t index);
  void use_names(core::Instant now);
  Done keep_floor();
  int timeout_ms(core::Instant now) const;

  DaemonOptions options_;
  Log& log_;
  SystemRng rng_;
#ifdef GINNEL_KEYLOG
  std::unique_ptr<Keylog> keylog_;
#endif
  std::unique_ptr<Gateway> gateway_;
  std::optional<LinkWatch> link_;
  std::optional<UapiServer> uapi_;
  std::optional<MetricsServer> metrics_;
  std::optional<EndpointNames> names_;
  Fd epoll_, signals_;
  std::array<std::unique_ptr<UapiClient>, UapiServer::kMaxClients> clients_;
  std::array<std::unique_ptr<MetricsServer::Answer>, MetricsServer::kMaxClients> answers_;
  std::uint64_t sockets_seen_ = 0;
  std::uint64_t revision_ = 0;
};

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_DAEMON_H_
