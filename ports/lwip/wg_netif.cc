#include "ports/lwip/wg_netif.h"

#include "lwip/ip.h"
#include "lwip/timeouts.h"
#include "lwip/udp.h"
#include "ports/lwip/addresses.h"
#include "ports/lwip/routes.h"

namespace ports::lwip {
namespace {

using namespace core::wg;
using core::Bytes;
using core::Instant;
using core::MutBytes;

constexpr int kMostPolls = 16;                   // at once: the rest waits for the timer
constexpr std::int64_t kMaxSleepMs = 3'600'000;  // lwIP's timers are of 32 bits

WgNetif* g_started = nullptr;

MutBytes bytes_of(pbuf* whole) { return {static_cast<std::uint8_t*>(whole->payload), whole->len}; }

}  // namespace

WgNetif::WgNetif(const DeviceMemory& memory, const DeviceOptions& options, core::View<32> hash_key,
                 WgHost& host, core::Rng& rng)
    : host_(host), rng_(rng), device_(memory, options, hash_key), mtu_(options.mtu) {}

core::Status WgNetif::start(const WgNetifOptions& options) {
  if (socket_ != nullptr) return core::Error::kOutOfOrder;
  socket_ = udp_new_ip_type(IPADDR_TYPE_ANY);
  if (socket_ == nullptr) return core::Error::kFull;
  const auto init = [](::netif* netif) -> err_t {
    netif->name[0] = 'w';
    netif->name[1] = 'g';
    netif->output = [](::netif* n, pbuf* p, const ip4_addr_t*) { return on_packet(n, p); };
    netif->output_ip6 = [](::netif* n, pbuf* p, const ip6_addr_t*) { return on_packet(n, p); };
    netif->mtu = static_cast<WgNetif*>(netif->state)->mtu_;
    netif->flags = NETIF_FLAG_LINK_UP;
    return ERR_OK;
  };
  if (udp_bind(socket_, IP_ANY_TYPE, options.port) != ERR_OK ||
      netif_add_noaddr(&netif_, this, init, ip_input) == nullptr) {
    udp_remove(socket_);
    socket_ = nullptr;
    return core::Error::kFull;
  }
  udp_recv(socket_, on_datagram, this);
  netif_set_up(&netif_);
  options_ = options;
  next_ = g_started;
  g_started = this;
  set_routes(find);
  device_.set_stored_floor(host_.stored_floor());
  run();
  return {};
}

void WgNetif::stop() {
  if (socket_ == nullptr) return;
  WgNetif** at = &g_started;
  while (*at != this) at = &(*at)->next_;
  *at = next_;
  sys_untimeout(on_timer, this);
  timer_at_ = core::kNever;
  netif_remove(&netif_);
  udp_remove(socket_);
  socket_ = nullptr;
}

core::Status WgNetif::add_address(const IpAddress& address) {
  if (address.family == Family::kNone) return core::Error::kMalformed;
  const ip_addr_t ours = address_of({.address = address});
  if (address.family == Family::kIpv4) {
    ip4_addr_t mask, none{};
    IP4_ADDR(&mask, 255, 255, 255, 255);
    netif_set_addr(&netif_, ip_2_ip4(&ours), &mask, &none);
    return {};
  }
  // Slot 0 is for a link-local address, which lwIP would choose for what is not.
  for (std::int8_t i = 1; i < LWIP_IPV6_NUM_ADDRESSES; ++i) {
    if (!ip6_addr_isinvalid(netif_ip6_addr_state(&netif_, i))) continue;
    netif_ip6_addr_set(&netif_, i, ip_2_ip6(&ours));
    netif_ip6_addr_set_state(&netif_, i, IP6_ADDR_PREFERRED);
    return {};
  }
  return core::Error::kFull;
}

void WgNetif::run() {
  keep_floor();
  const Instant now = host_.now();
  for (int i = 0; i < kMostPolls && device_.next_deadline().at <= now; ++i) {
    const auto polled = device_.poll(now, host_.wall_time(), rng_, polled_);
    if (polled && *polled) send_out((*polled)->datagram, *(*polled)->to);
  }
  set_timer(device_.next_deadline().at);
}

void WgNetif::keep_floor() {
  const auto floor = device_.floor_to_store(host_.wall_time());
  if (floor && host_.store_floor(*floor).ok()) device_.floor_stored(*floor);
}

// A timer that is early enough stays: what it finds undone, it is set for again.
void WgNetif::set_timer(Instant at) {
  if (at >= timer_at_ || socket_ == nullptr) return;
  sys_untimeout(on_timer, this);
  const std::int64_t wait = std::clamp<std::int64_t>(at.ms - host_.now().ms, 1, kMaxSleepMs);
  sys_timeout(static_cast<std::uint32_t>(wait), on_timer, this);
  timer_at_ = at;
}

void WgNetif::on_timer(void* self) {
  auto& tunnel = *static_cast<WgNetif*>(self);
  tunnel.timer_at_ = core::kNever;
  tunnel.run();
}

void WgNetif::on_datagram(void* self, udp_pcb*, pbuf* datagram, const ip_addr_t* from,
                          std::uint16_t port) {
  static_cast<WgNetif*>(self)->receive(datagram, endpoint_of(*from, port));
}

err_t WgNetif::on_packet(::netif* netif, pbuf* packet) {
  return static_cast<WgNetif*>(netif->state)->send(packet);
}

void WgNetif::receive(pbuf* datagram, const Endpoint& from) {
  if (datagram->next != nullptr || datagram->ref != 1) {  // it was put together, or is shared
    pbuf* whole = pbuf_clone(PBUF_RAW, PBUF_RAM, datagram);
    pbuf_free(datagram);
    if (whole == nullptr) return;
    datagram = whole;
  }
  const MutBytes all = bytes_of(datagram);
  const auto received = device_.receive(all, from, host_.now(), rng_);
  if (received && received->meaning == Meaning::kPacket) {
    const auto before = static_cast<std::size_t>(received->bytes.data() - all.data());
    pbuf_remove_header(datagram, before);
    pbuf_realloc(datagram, static_cast<std::uint16_t>(received->bytes.size()));
    datagram->if_idx = netif_get_index(&netif_);
    if (netif_.input(datagram, &netif_) != ERR_OK) pbuf_free(datagram);
  } else {
    if (received && received->meaning == Meaning::kReply) send_out(received->bytes, from);
    pbuf_free(datagram);
  }
  set_timer(device_.next_deadline().at);
}

err_t WgNetif::send(pbuf* packet) {
  const std::size_t size = packet->tot_len;
  if (size == 0 || size > mtu_) return ERR_BUF;
  pbuf* datagram =
      pbuf_alloc(PBUF_TRANSPORT, static_cast<std::uint16_t>(sealing_room(size)), PBUF_RAM);
  if (datagram == nullptr) return ERR_MEM;
  const MutBytes buffer = bytes_of(datagram);
  pbuf_copy_partial(packet, &buffer[kHeadroom], packet->tot_len, 0);
  const auto peer = device_.route(buffer.subspan(kHeadroom, size));
  Outgoing out{.buffer = buffer, .size = size};
  const auto sent = peer ? device_.send(*peer, std::span(&out, 1), host_.now())
                         : core::Result<Sent>(peer.error());
  err_t status = sent ? ERR_OK : ERR_RTE;
  if (sent && sent->sealed == 1) {
    pbuf_realloc(datagram, static_cast<std::uint16_t>(out.datagram.size()));
    status = send_out(datagram, *sent->to);
  } else {
    pbuf_free(datagram);
  }
  set_timer(device_.next_deadline().at);
  return status;
}

err_t WgNetif::send_out(pbuf* datagram, const Endpoint& to) {
  const ip_addr_t address = address_of(to);
  ::netif* outer = ip_route(&socket_->local_ip, &address);
  if (outer == &netif_) outer = options_.outer != nullptr ? options_.outer : netif_default;
  const err_t status = outer == nullptr || outer == &netif_
                           ? err_t{ERR_RTE}
                           : udp_sendto_if(socket_, datagram, &address, to.port, outer);
  pbuf_free(datagram);
  return status;
}

void WgNetif::send_out(Bytes datagram, const Endpoint& to) {
  pbuf* copy = pbuf_alloc(PBUF_TRANSPORT, static_cast<std::uint16_t>(datagram.size()), PBUF_RAM);
  if (copy == nullptr) return;  // as if it had been lost on its way
  pbuf_take(copy, datagram.data(), static_cast<std::uint16_t>(datagram.size()));
  send_out(copy, to);
}

::netif* WgNetif::find(const IpAddress& destination) {
  // The least packet to that destination.
  const bool is_v6 = destination.family == Family::kIpv6;
  core::ByteArray<40> packet{};
  packet[0] = is_v6 ? 0x60 : 0x45;
  packet[3] = is_v6 ? 0 : 20;
  core::copy(destination.view(), MutBytes(packet).subspan(is_v6 ? 24 : 16));
  for (WgNetif* tunnel = g_started; tunnel != nullptr; tunnel = tunnel->next_) {
    if (tunnel->device_.route(packet)) return &tunnel->netif_;
  }
  return nullptr;
}

}  // namespace ports::lwip
