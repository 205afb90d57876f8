#include "core/wg/ip.h"

namespace core::wg {
namespace {

constexpr std::size_t kMinIpv4Size = 20, kIpv6Size = 40;

std::size_t u16_be(Bytes at) { return static_cast<std::size_t>(at[0] << 8 | at[1]); }

}  // namespace

Result<IpHeader> parse_ip(Bytes packet) {
  if (packet.size() < kMinIpv4Size) return Error::kMalformed;
  const unsigned version = packet[0] >> 4;
  IpHeader out;
  if (version == 4) {
    const std::size_t header_size = (packet[0] & 15u) * 4;
    out.size = u16_be(packet.subspan(2));
    if (header_size < kMinIpv4Size || out.size < header_size) return Error::kMalformed;
    out.source = IpAddress::v4(packet.subspan(12).first<4>());
    out.destination = IpAddress::v4(packet.subspan(16).first<4>());
  } else if (version == 6 && packet.size() >= kIpv6Size) {
    out.size = kIpv6Size + u16_be(packet.subspan(4));
    out.source = IpAddress::v6(packet.subspan(8).first<16>());
    out.destination = IpAddress::v6(packet.subspan(24).first<16>());
  } else {
    return Error::kMalformed;
  }
  if (out.size > packet.size()) return Error::kMalformed;
  return out;
}

}  // namespace core::wg
