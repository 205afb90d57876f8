#include "ports/linux/wg/link_watch.h"

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace ports::linux_os::wg {
namespace {

constexpr int kNoNamespace = -2;

// One netlink request with a few attributes.
struct Request {
  alignas(nlmsghdr) std::array<char, 256> bytes{};

  template <class Body>
  Request(std::uint16_t type, std::uint16_t flags, std::uint32_t sequence, const Body& body) {
    head()->nlmsg_len = NLMSG_LENGTH(sizeof body);
    head()->nlmsg_type = type;
    head()->nlmsg_flags = static_cast<std::uint16_t>(flags | NLM_F_REQUEST);
    head()->nlmsg_seq = sequence;
    std::memcpy(NLMSG_DATA(head()), &body, sizeof body);
  }
  nlmsghdr* head() { return reinterpret_cast<nlmsghdr*>(bytes.data()); }
  void add(std::uint16_t type, const void* value, std::size_t size) {
    auto* a = reinterpret_cast<rtattr*>(bytes.data() + NLMSG_ALIGN(head()->nlmsg_len));
    CHECK(NLMSG_ALIGN(head()->nlmsg_len) + RTA_SPACE(size) <= bytes.size());
    a->rta_type = type;
    a->rta_len = static_cast<std::uint16_t>(RTA_LENGTH(size));
    std::memcpy(RTA_DATA(a), value, size);
    head()->nlmsg_len =
        static_cast<std::uint32_t>(NLMSG_ALIGN(head()->nlmsg_len) + RTA_SPACE(size));
  }
  void add_number(std::uint16_t type, int value) { add(type, &value, sizeof value); }
};

bool same_file(int fd, const char* path) {
  struct stat a {
  }, b{};
  return ::fstat(fd, &a) == 0 && ::stat(path, &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

// Calls `take(type, value)` for each attribute.
template <class Take>
void for_each_attribute(const nlmsghdr* message, std::size_t body_size, Take take) {
  if (message->nlmsg_len < NLMSG_LENGTH(body_size)) return;
  auto left = static_cast<int>(message->nlmsg_len - NLMSG_LENGTH(body_size));
  const char* at = reinterpret_cast<const char*>(message) + NLMSG_SPACE(body_size);
  for (auto* a = reinterpret_cast<const rtattr*>(at); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
    if (RTA_PAYLOAD(a) < sizeof(int)) continue;
    int value;
    std::memcpy(&value, RTA_DATA(a), sizeof value);
    take(a->rta_type, value);
  }
}

}  // namespace

Outcome<LinkWatch> LinkWatch::open(const Tun& tun) {
  Fd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  sockaddr_nl own{};
  own.nl_family = AF_NETLINK;
  own.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
                  RTMGRP_IPV6_ROUTE | 1u << (RTNLGRP_IPV4_RULE - 1) | 1u << (RTNLGRP_IPV6_RULE - 1);
  const timeval limit{2, 0};
  if (!fd.valid() || ::bind(fd.get(), reinterpret_cast<sockaddr*>(&own), sizeof own) != 0 ||
      ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0) {
    return system_problem(ProblemKind::kInternal, "No netlink socket to be had");
  }
  // Without the right to it the interface is followed in our namespace only.
  const int one = 1;
  ::setsockopt(fd.get(), SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &one, sizeof one);
  LinkWatch watch(std::move(fd));
  if (!watch.locate(tun)) {
    return Problem{ProblemKind::kInternal, "The interface's state cannot be read.", {}};
  }
  return watch;
}

int LinkWatch::namespace_id(int namespace_fd) {
  if (same_file(namespace_fd, "/proc/self/ns/net")) return kOwn;
  rtgenmsg body{};
  body.rtgen_family = AF_UNSPEC;
  Request name(RTM_NEWNSID, NLM_F_ACK, ++sequence_, body);
  name.add_number(NETNSA_FD, namespace_fd);
  name.add_number(NETNSA_NSID, NETNSA_NSID_NOT_ASSIGNED);
  ask(name.head(), nullptr);  // it may have a number already
  Request question(RTM_GETNSID, 0, ++sequence_, body);
  question.add_number(NETNSA_FD, namespace_fd);
  answer_ = kNoNamespace;
  return ask(question.head(), nullptr) && answer_ >= 0 ? answer_ : kNoNamespace;
}

bool LinkWatch::find_namespace(const Tun& tun) {
  // TUNGETDEVNETNS is not there before Linux 5.1.
  const Fd at(::ioctl(tun.fd(), TUNGETDEVNETNS));
  if (!at.valid()) return false;
  namespace_ = namespace_id(at.get());
  return namespace_ != kNoNamespace;
}

bool LinkWatch::locate(const Tun& tun) {
  moved_ = false;
  index_ = 0;
  const std::string name = tun.name();
  if (name.empty() || !find_namespace(tun)) return false;
  ifinfomsg body{};
  body.ifi_family = AF_UNSPEC;
  Request question(RTM_GETLINK, 0, ++sequence_, body);
  question.add(IFLA_IFNAME, name.c_str(), name.size() + 1);
  if (namespace_ != kOwn) question.add_number(IFLA_TARGET_NETNSID, namespace_);
  return ask(question.head(), nullptr) && index_ != 0;
}

bool LinkWatch::change_link(std::uint16_t attribute, std::uint32_t value) {
  ifinfomsg body{};
  body.ifi_family = AF_UNSPEC;
  body.ifi_index = index_;
  Request request(RTM_NEWLINK, NLM_F_ACK, ++sequence_, body);
  request.add(attribute, &value, sizeof value);
  if (namespace_ != kOwn) request.add_number(IFLA_TARGET_NETNSID, namespace_);
  return ask(request.head(), nullptr);
}

Done LinkWatch::set_mtu(std::uint16_t mtu) {
  if (!change_link(IFLA_MTU, mtu)) {
    return Problem{ProblemKind::kInternal, "The interface's MTU cannot be set.", {}};
  }
  state_.mtu = mtu;
  return {};
}

Done LinkWatch::limit_segments(std::size_t count) {
  if (!change_link(IFLA_GSO_MAX_SEGS, static_cast<std::uint32_t>(count))) {
    return Problem{ProblemKind::kInternal, "The interface's packets cannot be limited.", {}};
  }
  return {};
}

// Sends one request and takes all that comes up to its answer.
bool LinkWatch::ask(nlmsghdr* request, Change* change) {
  const std::uint32_t sequence = request->nlmsg_seq;
  if (::send(fd_.get(), request, request->nlmsg_len, 0) < 0) return false;
  alignas(nlmsghdr) std::array<char, 32 * 1024> bytes;
  while (true) {
    const auto size = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
    if (size < 0 && (errno == EINTR || errno == ENOBUFS)) continue;
    if (size <= 0) return false;
    auto left = static_cast<unsigned>(size);
    for (auto* m = reinterpret_cast<nlmsghdr*>(bytes.data()); NLMSG_OK(m, left);
         m = NLMSG_NEXT(m, left)) {
      if (m->nlmsg_seq != sequence || m->nlmsg_pid == 0) {
        take(m, kOwn, change);
        continue;
      }
      if (m->nlmsg_type == NLMSG_ERROR) {
        int error;
        std::memcpy(&error, NLMSG_DATA(m), sizeof error);
        return error == 0;
      }
      if (m->nlmsg_type == RTM_NEWLINK) {
        ifinfomsg body;
        std::memcpy(&body, NLMSG_DATA(m), sizeof body);
        index_ = body.ifi_index;
        take_link(m, namespace_);
      } else if (m->nlmsg_type == RTM_NEWNSID) {
        for_each_attribute(m, NLMSG_ALIGN(sizeof(rtgenmsg)), [&](int type, int value) {
          if (type == NETNSA_NSID) answer_ = value;
        });
      }
      return true;
    }
  }
}

void LinkWatch::take_link(const nlmsghdr* message, int from_namespace) {
  ifinfomsg body;
  std::memcpy(&body, NLMSG_DATA(message), sizeof body);
  if (body.ifi_index != index_ || from_namespace != namespace_) return;
  if (message->nlmsg_type == RTM_DELLINK) {
    moved_ = true;  // or gone, which the TUN device says itself
    return;
  }
  state_.up = (body.ifi_flags & IFF_UP) != 0 ? LinkState::Up::kYes : LinkState::Up::kNo;
  for_each_attribute(message, sizeof body, [&](int type, int value) {
    if (type == IFLA_MTU && value > 0) {
      state_.mtu = static_cast<std::uint16_t>(std::min(value, static_cast<int>(kMaxPacketSize)));
    }
  });
}

void LinkWatch::take(const nlmsghdr* message, int from_namespace, Change* change) {
  switch (message->nlmsg_type) {
    case RTM_NEWLINK:
    case RTM_DELLINK: take_link(message, from_namespace); return;
    case RTM_NEWADDR:
    case RTM_DELADDR:
    case RTM_NEWROUTE:
    case RTM_DELROUTE:
    case RTM_NEWRULE:
    case RTM_DELRULE:
      if (from_namespace == kOwn && change != nullptr) *change = Change::kRoutes;
      return;
    default: return;
  }
}

LinkWatch::Change LinkWatch::take_news(const Tun& tun) {
  Change change = Change::kNothing;
  alignas(nlmsghdr) std::array<char, 32 * 1024> bytes;
  alignas(cmsghdr) std::array<char, 64> control;
  while (true) {
    iovec piece{bytes.data(), bytes.size()};
    msghdr header{};
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const auto size = ::recvmsg(fd(), &header, MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == ENOBUFS) {  // news were lost
      moved_ = true;
      change = Change::kRoutes;
      continue;
    }
    if (size <= 0) break;
    int from_namespace = kOwn;
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
      if (c->cmsg_level == SOL_NETLINK && c->cmsg_type == NETLINK_LISTEN_ALL_NSID) {
        std::memcpy(&from_namespace, CMSG_DATA(c), sizeof from_namespace);
      }
    }
    auto left = static_cast<unsigned>(size);
    for (auto* m = reinterpret_cast<nlmsghdr*>(bytes.data()); NLMSG_OK(m, left);
         m = NLMSG_NEXT(m, left)) {
      take(m, from_namespace, &change);
    }
  }
  if (moved_) locate(tun);
  return change;
}

}  // namespace ports::linux_os::wg
