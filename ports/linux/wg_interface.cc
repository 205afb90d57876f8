#include "ports/linux/wg_interface.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "ports/linux/program.h"
#include "ports/linux/system.h"

namespace ports::linux_os {
namespace {

constexpr std::size_t kMaxNameSize = 15;
constexpr int kAnswerLimitS = 10;
constexpr std::size_t kMaxAnswerSize = 256 * 1024 * 1024;  // 131,072 peers, with room

Outcome<Fd> connect_to(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = "/var/run/wireguard/" + name + ".sock";
  if (path.size() >= sizeof address.sun_path) {
    return Problem{ProblemKind::kInput, "\"" + name + "\" is no name for an interface.", {}};
  }
  path.copy(address.sun_path, path.size());
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return system_problem(ProblemKind::kInternal, "No socket to be had");
  const timeval limit{kAnswerLimitS, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  if (errno == EACCES || errno == EPERM) {
    return Problem{ProblemKind::kInternal, "Only root can look at the interface " + name + ".", {}};
  }
  return Problem{ProblemKind::kNetwork, "No ginnel-wg serves an interface " + name + ".", {}};
}

bool send_all(const Fd& fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

Done may_make_interfaces() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  const bool told = ::syscall(SYS_capget, &header, sets.data()) == 0;
  if (!told || (sets[0].effective >> CAP_NET_ADMIN & 1) == 0) {
    return Problem{ProblemKind::kInternal, "A tunnel needs the capability CAP_NET_ADMIN.",
                   "Run it as root."};
  }
  if (::access("/dev/net/tun", R_OK | W_OK) != 0) {
    return Problem{ProblemKind::kInternal, "A tunnel needs /dev/net/tun, which cannot be opened.",
                   "Load the kernel's module: modprobe tun"};
  }
  return {};
}

bool is_interface_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '=';
  };
  return !name.empty() && name.size() <= kMaxNameSize && name[0] != '-' && name[0] != '.' &&
         std::all_of(name.begin(), name.end(), fits);
}

Outcome<WgAnswer> ask_interface(const std::string& name, const SecretText& request) {
  const Fd fd = TRY(connect_to(name));
  const Problem silent{ProblemKind::kInternal, "The interface " + name + " does not answer.", {}};
  if (!send_all(fd, request.reveal())) return silent;
  std::string text;
  std::array<char, 16384> part;
  while (!text.ends_with("\n\n") && text.size() < kMaxAnswerSize) {
    const ssize_t got = ::recv(fd.get(), part.data(), part.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return silent;
    text.append(part.data(), static_cast<std::size_t>(got));
  }
  WgAnswer answer;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    const auto equals = line.find('=');
    if (equals == std::string::npos) continue;
    answer.emplace_back(line.substr(0, equals), line.substr(equals + 1));
  }
  core::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  if (answer.empty() || answer.back().first != "errno") return silent;
  const std::string error = answer.back().second;
  answer.pop_back();
  if (error == "0") return answer;
  return Problem{ProblemKind::kRefused,
                 "The interface " + name + " refuses its configuration (errno " + error + ").",
                 error == "-98" ? "Another program uses the UDP port." : ""};
}

void append_hex(std::string& text, core::Bytes bytes) {
  // 0 to 9 and a to f without a table, whose lines in the cache would tell.
  const auto digit = [](unsigned value) {
    return static_cast<char>(value + 48u + ((9u - value) >> 8 & 39u));
  };
  for (const std::uint8_t byte : bytes) {
    text += digit(byte >> 4);
    text += digit(byte & 15u);
  }
}

std::string address_text(const InsideAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET6, address.data(), text.data(), text.size());
  return text.data();
}

std::string interface_with(const InsideAddress& address) {
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return {};
  std::string name;
  for (const ifaddrs* each = all; each; each = each->ifa_next) {
    if (!each->ifa_addr || each->ifa_addr->sa_family != AF_INET6) continue;
    sockaddr_in6 theirs{};
    std::memcpy(&theirs, each->ifa_addr, sizeof theirs);
    if (std::memcmp(&theirs.sin6_addr, address.data(), address.size()) == 0) name = each->ifa_name;
  }
  ::freeifaddrs(all);
  return name;
}

Done run_ip(std::vector<std::string> words) {
  const std::string program = find_program("ip");
  if (program.empty()) {
    return Problem{ProblemKind::kInternal, "The program ip is not installed.",
                   "On Debian: apt-get install iproute2"};
  }
  std::string command = "ip -6";
  for (const auto& word : words) command += " " + word;
  words.insert(words.begin(), {program, "-6"});
  const auto end = TRY(run_program(words));
  if (end.status == 0) return {};
  return Problem{ProblemKind::kInternal,
                 "`" + command + "` failed: " + end.output.substr(0, end.output.find('\n')),
                 {}};
}

Done set_up_interface(const std::string& name, const InsideAddress& address, unsigned mtu) {
  TRY(run_ip({"link", "set", "dev", name, "mtu", std::to_string(mtu), "up"}));
  // Nobody else can have it: it is made from our key.
  return run_ip({"address", "replace", address_text(address) + "/128", "dev", name, "nodad"});
}

}  // namespace ports::linux_os
