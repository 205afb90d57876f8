#include "core/wg/ip.h"

namespace core::wg {
namespace {

constexpr std::size_t kMinIpv4Size = 20, kIpv6Size = 40;

std::size_t u16_be(Bytes at) { return at[0] * 256u + at[1]; }

bool read(Bytes packet, IpHeader& out) {
  if (packet.size() < kMinIpv4Size) return false;
  const unsigned version = packet[0] >> 4;
  const bool v4 = version == 4;
  if (!v4 && version != 6) return false;
  // IPv6 says how much follows its header.
  const std::size_t header_size = v4 ? (packet[0] & 15u) * 4 : kIpv6Size;
  out.size = (v4 ? 0 : kIpv6Size) + u16_be(packet.subspan(v4 ? 2 : 4));
  if (header_size < kMinIpv4Size || out.size < header_size || out.size > packet.size()) {
    return false;
  }
  out.source.family = out.destination.family = v4 ? Family::kIpv4 : Family::kIpv6;
  const std::size_t size = out.source.view().size();
  const Bytes addresses = packet.subspan(v4 ? 12 : 8);
  copy(addresses.first(size), out.source.bytes);
  copy(addresses.subspan(size).first(size), out.destination.bytes);
  return true;
}

}  // namespace

Result<IpHeader> parse_ip(Bytes packet) {
  Result<IpHeader> out = IpHeader{};
  if (!read(packet, *out)) out = Error::kMalformed;
  return out;
}

}  // namespace core::wg
