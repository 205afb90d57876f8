#include "apps/ginneld/control.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "server/broker/files.h"

namespace ginneld {
namespace {

using nlohmann::json;
using server::broker::Fd;
using server::broker::system_failure;

constexpr std::size_t kMaxRequestSize = 4096;
constexpr std::size_t kMaxAnswerSize = 64 * 1024 * 1024;  // all devices of a site
constexpr int kServerLimitMs = 5'000, kClientLimitMs = 30'000, kWakeMs = 100;

// The socket's address by way of an open folder, because a path may be longer
// than the 107 bytes that fit. Empty if the folder is not there.
struct Address {
  explicit Address(const DataFolder& folder)
      : directory(::open(folder.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    socket.sun_family = AF_UNIX;
    std::string path = folder.socket().string();
    if (path.size() >= sizeof(socket.sun_path)) {
      path = "/proc/self/fd/" + std::to_string(directory.get()) + "/" +
             folder.socket().filename().string();
    }
    std::memcpy(socket.sun_path, path.c_str(), path.size() + 1);
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&socket); }

  Fd directory;
  sockaddr_un socket{};
};

// One line without its end; nothing if it does not come whole.
std::optional<std::string> read_line(int fd, std::size_t max_size, int limit_ms) {
  std::string line;
  char part[4096];
  while (line.size() <= max_size) {
    pollfd ready{fd, POLLIN, 0};
    if (::poll(&ready, 1, limit_ms) <= 0) return std::nullopt;
    const ssize_t n = ::read(fd, part, sizeof(part));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::nullopt;
    line.append(part, static_cast<std::size_t>(n));
    if (line.back() == '\n') {
      line.pop_back();
      return line;
    }
  }
  return std::nullopt;
}

bool write_line(int fd, std::string line, int limit_ms) {
  line += '\n';
  std::string_view left = line;
  while (!left.empty()) {
    pollfd ready{fd, POLLOUT, 0};
    if (::poll(&ready, 1, limit_ms) <= 0) return false;
    const ssize_t n = ::send(fd, left.data(), left.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n <= 0) return false;
    left.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

Outcome<void> ControlServer::start() {
  const Address address(folder_);
  ::unlink(address.socket.sun_path);
  listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // No mode in between that is wider: nobody else gets through at any time.
  const mode_t before = ::umask(0177);
  const bool bound = ::bind(listener_, address.get(), sizeof(address.socket)) == 0;
  ::umask(before);
  if (listener_ < 0 || !bound || ::listen(listener_, 16) != 0) {
    return system_failure("cannot listen on " + folder_.socket().string());
  }
  thread_ = std::thread([this] { run(); });
  return {};
}

void ControlServer::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
  if (listener_ < 0) return;
  ::close(std::exchange(listener_, -1));
  ::unlink(Address(folder_).socket.sun_path);
}

void ControlServer::run() {
  while (!stopping_) {
    pollfd ready{listener_, POLLIN, 0};
    if (::poll(&ready, 1, kWakeMs) <= 0) continue;
    const Fd connection(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
    if (connection.get() >= 0) serve(connection.get());
  }
}

void ControlServer::serve(int connection) const {
  const auto line = read_line(connection, kMaxRequestSize, kServerLimitMs);
  if (!line) return;
  write_line(connection, dump(on_request_(json::parse(*line, nullptr, false))), kServerLimitMs);
}

Outcome<std::optional<json>> ask(const DataFolder& folder, const json& request) {
  const Address address(folder);
  const Fd connection(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(connection.get(), address.get(), sizeof(address.socket)) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) return std::optional<json>();
    return system_failure("cannot talk to the server at " + folder.socket().string());
  }
  std::optional<std::string> line;
  if (write_line(connection.get(), dump(request), kClientLimitMs)) {
    line = read_line(connection.get(), kMaxAnswerSize, kClientLimitMs);
  }
  json answer = line ? json::parse(*line, nullptr, false) : json();
  if (!answer.is_object()) {
    return Failure{Failure::Kind::kSystem, "the running server did not answer"};
  }
  return std::optional(std::move(answer));
}

}  // namespace ginneld
