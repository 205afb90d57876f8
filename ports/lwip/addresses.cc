#include "ports/lwip/addresses.h"

namespace ports::lwip {

using core::wg::Family;
using core::wg::IpAddress;

IpAddress from_lwip(const ip4_addr_t& address) {
  core::ByteArray<4> bytes;
  std::memcpy(bytes.data(), &address.addr, bytes.size());
  return IpAddress::v4(bytes);
}

IpAddress from_lwip(const ip6_addr_t& address) {
  core::ByteArray<16> bytes;
  std::memcpy(bytes.data(), address.addr, bytes.size());
  return IpAddress::v6(bytes);
}

core::wg::Endpoint endpoint_of(const ip_addr_t& address, std::uint16_t port) {
  core::wg::Endpoint out{.port = port};
  if (IP_IS_V6_VAL(address)) {
    out.address = from_lwip(*ip_2_ip6(&address));
    out.scope = ip6_addr_zone(ip_2_ip6(&address));
  } else {
    out.address = from_lwip(*ip_2_ip4(&address));
  }
  return out;
}

ip_addr_t address_of(const core::wg::Endpoint& endpoint) {
  ip_addr_t out{};
  const auto& bytes = endpoint.address.bytes;
  if (endpoint.address.family == Family::kIpv6) {
    IP_SET_TYPE_VAL(out, IPADDR_TYPE_V6);
    std::memcpy(ip_2_ip6(&out)->addr, bytes.data(), 16);
    ip6_addr_set_zone(ip_2_ip6(&out), static_cast<std::uint8_t>(endpoint.scope));
  } else {
    IP_SET_TYPE_VAL(out, IPADDR_TYPE_V4);
    std::memcpy(&ip_2_ip4(&out)->addr, bytes.data(), 4);
  }
  return out;
}

}  // namespace ports::lwip
