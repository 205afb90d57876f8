#include "ports/linux/wg/mss_clamp.h"

#include "ports/linux/wg/checksum.h"
#include "ports/linux/wg/inner_packet.h"

namespace ports::linux_os::wg {
namespace {

constexpr std::uint8_t kSyn = 0x02, kRst = 0x04;
constexpr std::uint8_t kEndOfOptions = 0, kNoOperation = 1, kMss = 2;

// Most packets are told apart by two bytes. IPv6 with extensions is left alone.
bool maybe_syn(core::Bytes packet) {
  if (packet.size() < kIpv4HeaderSize + kTcpHeaderSize) return false;
  return packet[packet[0] >> 4 == 4 ? 9 : 6] == IPPROTO_TCP;
}

// Rewrites the option's value, which may lie at an odd offset.
void write_mss(core::MutBytes tcp, std::size_t offset, std::uint16_t value) {
  const std::size_t even = offset & ~std::size_t{1};
  core::ByteArray<2> bytes;
  store_be16(bytes, value);
  for (std::size_t at = even; at < offset + 2; at += 2) {
    const auto word = tcp.subspan(at, 2);
    core::ByteArray<2> after = {word[0], word[1]};
    for (std::size_t i = 0; i < 2; ++i) {
      if (at + i >= offset && at + i < offset + 2) after[i] = bytes[at + i - offset];
    }
    replace_word(word, load_be16(after), tcp.subspan(16, 2));
  }
}

}  // namespace

void clamp_mss(core::MutBytes packet, std::size_t mtu) {
  if (!maybe_syn(packet)) return;
  const auto shape = InnerPacket::parse(packet);
  if (!shape || shape->protocol != IPPROTO_TCP || shape->transport_size == 0) return;
  const auto tcp = packet.subspan(shape->ip_header_size, shape->transport_size);
  if ((tcp[13] & (kSyn | kRst)) != kSyn) return;
  const std::size_t limit =
      mtu - kTcpHeaderSize - (shape->version == IpVersion::k4 ? kIpv4HeaderSize : kIpv6HeaderSize);
  std::size_t at = kTcpHeaderSize;
  while (at < tcp.size() && tcp[at] != kEndOfOptions) {
    if (tcp[at] == kNoOperation) {
      ++at;
      continue;
    }
    if (at + 2 > tcp.size() || tcp[at + 1] < 2 || at + tcp[at + 1] > tcp.size()) return;
    if (tcp[at] == kMss && tcp[at + 1] == 4 && load_be16(tcp.subspan(at + 2)) > limit) {
      write_mss(tcp, at + 2, static_cast<std::uint16_t>(limit));
    }
    at += tcp[at + 1];
  }
}

}  // namespace ports::linux_os::wg
