// A WireGuard tunnel as an interface of lwIP: programs use lwIP's raw API as over
// any other. lwIP's thread calls everything.
// Spec: docs/spec/tunnel.md.
//
//   out: lwIP -> one copy of the packet, with room for all headers around it ->
//        sealed where it lies -> lwIP's UDP, over any other interface
//   in:  lwIP's UDP -> opened where it lies -> the same pbuf, cut, as if it had
//        come from a wire
//
// The one copy cannot be saved: TCP keeps what it sends until it is
// acknowledged, and a pbuf has no room behind it for the tag. lwIP itself keeps
// its TCP segments within the interface's MTU.
#ifndef PORTS_LWIP_WG_NETIF_H_
#define PORTS_LWIP_WG_NETIF_H_

#include "core/wg/device.h"
#include "lwip/netif.h"

struct udp_pcb;

namespace ports::lwip {

// What a tunnel asks of the board. Implemented there.
class WgHost {
 public:
  virtual core::Instant now() = 0;
  // {0}: not known.
  virtual core::WallTime wall_time() = 0;
  // See docs/spec/tunnel.md timestamps without a clock. 0: nothing is stored.
  virtual std::uint64_t stored_floor() = 0;
  virtual core::Status store_floor(std::uint64_t floor) = 0;

 protected:
  ~WgHost() = default;
};

struct WgNetifOptions {
  std::uint16_t port = 51820;  // on which we listen
  // Where datagrams to peers leave when lwIP's routes would lead them into the
  // tunnel. nullptr: lwIP's default interface.
  ::netif* outer = nullptr;
};

class WgNetif {
 public:
  // As of core::wg::Device; everything outlives this. options.mtu is the interface's.
  WgNetif(const core::wg::DeviceMemory& memory, const core::wg::DeviceOptions& options,
          core::View<32> hash_key, WgHost& host, core::Rng& rng);
  WgNetif(const WgNetif&) = delete;
  WgNetif& operator=(const WgNetif&) = delete;
  ~WgNetif() { stop(); }

  // Adds the interface to lwIP and listens. Errors: kFull: lwIP has no UDP
  // socket left, or the port is in use; kOutOfOrder: it was started.
  core::Status start(const WgNetifOptions& options);
  void stop();

  // Keys and peers. After a change: run().
  core::wg::Device& device() { return device_; }
  // Does what is due, and sees to it that lwIP's timers do so later.
  void run();

  // Our address inside. IPv4: one; IPv6: the next of lwIP's slots. Errors: kFull;
  // kMalformed: none. REQUIRES: it was started.
  core::Status add_address(const core::wg::IpAddress& address);
  ::netif& netif() { return netif_; }

 private:
  // The started tunnel that has a peer for `destination`, if any.
  static ::netif* find(const core::wg::IpAddress& destination);
  static void on_datagram(void* self, udp_pcb* socket, pbuf* datagram, const ip_addr_t* from,
                          std::uint16_t port);
  static err_t on_packet(::netif* netif, pbuf* packet);
  static void on_timer(void* self);

  void receive(pbuf* datagram, const core::wg::Endpoint& from);
  err_t send(pbuf* packet);
  // Both free what they send; the second sends a copy.
  err_t send_out(pbuf* datagram, const core::wg::Endpoint& to);
  void send_out(core::Bytes datagram, const core::wg::Endpoint& to);
  void keep_floor();
  void set_timer(core::Instant at);

  WgHost& host_;
  core::Rng& rng_;
  core::wg::Device device_;
  std::uint16_t mtu_;
  WgNetifOptions options_;
  ::netif netif_{};
  udp_pcb* socket_ = nullptr;
  core::Instant timer_at_ = core::kNever;
  core::ByteArray<core::wg::kMaxPollSize> polled_{};
  WgNetif* next_ = nullptr;  // of those that are started
};

}  // namespace ports::lwip
#endif  // PORTS_LWIP_WG_NETIF_H_
