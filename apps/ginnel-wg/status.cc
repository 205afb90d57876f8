#include "apps/ginnel-wg/status.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <iostream>
#include <vector>

#include "ports/linux/system.h"
#include "ports/linux/wg/base64.h"
#include "ports/linux/wg/uapi_parser.h"

namespace ginnel_wg {
namespace {

using ports::linux_os::Fd;

struct ShownPeer {
  std::string key, endpoint = "(none)";
  std::int64_t handshake_s = 0;
  std::uint64_t sent = 0, received = 0, keepalive_s = 0;
  std::string allowed;
};

Fd connect_to(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return {};
  path.copy(address.sun_path, path.size());
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd.valid() &&
      ::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    return fd;
  }
  return {};
}

std::string size_words(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  double size = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; size >= 1024 && unit + 1 < kUnits.size(); ++unit) size /= 1024;
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", size, kUnits[unit]);
  return text.data();
}

std::string age_words(std::int64_t handshake_s) {
  if (handshake_s == 0) return "never";
  const auto age = ports::linux_os::wall_now().ms / 1000 - handshake_s;
  return std::to_string(age) + " s ago" + (age > 180 ? " (the session is over)" : "");
}

// Asks for `request` and calls take(line) for each line until an empty one.
template <class Take>
bool ask(const Fd& fd, const std::string& request, Take take) {
  if (::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) < 0) return false;
  std::string text;
  std::array<char, 16384> bytes;
  while (true) {
    const auto got = ::recv(fd.get(), bytes.data(), bytes.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    text.append(bytes.data(), static_cast<std::size_t>(got));
    for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
      const std::string line = text.substr(0, end);
      text.erase(0, end + 1);
      if (line.empty()) return true;
      take(line.substr(0, line.find('=')), line.substr(line.find('=') + 1));
    }
  }
}

void print(const ShownPeer& peer) {
  std::cout << "\npeer " << peer.key << "\n  endpoint          " << peer.endpoint
            << "\n  last handshake    " << age_words(peer.handshake_s) << "\n  received, sent    "
            << size_words(peer.received) << ", " << size_words(peer.sent)
            << "\n  allowed           " << (peer.allowed.empty() ? "(none)" : peer.allowed) << "\n";
  if (peer.keepalive_s != 0)
    std::cout << "  keepalive         every " << peer.keepalive_s << " s\n";
}

}  // namespace

int show_status(const std::string& name) {
  const Fd fd = connect_to("/var/run/wireguard/" + name + ".sock");
  if (!fd.valid()) {
    std::cerr << "ginnel-wg: nobody serves the interface " << name << ". Start it with: ginnel-wg "
              << name << "\n";
    return 1;
  }
  std::vector<ShownPeer> peers;
  std::string port = "0", mark = "none";
  bool has_key = false;
  const bool answered = ask(fd, "get=1\n\n", [&](const std::string& key, const std::string& value) {
    if (key == "private_key") has_key = true;
    if (key == "listen_port") port = value;
    if (key == "fwmark") mark = value;
    if (key == "public_key") {
      const auto bytes = ports::linux_os::wg::parse_key_hex(value);
      peers.emplace_back();
      if (bytes) peers.back().key = ports::linux_os::wg::key_to_base64_var(bytes->view());
    }
    if (peers.empty()) return;
    ShownPeer& peer = peers.back();
    const auto number = [&] { return std::strtoull(value.c_str(), nullptr, 10); };
    if (key == "endpoint") peer.endpoint = value;
    if (key == "last_handshake_time_sec") peer.handshake_s = static_cast<std::int64_t>(number());
    if (key == "tx_bytes") peer.sent = number();
    if (key == "rx_bytes") peer.received = number();
    if (key == "persistent_keepalive_interval") peer.keepalive_s = number();
    if (key == "allowed_ip") peer.allowed += (peer.allowed.empty() ? "" : ", ") + value;
  });
  if (!answered) {
    std::cerr << "ginnel-wg: " << name << " does not answer\n";
    return 1;
  }
  std::cout << "interface " << name << ": " << (has_key ? "has a key" : "has NO private key")
            << ", UDP port " << port << ", firewall mark " << mark << ", " << peers.size()
            << (peers.size() == 1 ? " peer\n" : " peers\n");
  for (const ShownPeer& peer : peers) print(peer);
  return 0;
}

}  // namespace ginnel_wg
