// One UDP socket of the tunnel, of one family: many datagrams a call, each
// with our address it came to and its congestion mark.
#ifndef PORTS_LINUX_WG_UDP_SOCKET_H_
#define PORTS_LINUX_WG_UDP_SOCKET_H_

#include <sys/socket.h>

#include <array>
#include <memory>

#include "core/wg/endpoint.h"
#include "ports/linux/problem.h"
#include "ports/linux/system.h"
#include "ports/linux/wg/ecn.h"

namespace ports::linux_os::wg {

// Datagrams of one source that came together, each of `datagram_size` bytes but
// the last, which may be shorter.
struct Arrived {
  core::MutBytes bytes;
  std::size_t datagram_size;
  core::wg::Endpoint from;  // and `source`: where it came to
  Ecn ecn;
};

// Room for one call of receive(). Made once: it is large.
class UdpInbox {
 public:
  static constexpr std::size_t kCount = 16;
  UdpInbox();

  // What the last receive() brought; valid until the next.
  std::span<Arrived> arrived() { return std::span(arrived_).first(count_); }
  bool full() const { return count_ == kCount; }

 private:
  friend class UdpSocket;
  static constexpr std::size_t kSize = 65536;
  static constexpr std::size_t kControlSize = 128;

  std::size_t count_ = 0;
  std::array<Arrived, kCount> arrived_{};
  std::array<mmsghdr, kCount> headers_{};
  std::array<iovec, kCount> pieces_{};
  std::array<sockaddr_storage, kCount> names_{};
  alignas(cmsghdr) std::array<std::array<char, kControlSize>, kCount> control_{};
  std::unique_ptr<std::uint8_t[]> bytes_;
};

class UdpSocket {
 public:
  // Binds to all addresses of the family at `port`; 0: any. Mark 0: none.
  // Errors: kBusy (the port is taken), kNetwork (no such family here), kInternal.
  static Outcome<UdpSocket> open(core::wg::Family family, std::uint16_t port, std::uint32_t mark);

  int fd() const { return fd_.get(); }
  std::uint16_t port() const { return port_; }
  // Errors: kInternal.
  Done set_mark(std::uint32_t mark);

  // Takes what has come, at most inbox.kCount messages. Never blocks.
  void receive(UdpInbox& inbox) const;

 private:
  Fd fd_;
  std::uint16_t port_ = 0;
};

// Writes an endpoint as a socket's address and gives its size.
socklen_t to_sockaddr(const core::wg::Endpoint& endpoint, sockaddr_storage& address);
// The other way. Of another family: address.family is kNone.
core::wg::Endpoint from_sockaddr(const sockaddr_storage& address);

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_UDP_SOCKET_H_
