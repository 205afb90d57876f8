#include "ports/linux/wg/coalesce.h"

#include "ports/linux/wg/checksum.h"
#include "ports/linux/wg/segment.h"

namespace ports::linux_os::wg {
namespace {

constexpr std::size_t kMaxSize = 65535;
constexpr std::size_t kMaxUdpCount = 64;  // what every kernel with kGsoUdp takes
constexpr std::uint8_t kAck = 0x10, kPsh = 0x08;
constexpr std::uint16_t kDontFragment = 0x4000;

std::uint8_t tcp_flags(const InnerPacket& shape, core::Bytes packet) {
  return packet[shape.ip_header_size + 13];
}

std::uint32_t tcp_sequence(const InnerPacket& shape, core::Bytes packet) {
  return load_be32(packet.subspan(shape.ip_header_size + 4));
}

bool same_bytes(core::Bytes a, core::Bytes b, std::size_t offset, std::size_t size) {
  return core::equal_var(a.subspan(offset, size), b.subspan(offset, size));
}

// Addresses, protocol and ports. REQUIRES: both have a transport header.
bool same_flow(const InnerPacket& a, core::Bytes a_bytes, const InnerPacket& b,
               core::Bytes b_bytes) {
  if (a.version != b.version || a.protocol != b.protocol) return false;
  if (a.ip_header_size != b.ip_header_size) return false;
  const bool v4 = a.version == IpVersion::k4;
  return same_bytes(a_bytes, b_bytes, a.ip_header_size, 4) &&
         same_bytes(a_bytes, b_bytes, v4 ? 12 : 8, v4 ? 8 : 32);
}

// The fields that one header must speak for all packets. `count` packets were
// joined before.
bool same_ip_fields(IpVersion version, core::Bytes first, core::Bytes packet, std::size_t count) {
  if (version == IpVersion::k6) {
    return same_bytes(first, packet, 0, 4) && first[7] == packet[7];  // class, label; hop limit
  }
  const std::uint16_t fragment = load_be16(first.subspan(6));
  if (first[1] != packet[1] || first[8] != packet[8] || fragment != load_be16(packet.subspan(6))) {
    return false;
  }
  // The kernel numbers the packets anew, one up each. Where fragments cannot
  // arise a number means nothing. [RFC6864] 4.1
  const auto expected = static_cast<std::uint16_t>(load_be16(first.subspan(4)) + count);
  return fragment == kDontFragment || load_be16(packet.subspan(4)) == expected;
}

bool same_tcp_fields(const InnerPacket& shape, core::Bytes first, core::Bytes packet) {
  const std::size_t tcp = shape.ip_header_size;
  return same_bytes(first, packet, tcp + 8, 5) &&   // acknowledgement, header size
         same_bytes(first, packet, tcp + 14, 2) &&  // window
         same_bytes(first, packet, tcp + 20, shape.transport_size - kTcpHeaderSize);
}

// Both checksums right?
bool verify(const InnerPacket& shape, core::Bytes packet) {
  if (shape.version == IpVersion::k4 &&
      checksum_fold(checksum_add(0, packet.first(shape.ip_header_size))) != 0xffff) {
    return false;
  }
  const core::Bytes transport = packet.subspan(shape.ip_header_size);
  const ChecksumSum pseudo = pseudo_header_sum(packet, shape.protocol, transport.size());
  return checksum_fold(checksum_add(pseudo, transport)) == 0xffff;
}

}  // namespace

bool Coalescer::joinable(const InnerPacket& shape, core::Bytes packet) const {
  if (join_ == Join::kNothing || packet.size() <= shape.headers_size()) return false;
  if (shape.version == IpVersion::k4 && shape.ip_header_size != kIpv4HeaderSize) return false;
  if (shape.protocol == IPPROTO_TCP) {
    return (tcp_flags(shape, packet) & ~kPsh) == kAck;
  }
  const core::Bytes udp = packet.subspan(shape.ip_header_size);
  return join_ == Join::kTcpAndUdp && load_be16(udp.subspan(4)) == udp.size() &&
         load_sum(udp.subspan(6)) != 0;
}

Coalescer::Group* Coalescer::find(const InnerPacket& shape, core::Bytes packet) {
  const std::size_t end = group_count_ > kLookBack ? group_count_ - kLookBack : 0;
  for (std::size_t i = group_count_; i-- > end;) {
    Group& group = groups_[i];
    if (group.open && same_flow(group.shape, group.first, shape, packet)) return &group;
  }
  return nullptr;
}

void Coalescer::add(core::MutBytes packet) {
  CHECK(!full() && !packet.empty());
  const auto shape = InnerPacket::parse(packet);
  if (!shape || shape->transport_size == 0) return start(packet);
  Group* group = find(*shape, packet);
  const bool candidate = joinable(*shape, packet);
  if (group != nullptr) {
    if (candidate && join(*group, *shape, packet)) return;
    group->open = false;  // what comes later must not overtake this packet
  }
  start(packet);
  if (!candidate) return;
  Group& fresh = groups_[group_count_ - 1];
  fresh.shape = *shape;
  fresh.payload_size = static_cast<std::uint32_t>(packet.size() - shape->headers_size());
  fresh.open = true;
  if (shape->protocol == IPPROTO_TCP) {
    fresh.next_sequence = tcp_sequence(*shape, packet) + fresh.payload_size;
    fresh.open = (tcp_flags(*shape, packet) & kPsh) == 0;
  }
}

void Coalescer::start(core::MutBytes packet) {
  const auto piece = static_cast<std::uint16_t>(piece_count_++);
  pieces_[piece] = {packet, kNone};
  Group& group = groups_[group_count_++];
  group = Group{};
  group.first = packet;
  group.first_piece = group.last_piece = piece;
  group.count = 1;
  group.size = static_cast<std::uint32_t>(packet.size());
}

bool Coalescer::join(Group& group, const InnerPacket& shape, core::MutBytes packet) {
  const std::size_t payload = packet.size() - shape.headers_size();
  const bool tcp = shape.protocol == IPPROTO_TCP;
  if (shape.transport_size != group.shape.transport_size || payload > group.payload_size ||
      group.size + payload > kMaxSize ||
      !same_ip_fields(shape.version, group.first, packet, group.count) ||
      (tcp && (tcp_sequence(shape, packet) != group.next_sequence ||
               !same_tcp_fields(shape, group.first, packet)))) {
    return false;
  }
  if (group.checked == Checked::kNot) {
    group.checked = verify(group.shape, group.first) ? Checked::kGood : Checked::kBad;
  }
  if (group.checked == Checked::kBad || !verify(shape, packet)) return false;
  const auto piece = static_cast<std::uint16_t>(piece_count_++);
  pieces_[piece] = {packet.subspan(shape.headers_size()), kNone};
  pieces_[group.last_piece].next = piece;
  group.last_piece = piece;
  ++group.count;
  group.size += static_cast<std::uint32_t>(payload);
  group.next_sequence += static_cast<std::uint32_t>(payload);
  if (payload < group.payload_size) group.open = false;
  if (tcp) {
    group.tcp_flags |= tcp_flags(shape, packet);
    if ((group.tcp_flags & kPsh) != 0) group.open = false;
  } else if (group.count == kMaxUdpCount) {
    group.open = false;
  }
  return true;
}

void Coalescer::finish_headers(Group& group) {
  const InnerPacket& shape = group.shape;
  const core::MutBytes packet = group.first;
  const std::size_t transport_size = group.size - shape.ip_header_size;
  const bool v4 = shape.version == IpVersion::k4, tcp = shape.protocol == IPPROTO_TCP;
  if (v4) {
    store_be16(packet.subspan(2), group.size);
    write_ipv4_checksum(packet.first(shape.ip_header_size));
  } else {
    store_be16(packet.subspan(4), transport_size);
  }
  const auto transport = packet.subspan(shape.ip_header_size);
  if (tcp) {
    transport[13] |= group.tcp_flags;
  } else {
    store_be16(transport.subspan(4), transport_size);
  }
  header_.flags = kNeedsChecksum;
  header_.gso_type = !tcp ? kGsoUdp : v4 ? kGsoTcp4 : kGsoTcp6;
  header_.gso_size = static_cast<std::uint16_t>(group.payload_size);
  header_.headers_size = static_cast<std::uint16_t>(shape.headers_size());
  header_.checksum_start = static_cast<std::uint16_t>(shape.ip_header_size);
  header_.checksum_offset = tcp ? 16 : 6;
  store_sum(transport.subspan(header_.checksum_offset, 2),
            checksum_fold(pseudo_header_sum(packet, shape.protocol, transport_size)));
}

std::span<const iovec> Coalescer::next() {
  if (next_group_ == group_count_) {
    piece_count_ = group_count_ = next_group_ = 0;
    return {};
  }
  Group& group = groups_[next_group_++];
  header_ = {};
  if (group.count > 1) finish_headers(group);
  std::size_t count = 0;
  iovecs_[count++] = {&header_, sizeof header_};
  for (std::uint16_t i = group.first_piece; i != kNone; i = pieces_[i].next) {
    iovecs_[count++] = {pieces_[i].bytes.data(), pieces_[i].bytes.size()};
  }
  return std::span(iovecs_).first(count);
}

}  // namespace ports::linux_os::wg
