// One device at work: its store, its messenger and its connection to the
// broker, in the caller's event loop. Never blocks.
#ifndef PORTS_LINUX_DEVICE_H_
#define PORTS_LINUX_DEVICE_H_

#include <poll.h>

#include <memory>
#include <optional>
#include <vector>

#include "core/messenger/messenger.h"
#include "ports/linux/home.h"

namespace ports::linux_os {

class Device {
 public:
  enum class Link : std::uint8_t { kOffline, kConnecting, kOnline };

  // Opens the device in a home whose lock the caller holds. Goes online by
  // itself once step() is called.
  // Errors: kNotEnrolled, kStore.
  static Outcome<std::unique_ptr<Device>> open(const Home& home);
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  ~Device();

  const DeviceSettings& settings() const;
  core::messenger::Messenger& messenger();
  // The structure of the store's file. Errors: kStore.
  Done check_store();

  // Adds what to poll for, and when to call step() at the latest.
  void add_to(std::vector<pollfd>& fds) const;
  core::Instant next_deadline() const;
  // Does whatever can be done now: connects, reads, writes, works.
  void step();

  Link link() const;
  // Why there is no connection, since the last one; nothing while there is.
  const std::optional<Problem>& link_problem() const;
  // True if nothing is on its way out and no answer on its way in: the process
  // can end, and nothing asked for is asked for again by the next.
  bool settled() const;
  // TLS cipher while online.
  std::string cipher() const;
  // Ends the connection in good manners and stays offline.
  void hang_up();

 private:
  struct State;
  explicit Device(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ports::linux_os
#endif  // PORTS_LINUX_DEVICE_H_
