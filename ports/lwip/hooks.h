// What lwIP asks when none of its interfaces' own networks has a destination.
#ifndef PORTS_LWIP_HOOKS_H_
#define PORTS_LWIP_HOOKS_H_

#include "lwip/ip_addr.h"

#ifdef __cplusplus
extern "C" {
#endif

// The tunnel with a peer that has the address among its allowed IPs, or NULL.
struct netif* ginnel_wg_route4(const ip4_addr_t* destination);
struct netif* ginnel_wg_route6(const ip6_addr_t* destination);

#ifdef __cplusplus
}
#endif
#endif  // PORTS_LWIP_HOOKS_H_
