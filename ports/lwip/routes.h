// The routes into tunnels, where lwIP asks for them: ports/lwip/hooks.h. A
// program without a tunnel has none, and links nothing of one.
#ifndef PORTS_LWIP_ROUTES_H_
#define PORTS_LWIP_ROUTES_H_

#include "core/wg/endpoint.h"
#include "lwip/netif.h"

namespace ports::lwip {

// The interface that a destination is reached by; nullptr: none of ours.
using FindRoute = ::netif* (*)(const core::wg::IpAddress& destination);

// From here on lwIP asks `find`.
void set_routes(FindRoute find);

}  // namespace ports::lwip
#endif  // PORTS_LWIP_ROUTES_H_
