#include "core/wg/ip.h"

namespace core::wg {
namespace {

constexpr std::size_t kMinIpv4Size = 20, kIpv6Size = 40;

std::size_t u16_be(Bytes at) { return static_cast<std::size_t>(at[0] << 8 | at[1]); }

bool read(Bytes packet, IpHeader& out) {
  if (packet.size() < kMinIpv4Size) return false;
  const unsigned version = packet[0] >> 4;
  std::size_t at = 0;
  Family family = Family::kNone;
  if (version == 4) {
    const std::size_t header_size = (packet[0] & 15u) * 4;
    out.size = u16_be(packet.subspan(2));
    if (header_size < kMinIpv4Size || out.size < header_size) return false;
    family = Family::kIpv4;
    at = 12;
  } else if (version == 6 && packet.size() >= kIpv6Size) {
    out.size = kIpv6Size + u16_be(packet.subspan(4));
    family = Family::kIpv6;
    at = 8;
  } else {
    return false;
  }
  if (out.size > packet.size()) return false;
  out.source.family = out.destination.family = family;
  const std::size_t size = out.source.view().size();
  copy(packet.subspan(at).first(size), out.source.bytes);
  copy(packet.subspan(at + size).first(size), out.destination.bytes);
  return true;
}

}  // namespace

Result<IpHeader> parse_ip(Bytes packet) {
  Result<IpHeader> out = IpHeader{};
  if (!read(packet, *out)) out = Error::kMalformed;
  return out;
}

}  // namespace core::wg
