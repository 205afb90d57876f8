// Giving up rights that are no longer needed; see capabilities(7).
#ifndef PORTS_LINUX_WG_PRIVILEGES_H_
#define PORTS_LINUX_WG_PRIVILEGES_H_

#include "ports/linux/problem.h"

namespace ports::linux_os::wg {

// Keeps CAP_NET_ADMIN (firewall marks, other namespaces' link state) and
// CAP_NET_BIND_SERVICE (a new port below 1024) of what we have, for good: no
// program that we might start can get more either. Errors: kInternal.
Done drop_privileges();

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_PRIVILEGES_H_
