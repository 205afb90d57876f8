// The files of the data folder: written whole or not at all, private unless
// said otherwise, and owned by one process at a time.
#ifndef SERVER_BROKER_FILES_H_
#define SERVER_BROKER_FILES_H_

#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <optional>

#include "server/broker/outcome.h"

namespace server::broker {

// A file descriptor that closes itself; negative if it could not be opened.
class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

// Replaces `path` by a file of `text` with `mode`: a reader, or a crash at any
// moment, finds the old file or the new one. The bytes are on disk on return.
Outcome<void> write_file(const std::filesystem::path& path, std::string_view text, mode_t mode);

// The whole file, at most 1 MiB; nothing if there is no such file.
Outcome<std::optional<std::string>> read_file(const std::filesystem::path& path);

// Makes `path` (and its parents) with `mode` if it is not there.
Outcome<void> make_folder(const std::filesystem::path& path, mode_t mode);

// One process's hold on a data folder, let go by the destructor or by the
// process's end, however it comes.
class FolderLock {
 public:
  // Waits for at most `limit` for a process that is ending.
  // Errors: kInUse if another process holds `folder`.
  static Outcome<FolderLock> take(const std::filesystem::path& folder,
                                  std::chrono::milliseconds limit);
  FolderLock(FolderLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  int fd_;
};

// "what: the system's text for errno".
Failure system_failure(const std::string& what);

}  // namespace server::broker
#endif  // SERVER_BROKER_FILES_H_
