#include "ports/qemu_virt/ethernet.h"

#include "lwip/etharp.h"
#include "lwip/ethip6.h"
#include "lwip/init.h"
#include "lwip/sys.h"
#include "lwip/timeouts.h"
#include "netif/ethernet.h"
#include "ports/qemu_virt/board.h"
#include "ports/qemu_virt/clock.h"

namespace ports::qemu_virt {
namespace {

constexpr std::uint16_t kMtu = 1500;
constexpr int kNoRandomness = 94;  // status of the program's end

core::Rng* g_rng = nullptr;

}  // namespace

Ethernet::Ethernet(core::Rng& rng) { g_rng = &rng; }

core::Status Ethernet::start() {
  TRY(net_.start());
  lwip_init();
  const auto init = [](::netif* netif) -> err_t {
    const auto& mac = static_cast<Ethernet*>(netif->state)->net_.mac();
    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->output = etharp_output;
    netif->output_ip6 = ethip6_output;
    netif->linkoutput = send;
    netif->mtu = kMtu;
    netif->hwaddr_len = ETH_HWADDR_LEN;
    core::copy(mac, netif->hwaddr);
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET |
                   NETIF_FLAG_LINK_UP | NETIF_FLAG_MLD6;
    return ERR_OK;
  };
  netif_add_noaddr(&netif_, this, init, ethernet_input);
  netif_create_ip6_linklocal_address(&netif_, 1);
  netif_.ip6_autoconfig_enabled = 1;
  netif_set_default(&netif_);
  netif_set_up(&netif_);
  return {};
}

err_t Ethernet::send(::netif* netif, pbuf* frame) {
  VirtioNet& net = static_cast<Ethernet*>(netif->state)->net_;
  const auto room = net.room(frame->tot_len);
  if (!room) return room.error() == core::Error::kFull ? ERR_WOULDBLOCK : ERR_BUF;
  pbuf_copy_partial(frame, room->data(), frame->tot_len, 0);
  net.send();
  return ERR_OK;
}

void Ethernet::poll() {
  for (std::size_t i = 0; i < VirtioNet::kReceiveBuffers; ++i) {
    const core::Bytes frame = net_.receive();
    if (frame.empty()) break;
    const auto size = static_cast<std::uint16_t>(frame.size());
    pbuf* copy = pbuf_alloc(PBUF_RAW, size, PBUF_POOL);
    if (copy == nullptr) continue;  // as if the network had lost it
    pbuf_take(copy, frame.data(), size);
    if (netif_.input(copy, &netif_) != ERR_OK) pbuf_free(copy);
  }
  sys_check_timeouts();
}

void Ethernet::sleep(std::int64_t ms) {
  sleep_until(now() + std::min<std::int64_t>(ms, sys_timeouts_sleeptime()));
}

}  // namespace ports::qemu_virt

using namespace ports::qemu_virt;

u32_t sys_now() { return static_cast<u32_t>(now().ms); }

void ginnel_lwip_assert(const char* what) {
  constexpr auto kLabel = core::label("\nlwIP: ");
  write(kLabel);
  write({reinterpret_cast<const std::uint8_t*>(what), std::strlen(what)});
  __builtin_trap();
}

std::uint32_t ginnel_lwip_random() {
  std::uint32_t number;
  core::ByteArray<sizeof(number)> bytes;
  if (g_rng == nullptr || !g_rng->fill(bytes)) power_off(kNoRandomness);
  std::memcpy(&number, bytes.data(), sizeof(number));
  return number;
}
