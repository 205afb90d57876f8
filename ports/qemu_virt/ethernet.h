// The machine's network as an interface of lwIP, and what else lwIP asks of a board.
#ifndef PORTS_QEMU_VIRT_ETHERNET_H_
#define PORTS_QEMU_VIRT_ETHERNET_H_

#include "core/base/rng.h"
#include "lwip/netif.h"
#include "ports/qemu_virt/virtio_net.h"

namespace ports::qemu_virt {

// One for the program, which never ends before it.
class Ethernet {
 public:
  // `rng`: of lwIP too, for its ports and sequence numbers. Without randomness
  // the program ends rather than use ones that can be guessed.
  explicit Ethernet(core::Rng& rng);
  Ethernet(const Ethernet&) = delete;
  Ethernet& operator=(const Ethernet&) = delete;

  // Starts lwIP and makes this its default interface, with an IPv6 link-local
  // address. Errors: kNotFound: the machine has no network.
  core::Status start();
  ::netif& netif() { return netif_; }

  // Takes in frames, at most as many as there are buffers, and does what lwIP's
  // timers want.
  void poll();
  // Sleeps until there is something to do; at most `ms`.
  void sleep(std::int64_t ms);

 private:
  static err_t send(::netif* netif, pbuf* frame);

  VirtioNet net_;
  ::netif netif_{};
};

}  // namespace ports::qemu_virt
#endif  // PORTS_QEMU_VIRT_ETHERNET_H_
