#include "ports/lwip/routes.h"

#include "ports/lwip/addresses.h"
#include "ports/lwip/hooks.h"

namespace ports::lwip {
namespace {

FindRoute g_find = nullptr;

::netif* find(const core::wg::IpAddress& destination) {
  return g_find == nullptr ? nullptr : g_find(destination);
}

}  // namespace

void set_routes(FindRoute find) { g_find = find; }

}  // namespace ports::lwip

netif* ginnel_wg_route4(const ip4_addr_t* destination) {
  return ports::lwip::find(ports::lwip::from_lwip(*destination));
}
netif* ginnel_wg_route6(const ip6_addr_t* destination) {
  return ports::lwip::find(ports::lwip::from_lwip(*destination));
}
