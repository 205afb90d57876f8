// Builds inner packets for tests, with a checksum of its own.
#ifndef PORTS_LINUX_WG_TEST_PACKETS_H_
#define PORTS_LINUX_WG_TEST_PACKETS_H_

#include <vector>

#include "core/base/bytes.h"

namespace ports::linux_os::wg {

using Packet = std::vector<std::uint8_t>;

struct PacketSpec {
  int version = 4;
  std::uint8_t protocol = 6;
  std::size_t payload_size = 100;
  std::uint32_t sequence = 1000;
  std::uint8_t flags = 0x10;  // TCP: ACK
  std::uint16_t source_port = 1234;
  std::uint16_t id = 7;             // IPv4
  std::uint16_t fragment = 0x4000;  // IPv4: do not fragment
  std::uint8_t traffic_class = 0;
  std::vector<std::uint8_t> options{};  // of TCP, a multiple of 4 bytes
};

// RFC 1071 word by word; 0 over bytes that hold a right checksum.
inline std::uint16_t slow_checksum(core::Bytes bytes, std::uint32_t sum = 0) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += i % 2 == 0 ? std::uint32_t{bytes[i]} << 8 : bytes[i];
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

inline std::size_t ip_size(core::Bytes packet) { return packet[0] >> 4 == 4 ? 20 : 40; }

// The sum of the pseudo header, not folded.
inline std::uint32_t slow_pseudo_sum(core::Bytes packet, std::size_t transport_size) {
  const bool v4 = packet[0] >> 4 == 4;
  std::uint32_t sum = (v4 ? packet[9] : packet[6]) + static_cast<std::uint32_t>(transport_size);
  const auto addresses = v4 ? packet.subspan(12, 8) : packet.subspan(8, 32);
  for (std::size_t i = 0; i < addresses.size(); i += 2) {
    sum += std::uint32_t{addresses[i]} << 8 | addresses[i + 1];
  }
  return sum;
}

inline bool checksums_right(core::Bytes packet) {
  const std::size_t ip = ip_size(packet);
  if (ip == 20 && slow_checksum(packet.first(20)) != 0) return false;
  const auto transport = packet.subspan(ip);
  return slow_checksum(transport, slow_pseudo_sum(packet, transport.size())) == 0;
}

inline void put16(Packet& packet, std::size_t at, std::size_t value) {
  packet[at] = static_cast<std::uint8_t>(value >> 8);
  packet[at + 1] = static_cast<std::uint8_t>(value);
}

inline void fix_ip_checksum(Packet& packet) {
  if (packet[0] >> 4 != 4) return;
  put16(packet, 10, 0);
  put16(packet, 10, slow_checksum(core::Bytes(packet).first(20)));
}

// A packet with right checksums; payload bytes count up from the sequence number.
inline Packet make_packet(const PacketSpec& spec) {
  const std::size_t ip = spec.version == 4 ? 20 : 40;
  const bool tcp = spec.protocol == 6;
  const std::size_t transport = tcp ? 20 + spec.options.size() : 8;
  Packet p(ip + transport + spec.payload_size);
  if (spec.version == 4) {
    p[0] = 0x45;
    p[1] = spec.traffic_class;
    put16(p, 2, p.size());
    put16(p, 4, spec.id);
    put16(p, 6, spec.fragment);
    p[8] = 64;
    p[9] = spec.protocol;
    p[12] = p[16] = 10;
    p[15] = 1, p[19] = 2;
  } else {
    p[0] = static_cast<std::uint8_t>(0x60 | spec.traffic_class >> 4);
    p[1] = static_cast<std::uint8_t>(spec.traffic_class << 4);
    put16(p, 4, p.size() - 40);
    p[6] = spec.protocol;
    p[7] = 64;
    p[8] = p[24] = 0xfd;
    p[23] = 1, p[39] = 2;
  }
  put16(p, ip, spec.source_port);
  put16(p, ip + 2, 80);
  if (tcp) {
    put16(p, ip + 4, spec.sequence >> 16);
    put16(p, ip + 6, spec.sequence & 0xffff);
    p[ip + 12] = static_cast<std::uint8_t>(transport / 4 << 4);
    p[ip + 13] = spec.flags;
    put16(p, ip + 14, 500);
    std::copy(spec.options.begin(), spec.options.end(), p.begin() + static_cast<long>(ip) + 20);
  } else {
    put16(p, ip + 4, p.size() - ip);
  }
  for (std::size_t i = 0; i < spec.payload_size; ++i) {
    p[ip + transport + i] = static_cast<std::uint8_t>((spec.sequence + i) * 7);
  }
  const std::size_t field = ip + (tcp ? 16 : 6);
  std::uint16_t sum = slow_checksum(core::Bytes(p).subspan(ip), slow_pseudo_sum(p, p.size() - ip));
  if (sum == 0 && !tcp) sum = 0xffff;
  put16(p, field, sum);
  fix_ip_checksum(p);
  return p;
}

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_TEST_PACKETS_H_
