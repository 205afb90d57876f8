#include "ports/linux/wg/udp_outbox.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>

#include <cerrno>

namespace ports::linux_os::wg {
namespace {

using core::wg::Family;

constexpr int kWaitMs = 5;

// Appends control messages to a header's buffer.
class Control {
 public:
  Control(msghdr& header, std::span<char> room) : header_(header), room_(room) {}

  template <class T>
  void add(int level, int type, const T& value) {
    auto* c = reinterpret_cast<cmsghdr*>(room_.data() + size_);
    std::memset(c, 0, CMSG_SPACE(sizeof value));
    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(sizeof value);
    std::memcpy(CMSG_DATA(c), &value, sizeof value);
    size_ += CMSG_SPACE(sizeof value);
    header_.msg_control = room_.data();
    header_.msg_controllen = size_;
  }

 private:
  msghdr& header_;
  std::span<char> room_;
  std::size_t size_ = 0;
};

// Errors that a source address or interface which is no longer ours gives.
bool source_to_blame(int error) {
  return error == EINVAL || error == ENETUNREACH || error == EHOSTUNREACH ||
         error == EADDRNOTAVAIL || error == ENODEV || error == ENXIO;
}

bool may_wait(int error) { return error == EAGAIN || error == ENOBUFS; }

void wait_for_room(const UdpSocket& socket) {
  pollfd p{socket.fd(), POLLOUT, 0};
  ::poll(&p, 1, kWaitMs);
}

}  // namespace

void UdpOutbox::add(core::Bytes datagram, const core::wg::Endpoint& to, core::wg::PeerId peer,
                    std::uint8_t traffic_class) {
  CHECK(!full());
  pieces_[piece_count_] = {const_cast<std::uint8_t*>(datagram.data()), datagram.size()};
  if (run_count_ > 0) {
    Run& run = runs_[run_count_ - 1];
    if (run.open && run.peer == peer && run.traffic_class == traffic_class &&
        datagram.size() <= run.datagram_size && run.count < kMaxRunCount &&
        run.size + datagram.size() <= kMaxRunSize && run.to == to) {
      ++run.count;
      run.size += datagram.size();
      run.open = datagram.size() == run.datagram_size;
      ++piece_count_;
      return;
    }
  }
  runs_[run_count_++] = {.to = to,
                         .peer = peer,
                         .traffic_class = traffic_class,
                         .open = true,
                         .first = piece_count_++,
                         .count = 1,
                         .datagram_size = datagram.size(),
                         .size = datagram.size()};
}

void UdpOutbox::fill(std::size_t index, const Run& run, Source source) {
  Message& message = messages_[index];
  msghdr& header = headers_[index].msg_hdr;
  header = {};
  header.msg_name = &message.name;
  header.msg_namelen = to_sockaddr(run.to, message.name);
  header.msg_iov = &pieces_[run.first];
  header.msg_iovlen = run.count;
  Control control(header, message.control);
  const bool v4 = run.to.address.family == Family::kIpv4;
  if (source == Source::kSticky && run.to.source.family == run.to.address.family) {
    if (v4) {
      in_pktinfo info{};
      std::memcpy(&info.ipi_spec_dst, run.to.source.bytes.data(), 4);
      info.ipi_ifindex = static_cast<int>(run.to.source_interface);
      control.add(IPPROTO_IP, IP_PKTINFO, info);
    } else {
      in6_pktinfo info{};
      std::memcpy(&info.ipi6_addr, run.to.source.bytes.data(), 16);
      info.ipi6_ifindex = run.to.source_interface;
      control.add(IPPROTO_IPV6, IPV6_PKTINFO, info);
    }
  }
  if (run.traffic_class != 0) {
    const int traffic_class = run.traffic_class;
    control.add(v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TOS : IPV6_TCLASS, traffic_class);
  }
  if (run.count > 1) {
    control.add(SOL_UDP, UDP_SEGMENT, static_cast<std::uint16_t>(run.datagram_size));
  }
}

void UdpOutbox::give_up(const Run& run) {
  unsent_ += run.count;
  failures_.push_back({run.peer, run.size});
}

bool UdpOutbox::send_one(const UdpSocket& socket, const Run& run, Source source) {
  fill(0, run, source);
  for (int tries = 0; tries < 2; ++tries) {
    if (::sendmsg(socket.fd(), &headers_[0].msg_hdr, 0) >= 0) return true;
    if (!may_wait(errno)) return false;
    wait_for_room(socket);
  }
  return false;
}

void UdpOutbox::send_singly(const UdpSocket& socket, const Run& run) {
  for (std::size_t i = 0; i < run.count; ++i) {
    Run single = run;
    single.first = run.first + i;
    single.count = 1;
    single.size = pieces_[single.first].iov_len;
    if (!send_one(socket, single, Source::kSticky) && !send_one(socket, single, Source::kAny)) {
      give_up(single);
    }
  }
}

void UdpOutbox::send_failed_run(UdpSockets& sockets, const Run& run, int error) {
  const UdpSocket& socket = *sockets.of(run.to.address.family);
  if (may_wait(error)) {
    wait_for_room(socket);
    if (send_one(socket, run, Source::kSticky)) return;
    error = errno;
  }
  if (source_to_blame(error) && run.to.source.family != Family::kNone &&
      send_one(socket, run, Source::kAny)) {
    failures_.push_back({run.peer, 0});
    return;
  }
  // A path narrower than the datagrams, or a device that cannot sum them: the
  // kernel cuts no message then, but takes single datagrams, in fragments.
  const bool cut = error == EMSGSIZE || error == EINVAL || error == EIO || error == EOPNOTSUPP;
  if (run.count > 1 && cut) {
    if (error == EIO || error == EOPNOTSUPP) sockets.segments = false;
    return send_singly(socket, run);
  }
  give_up(run);
}

// Sends runs of one family from `first` on and gives the next one to send.
std::size_t UdpOutbox::send_runs(UdpSockets& sockets, std::size_t first) {
  const Family family = runs_[first].to.address.family;
  const UdpSocket* socket = sockets.of(family);
  if (socket == nullptr) {
    give_up(runs_[first]);
    return first + 1;
  }
  if (!sockets.segments && runs_[first].count > 1) {
    send_singly(*socket, runs_[first]);
    return first + 1;
  }
  std::size_t end = first;
  while (end < run_count_ && runs_[end].to.address.family == family &&
         (sockets.segments || runs_[end].count == 1)) {
    fill(end - first, runs_[end], Source::kSticky);
    ++end;
  }
  const std::size_t count = end - first;
  const int sent = count == 1
                       ? (::sendmsg(socket->fd(), &headers_[0].msg_hdr, 0) >= 0 ? 1 : -1)
                       : ::sendmmsg(socket->fd(), headers_.data(), static_cast<unsigned>(count), 0);
  if (sent > 0) return first + static_cast<std::size_t>(sent);
  send_failed_run(sockets, runs_[first], errno);
  return first + 1;
}

void UdpOutbox::flush(UdpSockets& sockets) {
  failures_.clear();
  for (std::size_t next = 0; next < run_count_;) next = send_runs(sockets, next);
  run_count_ = piece_count_ = 0;
}

}  // namespace ports::linux_os::wg
