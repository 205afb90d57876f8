#include "ports/linux/wg/ecn.h"

#include "ports/linux/wg/checksum.h"
#include "ports/linux/wg/inner_packet.h"

namespace ports::linux_os::wg {
namespace {

void set_ecn(core::MutBytes packet, Ecn mark) {
  const auto bits = static_cast<std::uint8_t>(mark);
  if (packet[0] >> 4 == 6) {
    packet[1] = static_cast<std::uint8_t>((packet[1] & ~0x30) | bits << 4);
    return;
  }
  const auto traffic = static_cast<std::uint8_t>((packet[1] & ~3) | bits);
  replace_word(packet.first(2), static_cast<std::uint16_t>(packet[0] << 8 | traffic),
               packet.subspan(10, 2));
}

}  // namespace

Ecn outer_ecn(core::Bytes packet) { return static_cast<Ecn>(traffic_class(packet) & 3); }

Deliver carry_ecn_inside(Ecn outer, core::MutBytes packet) {
  const Ecn inner = outer_ecn(packet);
  if (outer == Ecn::kCongested) {
    if (inner == Ecn::kNotCapable) return Deliver::kNo;
    if (inner != Ecn::kCongested) set_ecn(packet, Ecn::kCongested);
  } else if (outer == Ecn::kCapable1 && inner == Ecn::kCapable0) {
    set_ecn(packet, Ecn::kCapable1);
  }
  return Deliver::kYes;
}

}  // namespace ports::linux_os::wg
