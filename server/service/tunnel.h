// The site's tunnel as its rules see it: who is where inside. Nothing here
// sends a packet. Spec: docs/spec/enrolment.md tunnel.
#ifndef SERVER_SERVICE_TUNNEL_H_
#define SERVER_SERVICE_TUNNEL_H_

#include <string>

#include "core/base/bytes.h"

namespace server::service {

// The gateway, as enrolling devices are told of it.
struct SiteTunnel {
  core::ByteArray<32> gateway_key{};  // public
  std::string endpoint_host;          // 1 to 255: name or address, outside
  std::uint16_t endpoint_port = 0;
  core::ByteArray<8> prefix{};  // the upper half of every address inside
  std::uint16_t mtu = 1280;     // carries IPv6 over any path that carries IPv6
  std::uint16_t keepalive_s = 25;
};

using InsideAddress = core::ByteArray<16>;

// The lower half of a device's address: the first 8 bytes of SHA-256 of its
// tunnel key.
core::ByteArray<8> tunnel_host(core::View<32> tunnel_key);
InsideAddress inside_address(core::View<8> prefix, core::View<8> host);
// ::1 of the prefix.
inline constexpr core::ByteArray<8> kGatewayHost{0, 0, 0, 0, 0, 0, 0, 1};

}  // namespace server::service
#endif  // SERVER_SERVICE_TUNNEL_H_
