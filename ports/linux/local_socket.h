// Lines of text between processes of one user, over a socket in the home.
#ifndef PORTS_LINUX_LOCAL_SOCKET_H_
#define PORTS_LINUX_LOCAL_SOCKET_H_

#include <optional>
#include <string>

#include "ports/linux/problem.h"
#include "ports/linux/system.h"

namespace ports::linux_os {

// One connection. Lines end with '\n' and hold none; never blocks.
class LocalLink {
 public:
  // The longest line: a message of the largest size in base64, and room.
  static constexpr std::size_t kMaxLineSize = 256 * 1024;
  // What may wait to be written before send() fails.
  static constexpr std::size_t kMaxWaiting = 4 * 1024 * 1024;

  // Connects to the socket at `path`. Errors: kNetwork if nobody is there.
  static Outcome<LocalLink> connect(const std::string& path);

  int fd() const { return fd_.get(); }
  bool wants_write() const { return !out_.empty(); }

  // Queues one line and writes what fits.
  // Errors: kNetwork (the other side is gone, or does not read), kInput.
  Done send(const std::string& line);
  // Writes what waits. Errors: kNetwork.
  Done flush();
  // The next line, if one is there. Errors: kNetwork when the other side is
  // gone and all its lines were taken, or when a line is too long.
  Outcome<std::optional<std::string>> receive();

 private:
  friend class LocalServer;
  explicit LocalLink(Fd fd) : fd_(std::move(fd)) {}
  std::optional<std::string> take_line();

  Fd fd_;
  std::string in_, out_;
};

// Listens. One per home, by the process that holds the lock.
class LocalServer {
 public:
  // Replaces a socket left over by a process that died. Mode 0600.
  // Errors: kStore.
  static Outcome<LocalServer> listen(const std::string& path);
  LocalServer(LocalServer&&) noexcept = default;
  LocalServer& operator=(LocalServer&&) noexcept = default;
  // Removes the socket.
  ~LocalServer();

  int fd() const { return fd_.get(); }
  // The next connection of a process of our own user; others are dropped.
  std::optional<LocalLink> accept();

 private:
  LocalServer(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Fd fd_;
  std::string path_;
};

}  // namespace ports::linux_os
#endif  // PORTS_LINUX_LOCAL_SOCKET_H_
