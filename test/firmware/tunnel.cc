// A board with a tunnel as its provisioning says, and echo on port 7. On the
// console `s` shows counters and what is used, `q` ends it.
#include "core/crypto/x25519.h"
#include "lwip/stats.h"
#include "ports/flash/high_mark.h"
#include "ports/lwip/addresses.h"
#include "ports/lwip/wg_netif.h"
#include "ports/qemu_virt/board.h"
#include "ports/qemu_virt/clock.h"
#include "ports/qemu_virt/ethernet.h"
#include "ports/qemu_virt/pflash.h"
#include "ports/qemu_virt/provisioning.h"
#include "ports/qemu_virt/virtio_rng.h"
#include "test/firmware/console.h"
#include "test/firmware/echo.h"

namespace {

using namespace core;
using namespace ports::qemu_virt;
using namespace test::firmware;
namespace wg = core::wg;

ByteArray<32> key_of(std::string_view text) {
  ByteArray<32> out{};
  must(bytes_of_hex(text, out).size() == out.size(), "a key of 64 digits");
  return out;
}

wg::IpAddress address_of(std::string_view text) {
  return ports::lwip::endpoint_of(address_of_text(text), 0).address;
}

class Host final : public ports::lwip::WgHost {
 public:
  Host(ports::flash::HighMark& mark, std::string_view clock) : mark_(mark), clock_(clock) {}
  Instant now() override { return ports::qemu_virt::now(); }
  WallTime wall_time() override {
    return clock_ == "none" ? WallTime{0} : ports::qemu_virt::wall_time();
  }
  std::uint64_t stored_floor() override { return mark_.value(); }
  Status store_floor(std::uint64_t floor) override { return mark_.raise(floor); }

 private:
  ports::flash::HighMark& mark_;
  std::string_view clock_;
};

void add_peer(ports::lwip::WgNetif& tunnel, const Provisioning& told, char digit) {
  char name[] = "peerN_xxxx";
  name[4] = digit;
  const auto value = [&](const char* what) {
    std::copy_n(what, 4, name + 6);
    return told.value(name);
  };
  if (value("pkey").empty()) return;
  auto& device = tunnel.device();
  const auto peer = device.add_peer(key_of(value("pkey")));
  must(peer.ok(), "a peer");
  wg::Endpoint endpoint{.address = address_of(value("host")),
                        .port = static_cast<std::uint16_t>(number_of(value("port")))};
  must(device.set_endpoint(*peer, endpoint).ok(), "an endpoint");
  must(device.add_allowed_ip(*peer, {address_of(value("net4")), 24}).ok(), "an IPv4 network");
  must(device.add_allowed_ip(*peer, {address_of(value("net6")), 64}).ok(), "an IPv6 network");
  const auto interval = value("keep");
  if (interval.empty()) return;
  must(
      device.set_persistent_keepalive(*peer, static_cast<std::uint16_t>(number_of(interval)), now())
          .ok(),
      "a keepalive");
}

void show(ports::lwip::WgNetif& tunnel, const ports::flash::HighMark& mark) {
  const auto& c = tunnel.device().counters();
  say("status ");
  say_number("initiations", c.initiations_sent);
  say_number("responses", c.responses_received);
  say_number("received", c.packets_received);
  say_number("sent", c.packets_sent);
  say_number("malformed", c.malformed);
  say_number("bad_mac1", c.bad_mac1);
  say_number("unknown", c.unknown_indices);
  say_number("floor", mark.value());
  say_number("stack", stack_used());
  say_number("heap", lwip_stats.mem.max);
  say_number("pool", lwip_stats.memp[MEMP_PBUF_POOL]->max);
  say_number("pool_now", lwip_stats.memp[MEMP_PBUF_POOL]->used);
  say_number("heap_now", lwip_stats.mem.used);
  say("\n");
}

}  // namespace

int board_main() {
  paint_stack();
  static Pflash provisioning_block(1, 1), mark_blocks(2, 2);
  static core::ByteArray<4096> text;
  static Provisioning told(text);
  must(told.read(provisioning_block).ok(), "provisioning");
  static ports::flash::HighMark mark(mark_blocks);
  must(mark.open().ok(), "the floor");
  static VirtioRng rng;
  static Ethernet ethernet(rng);
  must(ethernet.start().ok(), "the network");

  const ip_addr_t ours = address_of_text(told.value("ip4"));
  ip4_addr_t mask, router{};
  IP4_ADDR(&mask, 255, 255, 255, 0);
  netif_set_addr(&ethernet.netif(), ip_2_ip4(&ours), &mask, &router);
  if (const auto ip6 = told.value("ip6"); !ip6.empty()) {
    const ip_addr_t address = address_of_text(ip6);
    netif_ip6_addr_set(&ethernet.netif(), 1, ip_2_ip6(&address));
    netif_ip6_addr_set_state(&ethernet.netif(), 1, IP6_ADDR_PREFERRED);
  }

  static wg::DeviceStorage<2, 8, 4, 512> storage;
  static Host host(mark, told.value("clock"));
  const auto hash_key = rng.draw<32>();
  must(hash_key.ok(), "randomness");
  static ports::lwip::WgNetif tunnel(storage.memory(),
                                     {.staged_per_peer = 4, .handshakes_per_s = 10},
                                     hash_key->view(), host, rng);
  tunnel.device().set_private_key(crypto::x25519_private(key_of(told.value("private_key"))));
  must(tunnel.start({}).ok(), "the tunnel");
  must(tunnel.add_address(address_of(told.value("inner4"))).ok(), "an inner IPv4 address");
  must(tunnel.add_address(address_of(told.value("inner6"))).ok(), "an inner IPv6 address");
  for (const char digit : {'0', '1'}) add_peer(tunnel, told, digit);
  tunnel.run();
  must(start_echo(), "echo");
  say("ready\n");
  for (;;) {
    ethernet.poll();
    const auto typed = read_byte();
    if (typed == std::uint8_t{'s'}) show(tunnel, mark);
    if (typed == std::uint8_t{'q'}) return 0;
    ethernet.sleep(typed ? 0 : 100);
  }
}
