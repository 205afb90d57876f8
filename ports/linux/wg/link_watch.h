// Follows the state of our interface, also into other network namespaces, and
// notices when addresses or routes of our own namespace change.
#ifndef PORTS_LINUX_WG_LINK_WATCH_H_
#define PORTS_LINUX_WG_LINK_WATCH_H_

#include <linux/netlink.h>

#include "ports/linux/problem.h"
#include "ports/linux/system.h"
#include "ports/linux/wg/tun.h"

namespace ports::linux_os::wg {

struct LinkState {
  enum class Up : std::uint8_t { kNo, kYes } up = Up::kNo;
  std::uint16_t mtu = 1420;  // bytes
};

// Needs CAP_NET_ADMIN all along, and CAP_NET_BROADCAST when it is made.
class LinkWatch {
 public:
  // Errors: kInternal.
  static Outcome<LinkWatch> open(const Tun& tun);

  int fd() const { return fd_.get(); }
  const LinkState& state() const { return state_; }
  // Errors: kInternal. Fails on kernels that let no one look into another
  // namespace, when the interface is there.
  Done set_mtu(std::uint16_t mtu);
  // Packets that the kernel may leave to us to cut out of one, at most.
  Done limit_segments(std::size_t count);

  enum class Change : std::uint8_t { kNothing, kRoutes };
  // Takes all news: updates state(). kRoutes: addresses or routes changed too.
  Change take_news(const Tun& tun);

 private:
  struct Message;

  explicit LinkWatch(Fd fd) : fd_(std::move(fd)) {}
  // Finds the interface, wherever it is, and asks for its state.
  bool locate(const Tun& tun);
  bool find_namespace(const Tun& tun);
  int namespace_id(int namespace_fd);
  bool change_link(std::uint16_t attribute, std::uint32_t value);
  bool ask(nlmsghdr* request, Change* change);
  void take(const nlmsghdr* message, int from_namespace, Change* change);
  void take_link(const nlmsghdr* message, int from_namespace);

  static constexpr int kOwn = -1;

  Fd fd_;
  LinkState state_;
  int index_ = 0;
  int namespace_ = kOwn;  // as our namespace numbers it
  std::uint32_t sequence_ = 0;
  bool moved_ = false;
  int answer_ = 0;  // of the kernel to a question
};

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_LINK_WATCH_H_
