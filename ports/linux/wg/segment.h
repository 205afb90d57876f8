// Cutting what the kernel gives us in one read into packets that fit the
// tunnel's MTU: TCP and UDP segmentation offload, done here.
#ifndef PORTS_LINUX_WG_SEGMENT_H_
#define PORTS_LINUX_WG_SEGMENT_H_

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "ports/linux/wg/vnet_header.h"

namespace ports::linux_os::wg {

// How a super packet falls apart. All packets but the last have one size.
struct Segments {
  std::size_t count = 0;
  std::size_t size = 0;       // of each packet but the last
  std::size_t last_size = 0;  // of the last one, at most `size`

  std::size_t size_of(std::size_t index) const { return index + 1 < count ? size : last_size; }

  std::uint8_t protocol = 0;         // TCP or UDP if count > 1
  std::size_t transport_offset = 0;  // all only if count > 1
  std::size_t headers_size = 0;
  std::size_t payload_size = 0;  // of each packet but the last
};

// What `packet`, read with the header `offload`, consists of.
// A packet without GSO is one segment whatever is in it.
// Errors: kMalformed: the header does not fit the packet.
core::Result<Segments> plan_segments(const VnetHeader& offload, core::Bytes packet);

// Writes the packets of a plan, packet k at offset k * stride, checksums
// complete. The super packet of `packet_size` bytes lies at the front of
// `room` and is consumed: packets move to the back, the last one first, so the
// same memory serves.
// REQUIRES: `plan` is of this packet; stride >= plan.size + 32 if there are
// several; room.size() >= (count - 1) * stride + last_size.
void cut_segments(const Segments& plan, const VnetHeader& offload, core::MutBytes room,
                  std::size_t packet_size, std::size_t stride);

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_SEGMENT_H_
