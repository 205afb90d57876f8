// What comes before each packet on a TUN device with IFF_VNET_HDR: how its
// checksum and its size are to be understood. Spec: [VIRTIO] 5.1.6.
// Ours, because the kernel's header for it is not C++.
#ifndef PORTS_LINUX_WG_VNET_HEADER_H_
#define PORTS_LINUX_WG_VNET_HEADER_H_

#include <cstdint>

namespace ports::linux_os::wg {

// All numbers in the machine's byte order.
struct VnetHeader {
  std::uint8_t flags = 0;
  std::uint8_t gso_type = 0;
  std::uint16_t headers_size = 0;
  std::uint16_t gso_size = 0;         // bytes of payload in each packet but the last
  std::uint16_t checksum_start = 0;   // what is summed begins here
  std::uint16_t checksum_offset = 0;  // and the sum goes here, from checksum_start
};
static_assert(sizeof(VnetHeader) == 10);

inline constexpr std::uint8_t kNeedsChecksum = 1;  // the field holds the pseudo header's sum

inline constexpr std::uint8_t kGsoNone = 0;
inline constexpr std::uint8_t kGsoTcp4 = 1;
inline constexpr std::uint8_t kGsoUfo = 3;
inline constexpr std::uint8_t kGsoTcp6 = 4;
inline constexpr std::uint8_t kGsoUdp = 5;     // Linux 6.2
inline constexpr std::uint8_t kGsoEcn = 0x80;  // a flag beside the type

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_VNET_HEADER_H_
