#include "ports/linux/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "ports/linux/system.h"

namespace ports::linux_os {
namespace {

constexpr const char* kCheckFolder = "Check that the folder is yours and writable.";

Done sync_folder(const std::string& path) {
  const Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.valid() || fsync(folder.get()) != 0) {
    return system_problem(ProblemKind::kStore, "The folder " + path + " cannot be written to disk",
                          kCheckFolder);
  }
  return {};
}

bool write_all(int fd, std::string_view content) {
  while (!content.empty()) {
    const auto written = ::write(fd, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

std::string folder_of(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

Outcome<FileContents> read_private_file(const std::string& path, std::size_t max_size) {
  const Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid() && errno == ENOENT) return FileContents{};
  std::string content(max_size + 1, '\0');
  std::size_t size = 0;
  bool failed = !file.valid();
  while (!failed && size < content.size()) {
    const auto got = ::read(file.get(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) failed = true;
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  Outcome<FileContents> result = FileContents{};
  if (failed) {
    result = system_problem(ProblemKind::kStore, "The file " + path + " cannot be read",
                            "Check that it is yours and readable.");
  } else if (size > max_size) {
    result = Problem{ProblemKind::kStore, "The file " + path + " is too large.", {}};
  } else {
    result = FileContents{true, SecretText(std::string_view(content).substr(0, size))};
  }
  core::wipe({reinterpret_cast<std::uint8_t*>(content.data()), content.size()});
  return result;
}

Done write_private_file(const std::string& path, std::string_view content) {
  const std::string fresh = path + ".new";
  // Left over from a power cut: nobody has read it.
  ::unlink(fresh.c_str());
  Fd file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  const bool written = file.valid() && fchmod(file.get(), 0600) == 0 &&
                       write_all(file.get(), content) && fsync(file.get()) == 0;
  if (!written || ::rename(fresh.c_str(), path.c_str()) != 0) {
    auto problem = system_problem(ProblemKind::kStore, "The file " + path + " cannot be written",
                                  "Check that there is room on the disk and the folder is yours.");
    ::unlink(fresh.c_str());
    return problem;
  }
  return sync_folder(folder_of(path));
}

Done remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0) {
    if (errno == ENOENT) return {};
    return system_problem(ProblemKind::kStore, "The file " + path + " cannot be removed",
                          kCheckFolder);
  }
  return sync_folder(folder_of(path));
}

Done make_private_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(folder_of(path), error);
  if (!error && ::mkdir(path.c_str(), 0700) == 0) return sync_folder(folder_of(path));
  if (!error && errno == EEXIST && std::filesystem::is_directory(path, error)) return {};
  if (error) errno = error.value();
  return system_problem(ProblemKind::kStore, "The folder " + path + " cannot be made",
                        "Name another folder with --home or $GINNEL_HOME.");
}

}  // namespace ports::linux_os
