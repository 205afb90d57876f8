#include "ports/linux/wg/inner_packet.h"

namespace ports::linux_os::wg {
namespace {

std::size_t transport_header_size(std::uint8_t protocol, core::Bytes transport) {
  if (protocol == IPPROTO_UDP) return transport.size() >= kUdpHeaderSize ? kUdpHeaderSize : 0;
  if (protocol != IPPROTO_TCP || transport.size() < kTcpHeaderSize) return 0;
  const std::size_t size = std::size_t{4} * (transport[12] >> 4);
  return size >= kTcpHeaderSize && size <= transport.size() ? size : 0;
}

}  // namespace

core::Result<InnerPacket> InnerPacket::parse(core::Bytes packet) {
  if (packet.empty()) return core::Error::kMalformed;
  InnerPacket p{};
  if (packet[0] >> 4 == 4) {
    if (packet.size() < kIpv4HeaderSize) return core::Error::kMalformed;
    p.version = IpVersion::k4;
    p.ip_header_size = std::size_t{4} * (packet[0] & 15);
    if (p.ip_header_size < kIpv4HeaderSize || p.ip_header_size > packet.size() ||
        load_be16(packet.subspan(2)) != packet.size()) {
      return core::Error::kMalformed;
    }
    p.protocol = packet[9];
    p.fragment = (load_be16(packet.subspan(6)) & 0x3fff) != 0;
  } else if (packet[0] >> 4 == 6) {
    if (packet.size() < kIpv6HeaderSize ||
        load_be16(packet.subspan(4)) + kIpv6HeaderSize != packet.size()) {
      return core::Error::kMalformed;
    }
    p.version = IpVersion::k6;
    p.ip_header_size = kIpv6HeaderSize;
    p.protocol = packet[6];
  } else {
    return core::Error::kMalformed;
  }
  if (!p.fragment) {
    p.transport_size = transport_header_size(p.protocol, packet.subspan(p.ip_header_size));
  }
  return p;
}

std::uint8_t traffic_class(core::Bytes packet) {
  if (packet[0] >> 4 == 4) return packet[1];
  return static_cast<std::uint8_t>((packet[0] & 15) << 4 | packet[1] >> 4);
}

}  // namespace ports::linux_os::wg
