// Going into the background, for callers such as wg-quick that go on when the
// interface is ready.
#ifndef APPS_GINNEL_WG_BACKGROUND_H_
#define APPS_GINNEL_WG_BACKGROUND_H_

#include "ports/linux/system.h"

namespace ginnel_wg {

// A child process that is to become the daemon, and its line to the parent.
class Background {
 public:
  // Forks. The parent waits for ready() and ends the process: with 0, or with 1
  // if the child ends first. Only the child returns.
  static Background enter();
  // In the child: lets go of stdin, stdout, stderr and the folder; the parent ends.
  void ready();

 private:
  ports::linux_os::Fd parent_;
};

}  // namespace ginnel_wg
#endif  // APPS_GINNEL_WG_BACKGROUND_H_
