// Datagrams that leave together: runs to one endpoint become one message that
// the kernel cuts (UDP_SEGMENT), and all messages one system call.
#ifndef PORTS_LINUX_WG_UDP_OUTBOX_H_
#define PORTS_LINUX_WG_UDP_OUTBOX_H_

#include <sys/uio.h>

#include <vector>

#include "core/wg/peer.h"
#include "ports/linux/wg/udp_socket.h"

namespace ports::linux_os::wg {

// The two sockets; either may be missing, both while the interface is down.
struct UdpSockets {
  std::unique_ptr<UdpSocket> v4, v6;
  bool segments = true;  // the kernel and its devices cut messages for us

  const UdpSocket* of(core::wg::Family family) const {
    return family == core::wg::Family::kIpv4 ? v4.get() : v6.get();
  }
};

class UdpOutbox {
 public:
  static constexpr std::size_t kMaxDatagrams = 256;

  // Takes one datagram, which must live until flush(). `traffic_class` is the
  // outer header's. REQUIRES: !full()
  void add(core::Bytes datagram, const core::wg::Endpoint& to, core::wg::PeerId peer,
           std::uint8_t traffic_class);
  bool full() const { return piece_count_ == kMaxDatagrams; }

  // Sends all, in order. What cannot be sent is lost, as it might be on the way.
  // Waits at most a few milliseconds for the kernel to take it.
  void flush(UdpSockets& sockets);

  struct Failure {
    core::wg::PeerId peer;
    // Bytes that were not sent. 0: they were, but not from the address where
    // the peer was last heard.
    std::size_t size;
  };
  // Until the next flush().
  std::span<const Failure> failures() const { return failures_; }
  // Datagrams that were not sent, since the start.
  std::uint64_t unsent() const { return unsent_; }

 private:
  // Limits of one message: of every kernel with UDP_SEGMENT, and of UDP.
  static constexpr std::size_t kMaxRunCount = 64;
  static constexpr std::size_t kMaxRunSize = 65000;
  static constexpr std::size_t kControlSize = 128;

  struct Run {
    core::wg::Endpoint to;
    core::wg::PeerId peer;
    std::uint8_t traffic_class;
    bool open;                 // all datagrams so far have the same size
    std::size_t first, count;  // pieces
    std::size_t datagram_size, size;
  };
  struct Message {
    sockaddr_storage name;
    alignas(cmsghdr) std::array<char, kControlSize> control;
  };
  enum class Source : std::uint8_t { kSticky, kAny };

  void fill(std::size_t index, const Run& run, Source source);
  std::size_t send_runs(UdpSockets& sockets, std::size_t first);
  void send_failed_run(UdpSockets& sockets, const Run& run, int error);
  void send_singly(const UdpSocket& socket, const Run& run);
  void give_up(const Run& run);
  bool send_one(const UdpSocket& socket, const Run& run, Source source);

  std::size_t run_count_ = 0, piece_count_ = 0;
  std::array<Run, kMaxDatagrams> runs_;
  std::array<iovec, kMaxDatagrams> pieces_;
  std::array<mmsghdr, kMaxDatagrams> headers_;
  std::array<Message, kMaxDatagrams> messages_;
  std::vector<Failure> failures_;
  std::uint64_t unsent_ = 0;
};

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_UDP_OUTBOX_H_
