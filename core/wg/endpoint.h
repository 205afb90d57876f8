// Addresses as values: of hosts inside the tunnel, of peers outside it.
#ifndef CORE_WG_ENDPOINT_H_
#define CORE_WG_ENDPOINT_H_

#include "core/base/bytes.h"

namespace core::wg {

enum class Family : std::uint8_t { kNone, kIpv4, kIpv6 };

// An address in network byte order. IPv4: the first 4 bytes, the rest zero.
struct IpAddress {
  Family family = Family::kNone;
  ByteArray<16> bytes{};

  static IpAddress v4(View<4> from) {
    IpAddress out{.family = Family::kIpv4};
    copy(from, out.bytes);
    return out;
  }
  static IpAddress v6(View<16> from) { return {.family = Family::kIpv6, .bytes = to_array(from)}; }

  // The 4 or 16 bytes that count; none of kNone. Lives as long as this object.
  Bytes view() const { return Bytes(bytes).first(size()); }
  // Bits of an address of this family: 32, 128; 0 of kNone.
  std::uint8_t bits() const { return static_cast<std::uint8_t>(8 * size()); }
  friend bool operator==(const IpAddress&, const IpAddress&) = default;

 private:
  std::size_t size() const {
    return family == Family::kIpv4 ? 4u : family == Family::kIpv6 ? 16u : 0u;
  }
};

// All addresses that begin with the first `bits` bits of `address`.
struct Prefix {
  IpAddress address;
  std::uint8_t bits = 0;
  friend bool operator==(const Prefix&, const Prefix&) = default;
};

// Where a peer's datagrams go, and from which of our addresses. The core
// compares and keeps endpoints; what `scope` and the source mean is the port's.
struct Endpoint {
  IpAddress address{};  // kNone: not known
  // Our address on which the peer was last heard: answers leave there. kNone:
  // as the port's routes say.
  IpAddress source{};
  std::uint16_t port = 0;              // of the peer, host byte order
  std::uint32_t scope = 0;             // interface of a link-local IPv6 address, else 0
  std::uint32_t source_interface = 0;  // on which the peer was last heard; 0: any

  bool known() const { return address.family != Family::kNone; }
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

}  // namespace core::wg
#endif  // CORE_WG_ENDPOINT_H_
