#include "apps/ginnel/scanned_code.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>

#include "apps/ginnel/text.h"

namespace apps::ginnel {
namespace {

using ports::linux_os::Outcome;
using ports::linux_os::Problem;
using ports::linux_os::ProblemKind;

constexpr std::size_t kDigits = 60;
constexpr std::size_t kMostBytes = 4096;  // more than any QR code holds
constexpr int kNotInstalled = 127;

// The 60 digits in `text`, if it is nothing but those and white space.
std::optional<std::string> digits_in(const std::string& text) {
  std::string digits;
  for (const char c : text) {
    if (c >= '0' && c <= '9') {
      digits += c;
    } else if (c != ' ' && c != '\n' && c != '\t') {
      return std::nullopt;
    }
  }
  if (digits.size() != kDigits) return std::nullopt;
  return digits;
}

struct Ran {
  int exit_code = kNotInstalled;
  std::string output;  // at most kMostBytes
};

// Runs zbarimg on the picture. It does not see a shell.
Ran run_zbarimg(const char* path) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  const char* arguments[] = {"zbarimg",         "--raw",    "--quiet", "--oneshot", "-Sdisable",
                             "-Sqrcode.enable", "-Sbinary", path,      nullptr};
  pid_t child = -1;
  const int failed = ::posix_spawnp(&child, arguments[0], &actions, nullptr,
                                    const_cast<char**>(arguments), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  Ran ran;
  std::array<char, 512> piece{};
  while (failed == 0 && ran.output.size() < kMostBytes) {
    const auto size = ::read(ends[0], piece.data(), piece.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    ran.output.append(piece.data(), static_cast<std::size_t>(size));
  }
  ::close(ends[0]);
  if (failed != 0) return ran;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
  return ran;
}

Outcome<std::string> read_picture(const std::string& file) {
  // An absolute path, so that no file name is taken for an option or a format.
  char* const path = ::realpath(file.c_str(), nullptr);
  if (path == nullptr) {
    return Problem{ProblemKind::kInput,
                   "That is neither 60 digits, nor base64, nor the name of a picture.",
                   "Give what `ginnel verify --json` shows on the other device, or a picture of "
                   "its QR code."};
  }
  auto ran = run_zbarimg(path);
  std::free(path);
  if (ran.exit_code == kNotInstalled) {
    return Problem{ProblemKind::kInput, "Pictures are read by zbarimg, which is not installed.",
                   "Install it (Debian: zbar-tools), or give the 60 digits."};
  }
  if (ran.exit_code != 0 || ran.output.empty()) {
    return Problem{ProblemKind::kInput, "There is no QR code to be read in " + file + ".",
                   "Take the picture again, straight and near."};
  }
  return std::move(ran.output);
}

}  // namespace

Outcome<std::variant<ScannedDigits, ScannedBytes>> read_scanned(const std::string& given) {
  using Scanned = std::variant<ScannedDigits, ScannedBytes>;
  if (auto digits = digits_in(given)) return Scanned(ScannedDigits{*std::move(digits)});
  if (::access(given.c_str(), F_OK) != 0) {
    auto bytes = from_base64(given);
    if (bytes && !bytes->empty()) return Scanned(ScannedBytes{*std::move(bytes)});
  }
  return Scanned(ScannedBytes{TRY(read_picture(given))});
}

}  // namespace apps::ginnel
