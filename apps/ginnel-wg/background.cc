#include "apps/ginnel-wg/background.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace ginnel_wg {

using ports::linux_os::Fd;

Background Background::enter() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    std::perror("ginnel-wg: pipe");
    std::_Exit(1);
  }
  Fd child_side(ends[0]);
  Background background;
  background.parent_ = Fd(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) {
    std::perror("ginnel-wg: fork");
    std::_Exit(1);
  }
  if (child == 0) {
    ::setsid();
    return background;
  }
  background.parent_.close();
  char ready = 0;
  ssize_t got;
  do {
    got = ::read(child_side.get(), &ready, 1);
  } while (got < 0 && errno == EINTR);
  std::_Exit(got == 1 ? 0 : 1);
}

void Background::ready() {
  const Fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (int fd = 0; fd <= 2; ++fd) ::dup2(null.get(), fd);
  (void)!::chdir("/");
  const char done = 1;
  (void)!::write(parent_.get(), &done, 1);
  parent_.close();
}

}  // namespace ginnel_wg
