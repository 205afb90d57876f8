#include <algorithm>

#include "apps/ginnel/commands.h"

namespace apps::ginnel {

using core::Instant;
using ports::linux_os::monotonic_now;

Outcome<bool> wait_until(Session& session, double timeout_s,
                         const std::function<Outcome<bool>()>& ready) {
  const Instant give_up = monotonic_now() + static_cast<std::int64_t>(timeout_s * 1000);
  while (true) {
    const bool is_ready = TRY(ready());
    if (is_ready) return true;
    const Instant now = monotonic_now();
    if (now >= give_up || interrupted()) return false;
    // Another process says nothing of what it does: it is asked again and again.
    session.wait(std::min(give_up, now + (session.remote() ? 50 : 1000)), -1);
  }
}

Outcome<bool> wait_online(Session& session, double timeout_s) {
  return wait_until(session, timeout_s, [&]() -> Outcome<bool> {
    const Json status = TRY(session.request({{"op", "status"}}));
    return status.value("server_known", false);
  });
}

}  // namespace apps::ginnel
