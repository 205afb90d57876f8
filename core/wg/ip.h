// The headers of IP packets, as far as a tunnel cares.
// Spec: [RFC791] 3.1, [RFC8200] 3.
#ifndef CORE_WG_IP_H_
#define CORE_WG_IP_H_

#include "core/base/result.h"
#include "core/wg/endpoint.h"

namespace core::wg {

struct IpHeader {
  IpAddress source, destination;
  std::size_t size = 0;  // bytes of the whole packet, as its header says
};

// Reads the header at the front of `packet`, after which there may be padding.
// Errors: kMalformed: neither IPv4 nor IPv6; a header that is cut short or says
// that it is shorter than it can be; a packet longer than `packet`.
Result<IpHeader> parse_ip(Bytes packet);

}  // namespace core::wg
#endif  // CORE_WG_IP_H_
