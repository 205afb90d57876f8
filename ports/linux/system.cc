#include "ports/linux/system.h"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

namespace ports::linux_os {
namespace {

std::int64_t clock_ms(clockid_t id) {
  timespec t{};
  clock_gettime(id, &t);
  return std::int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1'000'000;
}

}  // namespace

core::Status SystemRng::fill(core::MutBytes out) {
  core::MutBytes left = out;
  while (!left.empty()) {
    const auto got = getrandom(left.data(), left.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      core::wipe(out);
      return core::Error::kRng;
    }
    left = left.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

core::Instant monotonic_now() { return {clock_ms(CLOCK_BOOTTIME)}; }
core::WallTime wall_now() { return {clock_ms(CLOCK_REALTIME)}; }

void Fd::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

}  // namespace ports::linux_os
