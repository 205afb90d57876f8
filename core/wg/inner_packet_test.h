// IP packets of tests, and the addresses in them.
#ifndef CORE_WG_INNER_PACKET_TEST_H_
#define CORE_WG_INNER_PACKET_TEST_H_

#include <vector>

#include "core/wg/endpoint.h"

namespace core::wg {

using Buffer = std::vector<std::uint8_t>;

// The paper's constants, written down again so that the tests do not check the
// code against itself.
constexpr std::int64_t kSecond = 1000;

// 10.0.HIGH.LOW.
inline IpAddress inner4(unsigned number) {
  const ByteArray<4> bytes{10, 0, static_cast<std::uint8_t>(number >> 8),
                           static_cast<std::uint8_t>(number)};
  return IpAddress::v4(bytes);
}
// fd00::HIGH:LOW.
inline IpAddress inner6(unsigned number) {
  ByteArray<16> bytes{0xfd};
  bytes[14] = static_cast<std::uint8_t>(number >> 8);
  bytes[15] = static_cast<std::uint8_t>(number);
  return IpAddress::v6(bytes);
}
inline Prefix host(const IpAddress& address) { return {address, address.bits()}; }

// An IP packet whose payload is `payload`.
inline Buffer ip_packet(const IpAddress& source, const IpAddress& destination,
                        const Buffer& payload) {
  Buffer out;
  if (source.family == Family::kIpv4) {
    const std::size_t size = 20 + payload.size();
    out = {0x45, 0, static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)};
    out.resize(12);
  } else {
    out = {0x60,
           0,
           0,
           0,
           static_cast<std::uint8_t>(payload.size() >> 8),
           static_cast<std::uint8_t>(payload.size()),
           59,
           64};
  }
  for (const auto* address : {&source, &destination}) {
    out.insert(out.end(), address->view().begin(), address->view().end());
  }
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

}  // namespace core::wg
#endif  // CORE_WG_INNER_PACKET_TEST_H_
