#include "server/broker/sockets.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "server/broker/files.h"

namespace server::broker {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Addresses resolve(const std::string& address, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_family = address.empty() ? AF_INET : AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | flags;
  addrinfo* found = nullptr;
  const char* host = address.empty() ? nullptr : address.c_str();
  if (getaddrinfo(host, std::to_string(port).c_str(), &hints, &found) != 0) return nullptr;
  return Addresses(found);
}

// A socket that closes itself.
struct Socket {
  int fd;
  explicit Socket(int family) : fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (fd >= 0) ::close(fd);
  }
};

}  // namespace

Outcome<std::uint16_t> probe_port(const std::string& address, std::uint16_t port) {
  const auto where = resolve(address, port, AI_PASSIVE);
  if (!where) {
    return Failure{Failure::Kind::kBadInput, "\"" + address + "\" is not an IP address"};
  }
  const Socket socket(where->ai_family);
  const int on = 1;
  ::setsockopt(socket.fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (socket.fd < 0 || ::bind(socket.fd, where->ai_addr, where->ai_addrlen) != 0 ||
      ::listen(socket.fd, 1) != 0) {
    const std::string shown =
        (address.empty() ? "" : address + " ") + "port " + std::to_string(port);
    if (errno == EADDRINUSE) {
      return Failure{Failure::Kind::kInUse, shown + " is in use by another program"};
    }
    return system_failure("cannot listen on " + shown);
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  char text[16] = "";
  if (::getsockname(socket.fd, reinterpret_cast<sockaddr*>(&bound), &size) != 0 ||
      getnameinfo(reinterpret_cast<sockaddr*>(&bound), size, nullptr, 0, text, sizeof(text),
                  NI_NUMERICSERV) != 0) {
    return system_failure("cannot find a free port");
  }
  return static_cast<std::uint16_t>(std::stoi(text));
}

Outcome<void> reachable(const std::string& host, std::uint16_t port,
                        std::chrono::milliseconds limit) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int unknown = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (unknown != 0) {
    return Failure{Failure::Kind::kSystem, "cannot find " + host + ": " + gai_strerror(unknown)};
  }
  const Addresses addresses(found);
  const auto failure = [&] { return system_failure(host + " port " + std::to_string(port)); };
  Outcome<void> last = failure();
  for (const addrinfo* at = found; at; at = at->ai_next) {
    const Socket socket(at->ai_family);
    if (socket.fd < 0 || ::fcntl(socket.fd, F_SETFL, O_NONBLOCK) != 0) {
      last = failure();
      continue;
    }
    if (::connect(socket.fd, at->ai_addr, at->ai_addrlen) == 0) return {};
    if (errno == EINPROGRESS) {
      pollfd ready{socket.fd, POLLOUT, 0};
      socklen_t size = sizeof(int);
      errno = 0;
      const int count = ::poll(&ready, 1, static_cast<int>(limit.count()));
      if (count == 0) errno = ETIMEDOUT;
      int error = errno;
      if (count == 1) ::getsockopt(socket.fd, SOL_SOCKET, SO_ERROR, &error, &size);
      if (error == 0) return {};
      errno = error;
    }
    last = failure();
  }
  return last;
}

bool accepts(const std::string& address, std::uint16_t port) {
  const auto where = resolve(address, port, 0);
  if (!where) return false;
  const Socket socket(where->ai_family);
  return socket.fd >= 0 && ::connect(socket.fd, where->ai_addr, where->ai_addrlen) == 0;
}

}  // namespace server::broker
