#include "ports/linux/wg/segment.h"

#include "ports/linux/wg/checksum.h"
#include "ports/linux/wg/inner_packet.h"

namespace ports::linux_os::wg {
namespace {

// The longest headers of a packet: IPv6 with extensions stays below it, and
// so does IPv4 with TCP, both with all options.
constexpr std::size_t kMaxHeadersSize = 512;
constexpr std::size_t kTcpFlagsOffset = 13;
constexpr std::uint8_t kFin = 0x01, kPsh = 0x08, kCwr = 0x80;

bool checksum_field_fits(const VnetHeader& offload, core::Bytes packet) {
  return std::size_t{offload.checksum_start} + offload.checksum_offset + 2 <= packet.size();
}

std::size_t sum_offset(std::uint8_t protocol) { return protocol == IPPROTO_TCP ? 16 : 6; }

// Headers of one packet of several: sizes, numbers, flags; then the checksums.
class Headers {
 public:
  Headers(const Segments& plan, core::Bytes packet) : plan_(plan) {
    core::copy(packet.first(plan.headers_size), bytes_);
    const core::Bytes transport = packet.subspan(plan.transport_offset);
    if (v4()) first_id_ = load_be16(packet.subspan(4));
    if (plan.protocol == IPPROTO_TCP) {
      first_sequence_ = load_be32(transport.subspan(4));
      flags_ = transport[kTcpFlagsOffset];
    }
    // The field holds the sum of the pseudo header with the whole size.
    const std::size_t whole = packet.size() - plan.transport_offset;
    const auto field = transport.subspan(sum_offset(plan.protocol));
    pseudo_sum_ = checksum_add_word(load_sum(field), static_cast<std::uint16_t>(~whole));
  }

  void write(core::MutBytes packet, std::size_t index) const {
    core::copy(core::Bytes(bytes_).first(plan_.headers_size), packet);
    const std::size_t transport_size = packet.size() - plan_.transport_offset;
    if (v4()) {
      store_be16(packet.subspan(2), packet.size());
      store_be16(packet.subspan(4), (first_id_ + index) & 0xffff);
      write_ipv4_checksum(packet.first(std::size_t{4} * (packet[0] & 15)));
    } else {
      store_be16(packet.subspan(4), packet.size() - kIpv6HeaderSize);
    }
    const auto transport = packet.subspan(plan_.transport_offset);
    if (plan_.protocol == IPPROTO_TCP) {
      const bool first = index == 0, last = index + 1 == plan_.count;
      const auto offset = static_cast<std::uint32_t>(index * plan_.payload_size);
      store_be32(transport.subspan(4), first_sequence_ + offset);
      std::uint8_t flags = flags_;
      if (!last) flags &= static_cast<std::uint8_t>(~(kFin | kPsh));
      if (!first) flags &= static_cast<std::uint8_t>(~kCwr);
      transport[kTcpFlagsOffset] = flags;
    } else {
      store_be16(transport.subspan(4), transport_size);
    }
    const auto field = transport.subspan(sum_offset(plan_.protocol), 2);
    store_sum(field, 0);
    const ChecksumSum sum =
        checksum_add_word(pseudo_sum_, static_cast<std::uint16_t>(transport_size));
    auto folded = static_cast<std::uint16_t>(~checksum_fold(checksum_add(sum, transport)));
    if (folded == 0 && plan_.protocol == IPPROTO_UDP) folded = 0xffff;  // zero says "none"
    store_sum(field, folded);
  }

 private:
  bool v4() const { return bytes_[0] >> 4 == 4; }

  const Segments& plan_;
  core::ByteArray<kMaxHeadersSize> bytes_;
  std::uint16_t first_id_ = 0;
  std::uint32_t first_sequence_ = 0;
  std::uint8_t flags_ = 0;
  ChecksumSum pseudo_sum_ = 0;
};

}  // namespace

core::Result<Segments> plan_segments(const VnetHeader& offload, core::Bytes packet) {
  const bool needs_checksum = (offload.flags & kNeedsChecksum) != 0;
  if (needs_checksum && !checksum_field_fits(offload, packet)) return core::Error::kMalformed;
  Segments plan;
  const auto type = static_cast<std::uint8_t>(offload.gso_type & ~kGsoEcn);
  if (type == kGsoNone) {
    plan.count = 1;
    plan.size = plan.last_size = packet.size();
    return plan;
  }
  if (packet.empty() || !needs_checksum || offload.gso_size == 0) return core::Error::kMalformed;
  const int version = packet[0] >> 4;
  const bool tcp4 = type == kGsoTcp4, tcp6 = type == kGsoTcp6;
  if (!(tcp4 && version == 4) && !(tcp6 && version == 6) &&
      !(type == kGsoUdp && (version == 4 || version == 6))) {
    return core::Error::kMalformed;
  }
  plan.protocol = type == kGsoUdp ? IPPROTO_UDP : IPPROTO_TCP;
  plan.transport_offset = offload.checksum_start;
  const std::size_t ip_size = version == 4 ? std::size_t{4} * (packet[0] & 15) : kIpv6HeaderSize;
  const std::size_t least = plan.protocol == IPPROTO_TCP ? kTcpHeaderSize : kUdpHeaderSize;
  if (ip_size < kIpv4HeaderSize || plan.transport_offset < ip_size ||
      (version == 4 && plan.transport_offset != ip_size) ||
      offload.checksum_offset != sum_offset(plan.protocol) ||
      plan.transport_offset + least > packet.size()) {
    return core::Error::kMalformed;
  }
  const std::size_t transport_size =
      plan.protocol == IPPROTO_UDP ? kUdpHeaderSize
                                   : std::size_t{4} * (packet[plan.transport_offset + 12] >> 4);
  plan.headers_size = plan.transport_offset + transport_size;
  if (transport_size < least || plan.headers_size >= packet.size() ||
      plan.headers_size > kMaxHeadersSize) {
    return core::Error::kMalformed;
  }
  plan.payload_size = offload.gso_size;
  const std::size_t payload = packet.size() - plan.headers_size;
  plan.count = (payload + plan.payload_size - 1) / plan.payload_size;
  plan.last_size = plan.headers_size + payload - (plan.count - 1) * plan.payload_size;
  plan.size = plan.count > 1 ? plan.headers_size + plan.payload_size : plan.last_size;
  return plan;
}

void cut_segments(const Segments& plan, const VnetHeader& offload, core::MutBytes room,
                  std::size_t packet_size, std::size_t stride) {
  const auto packet = room.first(packet_size);
  if (plan.protocol == 0) {
    if ((offload.flags & kNeedsChecksum) == 0) return;
    const auto covered = packet.subspan(offload.checksum_start);
    // The sum of the pseudo header is in the field, and so is counted.
    auto folded = static_cast<std::uint16_t>(~checksum_fold(checksum_add(0, covered)));
    if (folded == 0) folded = 0xffff;  // the same number, and right for UDP too
    store_sum(covered.subspan(offload.checksum_offset, 2), folded);
    return;
  }
  const Headers headers(plan, packet);
  for (std::size_t k = plan.count; k-- > 0;) {
    const auto to = room.subspan(k * stride, plan.size_of(k));
    const std::size_t payload = to.size() - plan.headers_size;
    core::copy(packet.subspan(plan.headers_size + k * plan.payload_size, payload),
               to.subspan(plan.headers_size));
    headers.write(to, k);
  }
}

}  // namespace ports::linux_os::wg
