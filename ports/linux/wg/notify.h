// Telling systemd how we are, as sd_notify(3) describes it.
#ifndef PORTS_LINUX_WG_NOTIFY_H_
#define PORTS_LINUX_WG_NOTIFY_H_

#include <string>

namespace ports::linux_os::wg {

// Sends `state`, such as "READY=1", to $NOTIFY_SOCKET; does nothing where there
// is none.
void notify_supervisor(const std::string& state);

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_NOTIFY_H_
