// Congestion marks between the inner and the outer IP header.
// Spec: [RFC6040] 4.1, 4.2.
#ifndef PORTS_LINUX_WG_ECN_H_
#define PORTS_LINUX_WG_ECN_H_

#include "core/base/bytes.h"

namespace ports::linux_os::wg {

// The two ECN bits of a traffic class.
enum class Ecn : std::uint8_t { kNotCapable = 0, kCapable1 = 1, kCapable0 = 2, kCongested = 3 };

// What the outer header carries for this inner packet: the inner mark.
// REQUIRES: at least 2 bytes of an IP packet.
Ecn outer_ecn(core::Bytes packet);

enum class Deliver : std::uint8_t { kYes, kNo };

// Carries the outer mark of a received datagram into the inner header. kNo: the
// network says "congested" to a sender that cannot hear it, so drop instead.
// REQUIRES: a whole IP header.
Deliver carry_ecn_inside(Ecn outer, core::MutBytes packet);

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_ECN_H_
