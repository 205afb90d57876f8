// The machine's randomness and clocks, and owned file descriptors.
#ifndef PORTS_LINUX_SYSTEM_H_
#define PORTS_LINUX_SYSTEM_H_

#include <utility>

#include "core/base/rng.h"
#include "core/base/time.h"

namespace ports::linux_os {

// The kernel's random source, getrandom(2). Stateless.
class SystemRng final : public core::Rng {
 public:
  core::Status fill(core::MutBytes out) override;
};

// CLOCK_BOOTTIME: goes on while the machine sleeps, never jumps.
core::Instant monotonic_now();
// CLOCK_REALTIME.
core::WallTime wall_now();

// A file descriptor that is closed at its end.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) {
      close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~Fd() { close(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void close();

 private:
  int fd_ = -1;
};

}  // namespace ports::linux_os
#endif  // PORTS_LINUX_SYSTEM_H_
