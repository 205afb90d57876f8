#include "ports/linux/wg/unreachable.h"

#include "ports/linux/wg/checksum.h"
#include "ports/linux/wg/inner_packet.h"

namespace ports::linux_os::wg {
namespace {

constexpr std::size_t kIcmpHeaderSize = 8;
constexpr std::uint8_t kHopLimit = 64;
// Type and code. [RFC792]: 3, host unreachable; [RFC4443] 3.1: 1, address unreachable
constexpr std::uint8_t kIpv4Type = 3, kIpv4Code = 1, kIpv6Type = 1, kIpv6Code = 3;

// Of one host, and not of this one.
bool ipv4_unicast(core::Bytes address) {
  return address[0] != 0 && address[0] != 127 && address[0] < 224;
}
bool ipv6_unicast(core::Bytes address) {
  return address[0] != 0xff && !core::equal_var(address, core::ByteArray<16>{});
}

bool ipv4_may_be_told_of(core::Bytes packet) {
  const std::size_t header_size = std::size_t{4} * (packet[0] & 15);
  if ((load_be16(packet.subspan(6)) & 0x1fff) != 0) return false;  // not the first fragment
  if (!ipv4_unicast(packet.subspan(12, 4)) || !ipv4_unicast(packet.subspan(16, 4))) return false;
  if (packet[9] != IPPROTO_ICMP) return true;
  if (packet.size() <= header_size) return false;
  const std::uint8_t type = packet[header_size];
  return type == 0 || type == 8 || (type > 12 && type < 19);  // queries and their answers
}

bool ipv6_may_be_told_of(core::Bytes packet) {
  if (!ipv6_unicast(packet.subspan(8, 16)) || !ipv6_unicast(packet.subspan(24, 16))) return false;
  switch (packet[6]) {
    case IPPROTO_ICMPV6: return packet.size() > kIpv6HeaderSize && packet[kIpv6HeaderSize] >= 128;
    // An error or a fragment may be behind them.
    case IPPROTO_HOPOPTS:
    case IPPROTO_ROUTING:
    case IPPROTO_FRAGMENT:
    case IPPROTO_DSTOPTS: return false;
    default: return true;
  }
}

// Writes type, code and the front of `packet` behind a header of zeros.
void write_icmp(std::uint8_t type, std::uint8_t code, core::Bytes packet, core::MutBytes icmp) {
  icmp[0] = type;
  icmp[1] = code;
  core::copy(packet.first(icmp.size() - kIcmpHeaderSize), icmp.subspan(kIcmpHeaderSize));
}

}  // namespace

core::MutBytes Unreachable::message_about(core::Bytes packet, core::Instant now) {
  // A super packet may say another size than it has, so only headers are looked at.
  const bool v4 = packet.size() >= kIpv4HeaderSize && packet[0] >> 4 == 4 && (packet[0] & 15) >= 5;
  const bool v6 = packet.size() >= kIpv6HeaderSize && packet[0] >> 4 == 6;
  if (!(v4 && ipv4_may_be_told_of(packet)) && !(v6 && ipv6_may_be_told_of(packet))) return {};
  if (now.ms - second_began_.ms >= 1000) {
    second_began_ = now;
    count_ = 0;
  }
  if (count_ == kPerSecond) return {};
  ++count_;
  message_ = {};
  return v4 ? write_ipv4(packet) : write_ipv6(packet);
}

core::MutBytes Unreachable::write_ipv4(core::Bytes packet) {
  const std::size_t size =
      std::min(packet.size() + kIpv4HeaderSize + kIcmpHeaderSize, kMaxIpv4Size);
  const auto out = core::MutBytes(message_).first(size);
  out[0] = 0x45;
  store_be16(out.subspan(2), size);
  out[8] = kHopLimit;
  out[9] = IPPROTO_ICMP;
  core::copy(packet.subspan(16, 4), out.subspan(12));
  core::copy(packet.subspan(12, 4), out.subspan(16));
  write_ipv4_checksum(out.first(kIpv4HeaderSize));
  const auto icmp = out.subspan(kIpv4HeaderSize);
  write_icmp(kIpv4Type, kIpv4Code, packet, icmp);
  store_sum(icmp.subspan(2, 2), static_cast<std::uint16_t>(~checksum_fold(checksum_add(0, icmp))));
  return out;
}

core::MutBytes Unreachable::write_ipv6(core::Bytes packet) {
  const std::size_t size =
      std::min(packet.size() + kIpv6HeaderSize + kIcmpHeaderSize, kMaxIpv6Size);
  const auto out = core::MutBytes(message_).first(size);
  out[0] = 0x60;
  store_be16(out.subspan(4), size - kIpv6HeaderSize);
  out[6] = IPPROTO_ICMPV6;
  out[7] = kHopLimit;
  core::copy(packet.subspan(24, 16), out.subspan(8));
  core::copy(packet.subspan(8, 16), out.subspan(24));
  const auto icmp = out.subspan(kIpv6HeaderSize);
  write_icmp(kIpv6Type, kIpv6Code, packet, icmp);
  const ChecksumSum sum = checksum_add(pseudo_header_sum(out, IPPROTO_ICMPV6, icmp.size()), icmp);
  store_sum(icmp.subspan(2, 2), static_cast<std::uint16_t>(~checksum_fold(sum)));
  return out;
}

}  // namespace ports::linux_os::wg
