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
  std::size_t at = 0;
  if (version == 4) {
    const std::size_t header_size = (packet[0] & 15u) * 4;
    out.size = u16_be(packet.subspan(2));
    if (header_size < kMinIpv4Size || out.size < header_size) return Error::kMalformed;
    out.source.family = out.destination.family = Family::kIpv4;
    at = 12;
  } else if (version == 6 && packet.size() >= kIpv6Size) {
    out.size = kIpv6Size + u16_be(packet.subspan(4));
    out.source.family = out.destination.family = Family::kIpv6;
    at = 8;
  } else {
    return Error::kMalformed;
  }
  if (out.size > packet.size()) return Error::kMalformed;
  const std::size_t size = out.source.view().size();
  copy(packet.subspan(at, size), out.source.bytes);
  copy(packet.subspan(at + size, size), out.destination.bytes);
  return out;
}

}  // namespace core::wg
