// Keeping TCP segments small enough for the tunnel: the MSS option of SYN
// packets through it, in both directions. Spec: [RFC9293] 3.7.1.
#ifndef PORTS_LINUX_WG_MSS_CLAMP_H_
#define PORTS_LINUX_WG_MSS_CLAMP_H_

#include "core/base/bytes.h"

namespace ports::linux_os::wg {

// Lowers the MSS option of a TCP SYN to what fits a packet of `mtu` bytes, and
// corrects the checksum. Any other packet, and one that does not parse, stays
// as it is. The checksum must be complete. REQUIRES: mtu >= 576
void clamp_mss(core::MutBytes packet, std::size_t mtu);

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_MSS_CLAMP_H_
