#include "ports/linux/wg/udp_socket.h"

#include <netinet/in.h>
#include <netinet/udp.h>

#include <cerrno>

namespace ports::linux_os::wg {
namespace {

using core::wg::Family;

// A burst of 64 KB super packets must fit while we seal the ones before.
constexpr int kSocketBufferSize = 4 << 20;

bool set_option(const Fd& fd, int level, int name, int value) {
  return ::setsockopt(fd.get(), level, name, &value, sizeof value) == 0;
}

bool set_options(const Fd& fd, Family family) {
  // Beyond the system's limit where we may, otherwise up to it.
  if (!set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, kSocketBufferSize)) {
    set_option(fd, SOL_SOCKET, SO_RCVBUF, kSocketBufferSize);
  }
  if (!set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, kSocketBufferSize)) {
    set_option(fd, SOL_SOCKET, SO_SNDBUF, kSocketBufferSize);
  }
  set_option(fd, SOL_UDP, UDP_GRO, 1);  // without it datagrams come one by one
  if (family == Family::kIpv4) {
    // No "do not fragment": routers and we may cut what the path does not carry.
    return set_option(fd, IPPROTO_IP, IP_PKTINFO, 1) && set_option(fd, IPPROTO_IP, IP_RECVTOS, 1) &&
           set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
  }
  return set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) &&
         set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1) &&
         set_option(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1) &&
         set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
}

template <class T>
T control_value(cmsghdr* message) {
  T value{};
  std::memcpy(&value, CMSG_DATA(message), sizeof value);
  return value;
}

void read_control(msghdr& header, Arrived& arrived) {
  int traffic_class = 0;
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
      const int size = control_value<int>(c);
      if (size > 0) arrived.datagram_size = static_cast<std::size_t>(size);
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      const auto info = control_value<in_pktinfo>(c);
      core::ByteArray<4> bytes;
      std::memcpy(bytes.data(), &info.ipi_spec_dst, bytes.size());
      arrived.from.source = core::wg::IpAddress::v4(bytes);
      arrived.from.source_interface = static_cast<std::uint32_t>(info.ipi_ifindex);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      const auto info = control_value<in6_pktinfo>(c);
      arrived.from.source =
          core::wg::IpAddress::v6(core::View<16>(info.ipi6_addr.s6_addr, std::size_t{16}));
      arrived.from.source_interface = info.ipi6_ifindex;
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS) {
      traffic_class = *CMSG_DATA(c);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_TCLASS) {
      traffic_class = control_value<int>(c);
    }
  }
  arrived.ecn = static_cast<Ecn>(traffic_class & 3);
}

}  // namespace

socklen_t to_sockaddr(const core::wg::Endpoint& endpoint, sockaddr_storage& address) {
  if (endpoint.address.family == Family::kIpv4) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    std::memcpy(&v4.sin_addr, endpoint.address.bytes.data(), 4);
    std::memcpy(&address, &v4, sizeof v4);
    return sizeof v4;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(endpoint.port);
  v6.sin6_scope_id = endpoint.scope;
  std::memcpy(&v6.sin6_addr, endpoint.address.bytes.data(), 16);
  std::memcpy(&address, &v6, sizeof v6);
  return sizeof v6;
}

core::wg::Endpoint from_sockaddr(const sockaddr_storage& address) {
  core::wg::Endpoint endpoint;
  if (address.ss_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof v4);
    core::ByteArray<4> bytes;
    std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
    endpoint.address = core::wg::IpAddress::v4(bytes);
    endpoint.port = ntohs(v4.sin_port);
  } else if (address.ss_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &address, sizeof v6);
    endpoint.address =
        core::wg::IpAddress::v6(core::View<16>(v6.sin6_addr.s6_addr, std::size_t{16}));
    endpoint.port = ntohs(v6.sin6_port);
    endpoint.scope = v6.sin6_scope_id;
  }
  return endpoint;
}

UdpInbox::UdpInbox() : bytes_(new std::uint8_t[kCount * kSize]) {
  for (std::size_t i = 0; i < kCount; ++i) {
    pieces_[i] = {&bytes_[i * kSize], kSize};
    msghdr& header = headers_[i].msg_hdr;
    header.msg_name = &names_[i];
    header.msg_iov = &pieces_[i];
    header.msg_iovlen = 1;
    header.msg_control = control_[i].data();
  }
}

Outcome<UdpSocket> UdpSocket::open(Family family, std::uint16_t port, std::uint32_t mark) {
  const bool v4 = family == Family::kIpv4;
  UdpSocket s;
  s.fd_ = Fd(::socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!s.fd_.valid()) {
    const auto kind = errno == EAFNOSUPPORT ? ProblemKind::kNetwork : ProblemKind::kInternal;
    return system_problem(kind, "No UDP socket to be had");
  }
  if (!set_options(s.fd_, family)) {
    return system_problem(ProblemKind::kInternal, "The UDP socket refuses an option");
  }
  if (mark != 0) TRY(s.set_mark(mark));
  core::wg::Endpoint any;
  any.address.family = family;
  any.port = port;
  sockaddr_storage address{};
  socklen_t size = to_sockaddr(any, address);
  if (::bind(s.fd(), reinterpret_cast<sockaddr*>(&address), size) != 0) {
    const auto kind = errno == EADDRINUSE      ? ProblemKind::kBusy
                      : errno == EADDRNOTAVAIL ? ProblemKind::kNetwork
                                               : ProblemKind::kInternal;
    return system_problem(kind, "UDP port " + std::to_string(port) + " cannot be bound");
  }
  size = sizeof address;
  if (::getsockname(s.fd(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return system_problem(ProblemKind::kInternal, "The UDP port is not known");
  }
  s.port_ = from_sockaddr(address).port;
  return s;
}

Done UdpSocket::set_mark(std::uint32_t mark) {
  if (!set_option(fd_, SOL_SOCKET, SO_MARK, static_cast<int>(mark))) {
    return system_problem(ProblemKind::kInternal, "The firewall mark cannot be set",
                          "It needs the capability CAP_NET_ADMIN.");
  }
  return {};
}

void UdpSocket::receive(UdpInbox& inbox) const {
  inbox.count_ = 0;
  for (mmsghdr& message : inbox.headers_) {
    message.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    message.msg_hdr.msg_controllen = UdpInbox::kControlSize;
  }
  const int count =
      ::recvmmsg(fd(), inbox.headers_.data(), UdpInbox::kCount, MSG_DONTWAIT, nullptr);
  for (int i = 0; i < count; ++i) {
    const auto index = static_cast<std::size_t>(i);
    mmsghdr& message = inbox.headers_[index];
    if (message.msg_len == 0) continue;
    Arrived& arrived = inbox.arrived_[inbox.count_++];
    auto* bytes = static_cast<std::uint8_t*>(inbox.pieces_[index].iov_base);
    arrived = {.bytes = {bytes, message.msg_len},
               .datagram_size = message.msg_len,
               .from = from_sockaddr(inbox.names_[index]),
               .ecn = Ecn::kNotCapable};
    read_control(message.msg_hdr, arrived);
  }
}

}  // namespace ports::linux_os::wg
