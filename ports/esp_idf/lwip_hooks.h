// Routes into the tunnel under ESP-IDF's lwIP, which reads this header as its
// ESP_IDF_LWIP_HOOK_FILENAME (ports/esp_idf/ginnel/CMakeLists.txt). ESP-IDF routes
// by source; lwIP then asks that hook, without a source, where it would have asked
// for a route by destination alone: the tunnel has its say there.
#ifndef PORTS_ESP_IDF_LWIP_HOOKS_H_
#define PORTS_ESP_IDF_LWIP_HOOKS_H_

#include "ports/lwip/hooks.h"

#ifdef __cplusplus
extern "C" {
#endif
// ESP-IDF's.
struct netif* ip4_route_src_hook(const ip4_addr_t* source, const ip4_addr_t* destination);

static inline struct netif* ginnel_route4(const ip4_addr_t* source, const ip4_addr_t* destination) {
  struct netif* found = source == NULL ? ginnel_wg_route4(destination) : NULL;
  return found != NULL ? found : ip4_route_src_hook(source, destination);
}
#ifdef __cplusplus
}
#endif

#undef LWIP_HOOK_IP4_ROUTE_SRC
#define LWIP_HOOK_IP4_ROUTE_SRC(source, destination) ginnel_route4(source, destination)
#undef LWIP_HOOK_IP6_ROUTE
#define LWIP_HOOK_IP6_ROUTE(source, destination) ginnel_wg_route6(destination)

#endif  // PORTS_ESP_IDF_LWIP_HOOKS_H_
