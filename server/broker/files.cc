#include "server/broker/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>

namespace server::broker {
namespace {

constexpr std::size_t kMaxFileSize = 1024 * 1024;

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

Failure system_failure(const std::string& what) {
  const int number = errno;
  return {Failure::Kind::kSystem, what + ": " + std::strerror(number)};
}

Outcome<void> write_file(const std::filesystem::path& path, std::string_view text, mode_t mode) {
  const std::string temporary = path.string() + ".new";
  {
    ::unlink(temporary.c_str());
    const Fd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (fd.get() < 0) return system_failure("cannot create " + temporary);
    if (!write_all(fd.get(), text) || ::fchmod(fd.get(), mode) != 0 || ::fsync(fd.get()) != 0) {
      return system_failure("cannot write " + temporary);
    }
  }
  if (::rename(temporary.c_str(), path.c_str()) != 0) {
    return system_failure("cannot put " + path.string() + " in its place");
  }
  const Fd folder(::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() < 0 || ::fsync(folder.get()) != 0) {
    return system_failure("cannot sync " + path.parent_path().string());
  }
  return {};
}

Outcome<std::optional<std::string>> read_file(const std::filesystem::path& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) {
    if (errno == ENOENT) return std::optional<std::string>();
    return system_failure("cannot open " + path.string());
  }
  std::string text;
  char part[4096];
  while (true) {
    const ssize_t n = ::read(fd.get(), part, sizeof(part));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_failure("cannot read " + path.string());
    if (n == 0) return std::optional<std::string>(std::move(text));
    text.append(part, static_cast<std::size_t>(n));
    if (text.size() > kMaxFileSize) {
      return Failure{Failure::Kind::kBadInput, path.string() + " is larger than 1 MiB"};
    }
  }
}

Outcome<void> make_folder(const std::filesystem::path& path, mode_t mode) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return {};
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
    return system_failure("cannot create the folder " + path.string());
  }
  if (!std::filesystem::is_directory(path, error)) {
    return Failure{Failure::Kind::kBadInput, path.string() + " is not a folder"};
  }
  return {};
}

Outcome<FolderLock> FolderLock::take(const std::filesystem::path& folder,
                                     std::chrono::milliseconds limit) {
  const auto path = folder / "lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return system_failure("cannot open " + path.string());
  FolderLock lock(fd);
  const auto end = std::chrono::steady_clock::now() + limit;
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      continue;
    }
    if (errno != EWOULDBLOCK) return system_failure("cannot lock " + path.string());
    return Failure{Failure::Kind::kInUse,
                   folder.string() + " is in use by another running ginneld"};
  }
  return lock;
}

FolderLock::~FolderLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace server::broker
