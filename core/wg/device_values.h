// What goes into a device and comes out of it, as values.
#ifndef CORE_WG_DEVICE_VALUES_H_
#define CORE_WG_DEVICE_VALUES_H_

#include <optional>

#include "core/base/rng.h"
#include "core/base/time.h"
#include "core/wg/messages.h"
#include "core/wg/peer.h"

namespace core::wg {

// Bytes that a datagram has before and after an IP packet, padding aside.
inline constexpr std::size_t kHeadroom = 16;
inline constexpr std::size_t kTagSize = 16;
inline constexpr std::size_t kPaddingMultiple = 16;
// Bytes of a buffer in which any IP packet of `size` bytes can be sealed.
constexpr std::size_t sealing_room(std::size_t size) {
  return kHeadroom + (size + kPaddingMultiple - 1) / kPaddingMultiple * kPaddingMultiple + kTagSize;
}
// Bytes of the largest IP packet that is.
inline constexpr std::size_t kMaxPacketSize = 65535;
// Bytes of the largest datagram that poll() writes to `out`: an initiation.
inline constexpr std::size_t kMaxPollSize = Initiation::kSize;
// See Device::floor_stored().
inline constexpr std::uint64_t kNoFloor = UINT64_MAX;

struct DeviceOptions {
  std::uint16_t mtu = 1420;               // bytes of the largest IP packet
  std::uint16_t staged_per_peer = 128;    // packets that wait for one peer's handshake
  std::uint32_t handshakes_per_s = 1000;  // more of them: under load
};

enum class Meaning : std::uint8_t {
  kNothing,  // taken care of; poll() may have something to send now
  kReply,    // `bytes` is a datagram to send to where this one came from
  kPacket,   // `bytes` is an IP packet of the peer
};

struct Received {
  Meaning meaning = Meaning::kNothing;
  PeerId peer;     // kReply: none if it is a cookie, which proves nobody
  MutBytes bytes;  // in the datagram that was received
};

// One of a batch to receive.
struct Incoming {
  MutBytes datagram;                              // in
  Result<Received> received = Error::kMalformed;  // out
};

// One of a batch to send. `buffer` has kHeadroom bytes of room, then the IP
// packet of `size` bytes, then room for padding and tag: sealing_room(size)
// bytes in all always do.
struct Outgoing {
  MutBytes buffer;
  std::size_t size = 0;
  Bytes datagram{};  // out: in `buffer`; empty: not sealed
};

struct Sent {
  std::size_t sealed = 0;
  std::size_t dropped = 0;       // of the rest: neither sealed nor staged, no slot was free
  const Endpoint* to = nullptr;  // the peer's, until the next call that is not const
};

struct ToSend {
  PeerId peer;
  Bytes datagram;
  const Endpoint* to = nullptr;  // as above
};

struct Deadline {
  Instant at = kNever;  // then the rest is of no meaning
  PeerId peer;          // the first to want something
  Timer reason{};
};

// Since the device was made. Nothing of a hostile datagram is kept but a count.
struct Counters {
  std::uint64_t initiations_sent, initiations_received;  // authenticated
  std::uint64_t responses_sent, responses_received;      // authenticated
  std::uint64_t cookies_sent, cookies_received;          // authenticated
  std::uint64_t packets_sent, packets_received;          // IP packets
  std::uint64_t keepalives_sent, keepalives_received;
  std::uint64_t handshakes_given_up;
  std::uint64_t staged, staged_dropped;  // packets
  std::uint64_t malformed;               // datagrams
  std::uint64_t malformed_packets;       // authentic, but no IP packet inside
  std::uint64_t bad_mac1, bad_tags;
  std::uint64_t unknown_indices, unknown_keys;
  std::uint64_t replays, old_timestamps, expired;
  std::uint64_t wrong_sources;  // inner source not allowed
  std::uint64_t rate_limited;   // handshakes
  std::uint64_t rng_failures;
};

}  // namespace core::wg
#endif  // CORE_WG_DEVICE_VALUES_H_
