// The device's end of the site's tunnel: as a file for wg-quick(8), and as an
// interface that ginnel-wg serves. Spec: docs/spec/enrolment.md tunnel.
#ifndef PORTS_LINUX_TUNNEL_H_
#define PORTS_LINUX_TUNNEL_H_

#include "ports/linux/home.h"

namespace ports::linux_os {

// What wg-quick(8) reads. Holds both secrets.
SecretText wg_quick_file(const TunnelSettings& tunnel);

// What configures an interface over its socket. `endpoint` is an address and a
// port as docs/spec/wg-uapi.md has them.
SecretText interface_request(const TunnelSettings& tunnel, const std::string& endpoint);

// Makes the interface, or configures it anew if ginnel-wg serves it already:
// keys, endpoint (a name is resolved now), address, MTU and route.
// Errors: kInput (name), kInternal (rights, ginnel-wg or iproute2 missing, and
// what they said), kNetwork (the endpoint's name), kBusy (the interface is of
// another kind, or another device's). After an error there is no new interface.
Done tunnel_up(const TunnelSettings& tunnel, const std::string& interface);

// Removes the interface that has the device's address. True if there was one.
// Errors: kInternal.
Outcome<bool> tunnel_down(const TunnelSettings& tunnel);

struct TunnelState {
  std::string interface;                 // empty: the tunnel is not up
  bool counters = false;                 // whether what follows is known: only root may ask
  std::string endpoint;                  // of the gateway, now
  std::int64_t handshake_s = 0;          // since 1970; 0: never
  std::uint64_t received = 0, sent = 0;  // bytes, outside
};
TunnelState tunnel_state(const TunnelSettings& tunnel);

}  // namespace ports::linux_os
#endif  // PORTS_LINUX_TUNNEL_H_
