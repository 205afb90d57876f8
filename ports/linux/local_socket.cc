#include "ports/linux/local_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "ports/linux/files.h"

namespace ports::linux_os {
namespace {

Problem gone() {
  return {ProblemKind::kNetwork, "The other ginnel process is gone.", "Try again."};
}

// A socket's path has at most 107 bytes. Longer ones are reached through the
// folder's descriptor, which must stay open as long as the address is used.
struct Address {
  Fd folder;
  sockaddr_un name{};
};

Outcome<Address> address_of(const std::string& path) {
  Address address;
  address.name.sun_family = AF_UNIX;
  std::string shorter = path;
  if (path.size() >= sizeof address.name.sun_path) {
    const std::string folder = folder_of(path);
    address.folder = Fd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    shorter = "/proc/self/fd/" + std::to_string(address.folder.get()) + path.substr(folder.size());
  }
  if (shorter.size() >= sizeof address.name.sun_path) {
    return Problem{ProblemKind::kStore, "The path " + path + " is too long for a socket.", {}};
  }
  std::memcpy(address.name.sun_path, shorter.c_str(), shorter.size());
  return address;
}

const sockaddr* generic(const sockaddr_un& name) {
  return reinterpret_cast<const sockaddr*>(&name);
}

Fd make_socket() { return Fd(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

}  // namespace

Outcome<LocalLink> LocalLink::connect(const std::string& path) {
  const auto address = TRY(address_of(path));
  Fd fd = make_socket();
  if (!fd.valid() || ::connect(fd.get(), generic(address.name), sizeof address.name) != 0) {
    return gone();
  }
  return LocalLink(std::move(fd));
}

Done LocalLink::send(const std::string& line) {
  if (line.size() > kMaxLineSize || line.find('\n') != std::string::npos) {
    return Problem{ProblemKind::kInput, "The message is too long.", {}};
  }
  if (out_.size() + line.size() > kMaxWaiting) return gone();
  out_ += line;
  out_ += '\n';
  return flush();
}

Done LocalLink::flush() {
  std::size_t sent = 0;
  while (sent < out_.size()) {
    const auto size = ::send(fd_.get(), out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (size <= 0) return gone();
    sent += static_cast<std::size_t>(size);
  }
  out_.erase(0, sent);
  return {};
}

std::optional<std::string> LocalLink::take_line() {
  const auto end = in_.find('\n');
  if (end == std::string::npos) return std::nullopt;
  std::string line = in_.substr(0, end);
  in_.erase(0, end + 1);
  return line;
}

Outcome<std::optional<std::string>> LocalLink::receive() {
  if (auto line = take_line()) return line;
  char buffer[16 * 1024];
  while (true) {
    const auto size = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::optional<std::string>();
    if (size <= 0) return gone();
    in_.append(buffer, static_cast<std::size_t>(size));
    if (auto line = take_line()) return line;
    if (in_.size() > kMaxLineSize) return gone();
  }
}

Outcome<LocalServer> LocalServer::listen(const std::string& path) {
  const auto address = TRY(address_of(path));
  ::unlink(path.c_str());
  Fd fd = make_socket();
  // The mode is set before anybody can connect: listen() comes last.
  if (!fd.valid() || ::bind(fd.get(), generic(address.name), sizeof address.name) != 0 ||
      ::chmod(path.c_str(), 0600) != 0 || ::listen(fd.get(), 16) != 0) {
    return system_problem(ProblemKind::kStore, "The socket " + path + " cannot be made",
                          "Check that the folder is yours and writable.");
  }
  return LocalServer(std::move(fd), path);
}

LocalServer::~LocalServer() {
  if (fd_.valid()) ::unlink(path_.c_str());
}

std::optional<LocalLink> LocalServer::accept() {
  while (true) {
    Fd fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.valid()) return std::nullopt;
    ucred peer{};
    socklen_t size = sizeof peer;
    if (getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid()) {
      return LocalLink(std::move(fd));
    }
  }
}

}  // namespace ports::linux_os
