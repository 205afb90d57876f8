// A command's way to the device: in its own process, or through the process
// that owns the home.
#ifndef APPS_GINNEL_SESSION_H_
#define APPS_GINNEL_SESSION_H_

#include <memory>
#include <optional>
#include <vector>

#include "apps/ginnel/service.h"
#include "ports/linux/local_socket.h"

namespace apps::ginnel {

class Session {
 public:
  virtual ~Session() = default;

  // Carries one request out and waits for its reply.
  // Errors: the problem in the reply; kNetwork if the owner is gone.
  virtual Outcome<Json> request(const Json& request) = 0;
  // The next event if there is one. Errors: kNetwork if the owner is gone.
  virtual Outcome<std::optional<Json>> next_event() = 0;
  // Sleeps until something happens, `until` has come, or `also` (or -1) can be
  // read. Works for the device meanwhile.
  virtual void wait(core::Instant until, int also) = 0;
  // True if the device is in another process and will go on without us.
  virtual bool remote() const = 0;
};

enum class Access : std::uint8_t {
  kShared,     // this process's device, or another process's
  kExclusive,  // this process's only
};

// Opens the device in the home. If another process has it for good (listen,
// chat, daemon), it is asked over its socket; one that has it for a moment is
// waited for. With `serve` other commands can hand their work to us.
// Errors: kNotEnrolled, kStore, kBusy.
enum class Serve : std::uint8_t { kNo, kYes };
Outcome<std::unique_ptr<Session>> open_session(const ports::linux_os::Home& home, Access access,
                                               Serve serve);

// Waits up to `timeout_ms` for the lock on a home. Errors: kBusy, kStore.
Outcome<ports::linux_os::Fd> wait_for_lock(const ports::linux_os::Home& home,
                                           std::int64_t timeout_ms);

// True once SIGINT or SIGTERM has come; set up by watch_signals().
bool interrupted();
void watch_signals();

}  // namespace apps::ginnel
#endif  // APPS_GINNEL_SESSION_H_
