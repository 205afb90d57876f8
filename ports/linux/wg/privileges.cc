#include "ports/linux/wg/privileges.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace ports::linux_os::wg {
namespace {

constexpr std::uint32_t kKept = 1u << CAP_NET_ADMIN | 1u << CAP_NET_BIND_SERVICE;

}  // namespace

Done drop_privileges() {
  const Problem failed = {ProblemKind::kInternal, "The process cannot give up its rights.", {}};
  for (unsigned long c = 0; ::prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; ++c) {
    const bool kept = c < 32 && (kKept >> c & 1) != 0;
    // Needs CAP_SETPCAP; without it the set is what our parent left us.
    if (!kept) ::prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return failed;
  sets[0].permitted &= kKept;
  sets[0].effective = sets[0].permitted;
  sets[0].inheritable = 0;
  sets[1] = {};
  if (::syscall(SYS_capset, &header, sets.data()) != 0) return failed;
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed;
  return {};
}

}  // namespace ports::linux_os::wg
