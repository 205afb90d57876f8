// Addresses between lwIP and the tunnel.
#ifndef PORTS_LWIP_ADDRESSES_H_
#define PORTS_LWIP_ADDRESSES_H_

#include "core/wg/endpoint.h"
#include "lwip/ip_addr.h"

namespace ports::lwip {

core::wg::IpAddress from_lwip(const ip4_addr_t& address);
core::wg::IpAddress from_lwip(const ip6_addr_t& address);

// A peer as its datagram's source says. A link-local one is of an interface.
core::wg::Endpoint endpoint_of(const ip_addr_t& address, std::uint16_t port);
// REQUIRES: the endpoint is known.
ip_addr_t address_of(const core::wg::Endpoint& endpoint);

}  // namespace ports::lwip
#endif  // PORTS_LWIP_ADDRESSES_H_
