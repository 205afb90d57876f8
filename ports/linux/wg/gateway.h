// Packets between the TUN device and the UDP sockets, through a core device.
#ifndef PORTS_LINUX_WG_GATEWAY_H_
#define PORTS_LINUX_WG_GATEWAY_H_

#include "core/wg/device.h"
#include "ports/linux/wg/handshake_queue.h"
#ifdef GINNEL_KEYLOG
#include "ports/linux/wg/keylog.h"
#endif
#include "ports/linux/wg/link_watch.h"
#include "ports/linux/wg/peer_memory.h"
#include "ports/linux/wg/segment.h"
#include "ports/linux/wg/tun.h"
#include "ports/linux/wg/udp_outbox.h"
#include "ports/linux/wg/unreachable.h"

namespace ports::linux_os::wg {

// Packets that went nowhere, since the start.
struct GatewayCounters {
  std::uint64_t unroutable = 0;    // from the host, to nobody's address
  std::uint64_t malformed = 0;     // from the host
  std::uint64_t not_sent = 0;      // no endpoint or key, or no room to wait
  std::uint64_t congested = 0;     // from a peer, see Deliver::kNo
  std::uint64_t host_refused = 0;  // from a peer, not taken by the TUN device
};

enum class Life : std::uint8_t { kGoesOn, kEnds };

// One thread. All buffers are made once.
class Gateway {
 public:
  // Packets that one read may fall into; see LinkWatch::limit_segments().
  static constexpr std::size_t kMaxSegments = 128;

  // Errors: kInternal.
  static Outcome<std::unique_ptr<Gateway>> make(Tun tun, core::Rng& rng);
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  // --- Events ---

  // The TUN device is readable. kEnds: it is gone.
  Life take_from_host(core::Instant now);
  // A socket of this family is readable.
  Life take_from_network(core::wg::Family family, core::Instant now);
  // Does what is due; at most a bounded part of it.
  void do_due(core::Instant now);
  // Never while the interface is down: then nothing is sent.
  core::Instant next_deadline() const {
    if (!handshakes_->empty()) return {};
    return link_.up == LinkState::Up::kYes ? device().next_deadline().at : core::kNever;
  }
  // The interface goes up (opens the sockets) or down (ends all sessions).
  // Errors: as set_listen_port.
  Done follow_link(const LinkState& state, core::Instant now);
  // Addresses or routes changed: peers are answered as routes say until heard again.
  void forget_sources();

  // --- Configuration; what is left is the device's ---

  core::wg::Device& device() { return memory_.device(); }
  const core::wg::Device& device() const { return memory_.device(); }
  // As the device's calls, but make room where it has none.
  core::Result<core::wg::PeerId> add_peer(core::View<32> public_key);
  core::Status add_allowed_ip(core::wg::PeerId peer, const core::wg::Prefix& prefix);
  // 0: any. Errors: kBusy: another has it, and then the old one stays; kInternal.
  Done set_listen_port(std::uint16_t port);
  // The port in use, or to be used when the interface goes up.
  std::uint16_t listen_port() const { return port_; }
  Done set_mark(std::uint32_t mark);
  std::uint32_t mark() const { return mark_; }

#ifdef GINNEL_KEYLOG
  // It is also the Rng that this was made with, and outlives it.
  void set_keylog(const Keylog& keylog) { keylog_ = &keylog; }
#endif

  const Tun& tun() const { return tun_; }
  const UdpSockets& sockets() const { return sockets_; }
  const GatewayCounters& counters() const { return counters_; }
  std::uint64_t unsent() const { return outbox_->unsent(); }
  std::uint64_t handshakes_dropped() const { return handshakes_->dropped(); }
  // Counts how often the sockets were made anew.
  std::uint64_t sockets_made() const { return sockets_made_; }

 private:
  // What one read may grow to: a super packet in kMaxSegments pieces.
  static constexpr std::size_t kReadRoom = 96 * 1024;
  static constexpr std::size_t kBatchSize = 4 * kReadRoom;
  static constexpr std::size_t kMaxOutgoing = 512;
  static constexpr std::size_t kMaxDuePerCall = 256;
  static constexpr std::size_t kMaxHandshakesPerCall = 16;
  static constexpr std::size_t kMaxReceives = 64;

  struct Group {
    core::wg::PeerId peer;
    std::size_t first, count;
  };

  Gateway(Tun tun, core::Rng& rng, core::View<32> hash_key);
  Done open_sockets(std::uint16_t port);
  bool take_packet(core::MutBytes room, std::size_t size, const VnetHeader& header,
                   core::Instant now);
  void seal_and_send(core::Instant now);
  enum class Seen : std::uint8_t { kPackets, kHandshakesOnly };
  Seen open_arrived(Arrived& arrived, core::Instant now);
  void open_packets(std::span<core::wg::Incoming> batch, const Arrived& arrived, core::Instant now);
  void do_handshakes(core::Instant now);
  void deliver(core::MutBytes packet, Ecn outer);
  void write_to_host();
  void write(std::span<const iovec> header_and_pieces);
  void tell_unreachable(core::Bytes packet, core::Instant now);
  void flush_outbox();
#ifdef GINNEL_KEYLOG
  const Keylog* keylog_ = nullptr;
#endif

  Tun tun_;
  core::Rng& rng_;
  PeerMemory memory_;
  UdpSockets sockets_;
  LinkState link_;
  std::uint16_t port_ = 0;
  bool port_is_chosen_ = false;  // by configuration; otherwise any will do
  std::uint32_t mark_ = 0;
  std::uint64_t sockets_made_ = 0;
  Life life_ = Life::kGoesOn;
  GatewayCounters counters_;

  // From the host.
  std::unique_ptr<std::uint8_t[]> batch_;
  std::size_t batch_used_ = 0;
  std::size_t read_limit_ = 1;
  std::size_t outgoing_count_ = 0, group_count_ = 0;
  std::array<core::wg::Outgoing, kMaxOutgoing> outgoing_;
  std::array<Ecn, kMaxOutgoing> marks_;
  std::array<Group, kMaxOutgoing> groups_;
  std::unique_ptr<UdpOutbox> outbox_;
  Unreachable unreachable_;

  // From the network.
  UdpInbox inbox_;
  std::array<core::wg::Incoming, Coalescer::kMaxPackets> incoming_;
  std::unique_ptr<Coalescer> to_host_;
  std::unique_ptr<HandshakeQueue> handshakes_;
};

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_GATEWAY_H_
