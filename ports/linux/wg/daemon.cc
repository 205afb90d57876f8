#include "ports/linux/wg/daemon.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include <cerrno>

#include "ports/linux/files.h"
#include "ports/linux/wg/privileges.h"

namespace ports::linux_os::wg {
namespace {

using core::wg::Family;

constexpr std::size_t kMaxFloorFileSize = 32;

std::uint64_t tag(std::uint32_t source, std::uint32_t index) {
  return std::uint64_t{source} << 32 | index;
}

}  // namespace

Outcome<std::unique_ptr<Daemon>> Daemon::make(const DaemonOptions& options, Log& log) {
  std::unique_ptr<Daemon> daemon(new Daemon(options, log));
  TRY(daemon->start());
  return daemon;
}

void Daemon::watch(int fd, Source source, std::uint32_t index, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag(static_cast<std::uint32_t>(source), index);
  (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

void Daemon::change(int fd, Source source, std::uint32_t index, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag(static_cast<std::uint32_t>(source), index);
  (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

Done Daemon::start() {
  sigset_t ends;
  ::sigemptyset(&ends);
  ::sigaddset(&ends, SIGTERM);
  ::sigaddset(&ends, SIGINT);
  ::sigprocmask(SIG_BLOCK, &ends, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  signals_ = Fd(::signalfd(-1, &ends, SFD_NONBLOCK | SFD_CLOEXEC));
  epoll_ = Fd(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.valid() || !signals_.valid()) {
    return system_problem(ProblemKind::kInternal, "No epoll to be had");
  }
  if (!options_.names_path.empty()) names_ = TRY(EndpointNames::read(options_.names_path));
  // The socket first: it says whether another process has the interface.
  if (options_.uapi_fd < 0) uapi_ = TRY(UapiServer::listen(options_.name));
  Tun tun = TRY(options_.tun_fd >= 0 ? Tun::adopt(Fd(options_.tun_fd)) : Tun::open(options_.name));
  if (options_.uapi_fd >= 0) uapi_ = TRY(UapiServer::adopt(Fd(options_.uapi_fd), options_.name));
  link_ = TRY(LinkWatch::open(tun));
  TRY(link_->limit_segments(Gateway::kMaxSegments));
  if (options_.tun_fd < 0) TRY(link_->set_mtu(LinkState{}.mtu));
#ifdef GINNEL_KEYLOG
  if (!options_.keylog_path.empty()) {
    keylog_ = TRY(Keylog::open(options_.keylog_path));
    gateway_ = TRY(Gateway::make(std::move(tun), *keylog_));
    gateway_->set_keylog(*keylog_);
  }
#endif
  if (!gateway_) gateway_ = TRY(Gateway::make(std::move(tun), rng_));
  if (!options_.metrics_path.empty()) metrics_ = TRY(MetricsServer::listen(options_.metrics_path));
  TRY(keep_floor());
  if (const auto up = gateway_->follow_link(link_->state(), monotonic_now()); !up) {
    log_.error(up.error());
  }
  TRY(drop_privileges());
  watch(gateway_->tun().fd(), Source::kTun, 0, EPOLLIN);
  watch(link_->fd(), Source::kLink, 0, EPOLLIN);
  watch(signals_.get(), Source::kSignals, 0, EPOLLIN);
  watch(uapi_->fd(), Source::kUapi, 0, EPOLLIN);
  watch(uapi_->watch_fd(), Source::kUapiFile, 0, EPOLLIN);
  if (metrics_) watch(metrics_->fd(), Source::kMetrics, 0, EPOLLIN);
  watch_sockets();
  return {};
}

// Without a file the wall clock is trusted not to go back.
Done Daemon::keep_floor() {
  auto& device = gateway_->device();
  if (options_.floor_path.empty()) {
    device.floor_stored(core::wg::kNoFloor);
    return {};
  }
  const auto file = TRY(read_private_file(options_.floor_path, kMaxFloorFileSize));
  if (!file.found) return {};
  std::uint64_t floor = 0;
  for (const char c : file.text.reveal()) {
    if (c == '\n') break;
    if (c < '0' || c > '9') {
      return Problem{ProblemKind::kStore, options_.floor_path + " holds no number.",
                     "If it is lost, give all peers a new public key of this device."};
    }
    floor = floor * 10 + static_cast<std::uint64_t>(c - '0');
  }
  device.set_stored_floor(floor);
  return {};
}

void Daemon::watch_sockets() {
  // Closed ones have left epoll by themselves.
  sockets_seen_ = gateway_->sockets_made();
  const UdpSockets& sockets = gateway_->sockets();
  if (sockets.v4) watch(sockets.v4->fd(), Source::kUdp4, 0, EPOLLIN);
  if (sockets.v6) watch(sockets.v6->fd(), Source::kUdp6, 0, EPOLLIN);
}

int Daemon::timeout_ms(core::Instant now) const {
  core::Instant at = gateway_->next_deadline();
  if (names_) at = std::min(at, names_->next_check());
  if (at <= now) return 0;
  return static_cast<int>(std::min<std::int64_t>(at.ms - now.ms, 3'600'000));
}

Done Daemon::run() {
  std::array<epoll_event, 16> events;
  while (true) {
    const int count =
        ::epoll_wait(epoll_.get(), events.data(), events.size(), timeout_ms(monotonic_now()));
    if (count < 0 && errno != EINTR) {
      return system_problem(ProblemKind::kInternal, "Waiting failed");
    }
    const core::Instant now = monotonic_now();
    for (int i = 0; i < count; ++i) {
      const std::uint64_t of = events[static_cast<std::size_t>(i)].data.u64;
      if (handle(static_cast<Source>(of >> 32), static_cast<std::uint32_t>(of), now) ==
          Life::kEnds) {
        return {};
      }
      if (sockets_seen_ != gateway_->sockets_made()) watch_sockets();
    }
    gateway_->do_due(now);
    if (names_ && names_->next_check() <= now) use_names(now);
    if (const auto floor = gateway_->device().floor_to_store(wall_now());
        floor && !options_.floor_path.empty()) {
      const auto stored = write_private_file(options_.floor_path, std::to_string(*floor) + "\n");
      if (stored) gateway_->device().floor_stored(*floor);
    }
  }
}

Life Daemon::handle(Source source, std::uint32_t index, core::Instant now) {
  switch (source) {
    case Source::kTun: return gateway_->take_from_host(now);
    case Source::kUdp4: return gateway_->take_from_network(Family::kIpv4, now);
    case Source::kUdp6: return gateway_->take_from_network(Family::kIpv6, now);
    case Source::kLink: handle_link(now); return Life::kGoesOn;
    case Source::kSignals: return Life::kEnds;
    case Source::kUapi: accept_client(now); return Life::kGoesOn;
    case Source::kUapiFile: return uapi_->file_is_gone() ? Life::kEnds : Life::kGoesOn;
    case Source::kUapiClient: go_on(index, now); return Life::kGoesOn;
    case Source::kMetrics: accept_answer(); return Life::kGoesOn;
    case Source::kMetricsAnswer: go_on_with_answer(index); return Life::kGoesOn;
    case Source::kNames: names_->take_answer(*gateway_); return Life::kGoesOn;
  }
  return Life::kGoesOn;
}

void Daemon::handle_link(core::Instant now) {
  if (link_->take_news(gateway_->tun()) == LinkWatch::Change::kRoutes) gateway_->forget_sources();
  const LinkState& state = link_->state();
  log_.note(std::string("link ") + (state.up == LinkState::Up::kYes ? "up" : "down") + ", MTU " +
            std::to_string(state.mtu));
  const auto followed = gateway_->follow_link(state, now);
  if (!followed) log_.error(followed.error());
}

void Daemon::accept_client(core::Instant now) {
  const auto free = std::find(clients_.begin(), clients_.end(), nullptr);
  auto client = uapi_->accept();
  if (!client || free == clients_.end()) return;  // one too many is closed
  const auto index = static_cast<std::uint32_t>(free - clients_.begin());
  *free = std::move(client);
  watch((*free)->fd(), Source::kUapiClient, index, EPOLLIN);
  go_on(index, now);
}

void Daemon::go_on(std::uint32_t index, core::Instant now) {
  auto& client = clients_[index];
  if (!client) return;
  const auto wants = client->go_on(*gateway_, revision_, now);
  if (wants == UapiClient::Wants::kClose) {
    client.reset();
    return;
  }
  change(client->fd(), Source::kUapiClient, index,
         wants == UapiClient::Wants::kWrite ? EPOLLOUT : EPOLLIN);
}

void Daemon::accept_answer() {
  const auto free = std::find(answers_.begin(), answers_.end(), nullptr);
  if (free == answers_.end()) {
    (void)metrics_->accept(*gateway_, options_.name);
    return;
  }
  *free = metrics_->accept(*gateway_, options_.name);
  if (!*free) return;
  watch((*free)->fd.get(), Source::kMetricsAnswer,
        static_cast<std::uint32_t>(free - answers_.begin()), EPOLLIN);
}

void Daemon::go_on_with_answer(std::uint32_t index) {
  auto& answer = answers_[index];
  if (!answer) return;
  const auto wants = MetricsServer::go_on(*answer);
  if (wants == MetricsServer::Wants::kClose) {
    answer.reset();
    return;
  }
  change(answer->fd.get(), Source::kMetricsAnswer, index,
         wants == MetricsServer::Wants::kWrite ? EPOLLOUT : EPOLLIN);
}

void Daemon::use_names(core::Instant now) {
  const int before = names_->fd();
  names_->check(*gateway_, now);
  if (before < 0 && names_->fd() >= 0) watch(names_->fd(), Source::kNames, 0, EPOLLIN);
}

}  // namespace ports::linux_os::wg
