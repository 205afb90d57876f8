#include "ports/linux/wg/metrics.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

#include "ports/linux/files.h"
#include "ports/linux/wg/base64.h"

namespace ports::linux_os::wg {
namespace {

struct Series {
  const char* name;
  const char* help;
  std::uint64_t value;
};

std::vector<Series> counters_of(const Gateway& gateway) {
  const core::wg::Counters& c = gateway.device().counters();
  const GatewayCounters& g = gateway.counters();
  return {
      {"initiations_sent_total", "Handshake initiations sent", c.initiations_sent},
      {"initiations_received_total", "Authentic handshake initiations received",
       c.initiations_received},
      {"responses_sent_total", "Handshake responses sent", c.responses_sent},
      {"responses_received_total", "Authentic handshake responses received", c.responses_received},
      {"cookies_sent_total", "Cookie replies sent", c.cookies_sent},
      {"cookies_received_total", "Authentic cookie replies received", c.cookies_received},
      {"packets_sent_total", "IP packets sealed", c.packets_sent},
      {"packets_received_total", "IP packets opened", c.packets_received},
      {"keepalives_sent_total", "Keepalives sent", c.keepalives_sent},
      {"keepalives_received_total", "Keepalives received", c.keepalives_received},
      {"handshakes_given_up_total", "Handshakes without an answer for 90 s", c.handshakes_given_up},
      {"staged_total", "IP packets that waited for a handshake", c.staged},
      {"staged_dropped_total", "IP packets that waited in vain", c.staged_dropped},
      {"malformed_total", "Datagrams that are no message", c.malformed},
      {"malformed_packets_total", "Authentic messages without an IP packet", c.malformed_packets},
      {"bad_mac1_total", "Handshakes not meant for this device", c.bad_mac1},
      {"bad_tags_total", "Messages that are not authentic", c.bad_tags},
      {"unknown_indices_total", "Messages of no session", c.unknown_indices},
      {"unknown_keys_total", "Handshakes of no peer", c.unknown_keys},
      {"replays_total", "Messages seen before", c.replays},
      {"old_timestamps_total", "Initiations seen before", c.old_timestamps},
      {"expired_total", "Messages of sessions too old", c.expired},
      {"wrong_sources_total", "IP packets of a source that is not the peer's", c.wrong_sources},
      {"rate_limited_total", "Handshakes beyond a source's allowance", c.rate_limited},
      {"rng_failures_total", "Failures of the random source", c.rng_failures},
      {"unroutable_total", "IP packets of the host to no peer's address", g.unroutable},
      {"host_malformed_total", "Packets of the host that are no IP packets", g.malformed},
      {"not_sent_total", "IP packets of the host that could not be sealed or kept", g.not_sent},
      {"handshakes_dropped_total", "Handshake messages for which the queue had no room",
       gateway.handshakes_dropped()},
      {"unsent_total", "Datagrams that the kernel did not send", gateway.unsent()},
      {"congested_total", "IP packets dropped to signal congestion", g.congested},
      {"host_refused_total", "IP packets that the host did not take", g.host_refused},
  };
}

void add_peers(const Gateway& gateway, const std::string& label, std::string& out) {
  const auto& device = gateway.device();
  const auto each = [&](const char* name, const char* type, auto value) {
    out += "# TYPE ginnel_wg_peer_" + std::string(name) + " " + type + "\n";
    for (auto peer = device.first_peer(); peer; peer = device.next_peer(*peer)) {
      const auto status = device.status(*peer);
      out += "ginnel_wg_peer_" + std::string(name) + "{" + label + ",public_key=\"" +
             key_to_base64_var(status->public_key) + "\"} " + std::to_string(value(*status)) + "\n";
    }
  };
  using Status = core::wg::PeerStatus;
  each("received_bytes_total", "counter", [](const Status& s) { return s.rx_bytes; });
  each("sent_bytes_total", "counter", [](const Status& s) { return s.tx_bytes; });
  each("last_handshake_seconds", "gauge", [](const Status& s) {
    if (!s.last_handshake) return std::int64_t{0};
    return (wall_now().ms - (monotonic_now().ms - s.last_handshake->ms)) / 1000;
  });
}

}  // namespace

std::string metrics_text(const Gateway& gateway, const std::string& interface_name) {
  const std::string label = "interface=\"" + interface_name + "\"";
  std::string out = "# TYPE ginnel_wg_peers gauge\nginnel_wg_peers{" + label + "} " +
                    std::to_string(gateway.device().peer_count()) + "\n";
  for (const Series& s : counters_of(gateway)) {
    const std::string name = std::string("ginnel_wg_") + s.name;
    out += "# HELP " + name + " " + s.help + "\n# TYPE " + name + " counter\n" + name + "{" +
           label + "} " + std::to_string(s.value) + "\n";
  }
  if (gateway.device().peer_count() <= kMaxPeersShown) add_peers(gateway, label, out);
  return out;
}

Outcome<MetricsServer> MetricsServer::listen(const std::string& path) {
  TRY(make_private_folder(folder_of(path)));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Problem{ProblemKind::kInput, "The path " + path + " is too long.", {}};
  }
  path.copy(address.sun_path, path.size());
  ::unlink(path.c_str());
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const mode_t before = ::umask(077);
  const bool bound = fd.valid() && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address),
                                          sizeof address) == 0;
  ::umask(before);
  if (!bound || ::listen(fd.get(), 4) != 0) {
    return system_problem(ProblemKind::kInternal, "The socket " + path + " cannot be made");
  }
  return MetricsServer(std::move(fd), path);
}

MetricsServer::~MetricsServer() {
  if (fd_.valid()) ::unlink(path_.c_str());
}

std::unique_ptr<MetricsServer::Answer> MetricsServer::accept(const Gateway& gateway,
                                                             const std::string& name) const {
  Fd fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd.valid()) return nullptr;
  const std::string body = metrics_text(gateway, name);
  auto answer = std::make_unique<Answer>();
  answer->fd = std::move(fd);
  answer->text = "HTTP/1.0 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: " +
                 std::to_string(body.size()) + "\r\n\r\n" + body;
  return answer;
}

MetricsServer::Wants MetricsServer::go_on(Answer& answer) {
  std::array<char, 4096> bytes;
  while (!answer.asked) {
    const auto got = ::recv(answer.fd.get(), bytes.data(), bytes.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? Wants::kRead : Wants::kClose;
    answer.request.append(bytes.data(), static_cast<std::size_t>(got));
    answer.asked = got == 0 || answer.request.find("\r\n\r\n") != std::string::npos ||
                   answer.request.find("\n\n") != std::string::npos;
    if (answer.request.size() > Answer::kMaxRequestSize) return Wants::kClose;
  }
  while (answer.sent < answer.text.size()) {
    const auto sent = ::send(answer.fd.get(), answer.text.data() + answer.sent,
                             answer.text.size() - answer.sent, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? Wants::kWrite : Wants::kClose;
    answer.sent += static_cast<std::size_t>(sent);
  }
  return Wants::kClose;
}

}  // namespace ports::linux_os::wg
