// The shape of an IP packet inside the tunnel: where its headers are.
// Spec: [RFC791] 3.1, [RFC8200] 3.
#ifndef PORTS_LINUX_WG_INNER_PACKET_H_
#define PORTS_LINUX_WG_INNER_PACKET_H_

#include <netinet/in.h>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace ports::linux_os::wg {

inline constexpr std::size_t kIpv4HeaderSize = 20;  // without options
inline constexpr std::size_t kIpv6HeaderSize = 40;
inline constexpr std::size_t kTcpHeaderSize = 20;  // without options
inline constexpr std::size_t kUdpHeaderSize = 8;

enum class IpVersion : std::uint8_t { k4 = 4, k6 = 6 };

inline std::uint16_t load_be16(core::Bytes at) {
  return static_cast<std::uint16_t>(at[0] << 8 | at[1]);
}
inline std::uint32_t load_be32(core::Bytes at) {
  return std::uint32_t{load_be16(at)} << 16 | load_be16(at.subspan(2));
}
inline void store_be16(core::MutBytes at, std::size_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}
inline void store_be32(core::MutBytes at, std::uint32_t value) {
  store_be16(at, value >> 16);
  store_be16(at.subspan(2), value & 0xffff);
}

// A packet whose headers lie whole inside it and whose size is what its IP
// header says.
struct InnerPacket {
  IpVersion version;
  std::uint8_t protocol;       // IPv6: the first next header
  bool fragment;               // IPv4 only: an offset, or more to come
  std::size_t ip_header_size;  // IPv6: 40, extension headers not counted
  std::size_t transport_size;  // TCP and UDP: of their header; otherwise 0

  std::size_t headers_size() const { return ip_header_size + transport_size; }

  // Errors: kMalformed. A transport header that is not whole is no error:
  // transport_size is 0 then, as it is for a fragment.
  static core::Result<InnerPacket> parse(core::Bytes packet);
};

// The first byte of the traffic class in memory is split in IPv6.
std::uint8_t traffic_class(core::Bytes packet);

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_INNER_PACKET_H_
