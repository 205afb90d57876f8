#include "apps/ginnel/session.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <list>

namespace apps::ginnel {
namespace {

using core::Instant;
using ports::linux_os::Device;
using ports::linux_os::Done;
using ports::linux_os::Fd;
using ports::linux_os::Home;
using ports::linux_os::LocalLink;
using ports::linux_os::LocalServer;
using ports::linux_os::monotonic_now;

// Of the lines between the processes; both sides must have the same.
constexpr int kProtocolVersion = 1;
constexpr std::int64_t kLockTimeoutMs = 30'000;
constexpr std::int64_t kReplyTimeoutMs = 30'000;
constexpr std::int64_t kSettleMs = 1000;
constexpr std::size_t kMaxClients = 32;
constexpr Service::ClientId kOurselves = 0;

volatile sig_atomic_t signalled = 0;
int signal_event = -1;  // readable once a signal has come

void on_signal(int) {
  signalled = 1;
  const std::uint64_t one = 1;
  (void)!::write(signal_event, &one, sizeof one);
}

int poll_until(std::vector<pollfd>& fds, Instant until) {
  if (signal_event >= 0 && !signalled) fds.push_back({signal_event, POLLIN, 0});
  const auto ms = std::clamp<std::int64_t>(until.ms - monotonic_now().ms, 0, 60'000);
  return ::poll(fds.data(), fds.size(), static_cast<int>(ms));
}

Json internal_problem(const char* text) {
  return to_json(Problem{ProblemKind::kInternal, text, "Restart the other ginnel process."});
}

// The device in this process, and the commands of others that ask for it.
class OwnSession final : public Session {
 public:
  OwnSession(Fd lock, std::unique_ptr<Device> device)
      : lock_(std::move(lock)), device_(std::move(device)), service_(*device_) {}
  ~OwnSession() override {
    // What was taken is acknowledged before we go, if that works at once.
    const Instant give_up = monotonic_now() + kSettleMs;
    while (!device_->settled() && monotonic_now() < give_up) {
      std::vector<pollfd> fds;
      device_->add_to(fds);
      poll_until(fds, std::min(give_up, device_->next_deadline()));
      device_->step();
    }
    device_->hang_up();
  }

  Done serve(const Home& home) {
    auto server = TRY(LocalServer::listen(home.socket_path()));
    server_.emplace(std::move(server));
    return {};
  }

  Outcome<Json> request(const Json& request) override {
    auto reply = service_.handle(kOurselves, request);
    work();
    return problem_or(std::move(reply));
  }

  Outcome<std::optional<Json>> next_event() override { return service_.next_event(kOurselves); }

  void wait(Instant until, int also) override {
    std::vector<pollfd> fds;
    device_->add_to(fds);
    if (server_) fds.push_back({server_->fd(), POLLIN, 0});
    for (const auto& client : clients_) {
      fds.push_back({client.link.fd(),
                     static_cast<short>(POLLIN | (client.link.wants_write() ? POLLOUT : 0)), 0});
    }
    if (also >= 0) fds.push_back({also, POLLIN, 0});
    poll_until(fds, std::min(until, device_->next_deadline()));
    work();
  }

  bool remote() const override { return false; }

 private:
  struct Client {
    Service::ClientId id;
    LocalLink link;
    bool greeted = false;
  };

  void work() {
    device_->step();
    service_.step();
    while (server_) {
      auto link = server_->accept();
      if (!link) break;
      if (clients_.size() < kMaxClients) clients_.push_back({next_client_++, *std::move(link)});
    }
    bool asked = false;
    for (auto client = clients_.begin(); client != clients_.end();) {
      if (work_for(*client, asked)) {
        ++client;
      } else {
        service_.forget(client->id);
        client = clients_.erase(client);
        asked = true;  // what it had been shown goes to others
      }
    }
    if (asked) {
      device_->step();
      service_.step();
    }
  }

  // False once the client is gone or breaks the rules.
  bool work_for(Client& client, bool& asked) {
    if (!client.link.flush()) return false;
    // Bounded, so that one client cannot keep us from the others.
    for (int i = 0; i < 64; ++i) {
      auto line = client.link.receive();
      if (!line) return false;
      if (!*line) break;
      asked = true;
      const auto request = Json::parse(**line, nullptr, false);
      if (!request.is_object()) return false;
      const Json reply{{"reply", answer(client, request)}};
      if (!client.link.send(reply.dump(-1, ' ', false, Json::error_handler_t::replace))) {
        return false;
      }
    }
    while (auto event = service_.next_event(client.id)) {
      if (!client.link.send(event->dump(-1, ' ', false, Json::error_handler_t::replace))) {
        return false;
      }
    }
    return true;
  }

  Json answer(Client& client, const Json& request) {
    if (client.greeted) return service_.handle(client.id, request);
    const auto version = request.find("version");
    if (version == request.end() || *version != kProtocolVersion) {
      return internal_problem("Another version of ginnel runs in this home.");
    }
    client.greeted = true;
    return {{"version", kProtocolVersion}};
  }

  Fd lock_;  // let go last
  std::unique_ptr<Device> device_;
  Service service_;
  std::optional<LocalServer> server_;
  std::list<Client> clients_;
  Service::ClientId next_client_ = kOurselves + 1;
};

// The device in another process.
class RemoteSession final : public Session {
 public:
  explicit RemoteSession(LocalLink link) : link_(std::move(link)) {}

  Outcome<Json> request(const Json& request) override {
    TRY(link_.send(request.dump()));
    const Instant give_up = monotonic_now() + kReplyTimeoutMs;
    while (monotonic_now() < give_up) {
      auto line = TRY(take());
      if (!line) {
        wait(give_up, -1);
        continue;
      }
      if (const auto reply = line->find("reply"); reply != line->end()) {
        return problem_or(std::move(*reply));
      }
      events_.push_back(*std::move(line));
    }
    return Problem{ProblemKind::kTimeout, "The ginnel process that owns the home does not answer.",
                   "Restart it."};
  }

  Outcome<std::optional<Json>> next_event() override {
    if (events_.empty()) return take();
    std::optional<Json> event = std::move(events_.front());
    events_.pop_front();
    return event;
  }

  void wait(Instant until, int also) override {
    std::vector<pollfd> fds{
        {link_.fd(), static_cast<short>(POLLIN | (link_.wants_write() ? POLLOUT : 0)), 0}};
    if (also >= 0) fds.push_back({also, POLLIN, 0});
    poll_until(fds, until);
    (void)link_.flush();
  }

  bool remote() const override { return true; }

 private:
  Outcome<std::optional<Json>> take() {
    auto line = TRY(link_.receive());
    if (!line) return std::optional<Json>();
    auto json = Json::parse(*line, nullptr, false);
    if (!json.is_object()) {
      return Problem{ProblemKind::kInternal, "The other ginnel process said something unexpected.",
                     "Restart it."};
    }
    return std::optional<Json>(std::move(json));
  }

  LocalLink link_;
  std::deque<Json> events_;
};

Outcome<std::unique_ptr<Session>> join(LocalLink link) {
  std::unique_ptr<Session> session = std::make_unique<RemoteSession>(std::move(link));
  TRY(session->request({{"op", "hello"}, {"version", kProtocolVersion}}));
  return session;
}

Outcome<std::unique_ptr<Session>> own(const Home& home, Fd lock, Serve serve) {
  auto device = TRY(Device::open(home));
  auto session = std::make_unique<OwnSession>(std::move(lock), std::move(device));
  if (serve == Serve::kYes) TRY(session->serve(home));
  return std::unique_ptr<Session>(std::move(session));
}

}  // namespace

Outcome<std::unique_ptr<Session>> open_session(const Home& home, Access access, Serve serve) {
  if (!home.enrolled()) return home.load().error();
  const Instant give_up = monotonic_now() + kLockTimeoutMs;
  while (true) {
    auto lock = home.lock();
    if (lock) return own(home, *std::move(lock), serve);
    if (lock.error().kind != ProblemKind::kBusy) return lock.error();
    if (auto link = LocalLink::connect(home.socket_path())) {
      if (access == Access::kShared) {
        auto joined = join(*std::move(link));
        // An owner that ended while we came: the home is free now.
        if (joined || joined.error().kind != ProblemKind::kNetwork) return joined;
        continue;
      }
      return Problem{ProblemKind::kBusy,
                     "A ginnel (listen, chat or daemon) is at work in " + home.path() + ".",
                     "Stop it first."};
    }
    if (monotonic_now() >= give_up || interrupted()) return lock.error();
    usleep(30'000);
  }
}

Outcome<Fd> wait_for_lock(const Home& home, std::int64_t timeout_ms) {
  const Instant give_up = monotonic_now() + timeout_ms;
  while (true) {
    auto lock = home.lock();
    if (lock || lock.error().kind != ProblemKind::kBusy || monotonic_now() >= give_up ||
        interrupted()) {
      return lock;
    }
    usleep(30'000);
  }
}

bool interrupted() { return signalled != 0; }

void watch_signals() {
  signal_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGHUP, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

}  // namespace apps::ginnel
