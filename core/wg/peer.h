// What a device keeps of one peer. The caller gives the memory (an array of
// Peer) and never looks inside: it names peers by PeerId.
#ifndef CORE_WG_PEER_H_
#define CORE_WG_PEER_H_

#include <optional>

#include "core/wg/cookie.h"
#include "core/wg/endpoint.h"
#include "core/wg/keypairs.h"
#include "core/wg/noise.h"
#include "core/wg/timers.h"

namespace core::wg {

// Names a peer for as long as it is there: once it is removed the id finds
// nothing, not even a later peer in the same place.
struct PeerId {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;  // 0: no peer
  friend bool operator==(PeerId, PeerId) = default;
};

// What can be told of a peer. Views live until the next call that changes the
// device.
struct PeerStatus {
  View<32> public_key;
  View<32> preshared_key;  // secret; all zeros: none
  Endpoint endpoint;
  std::uint16_t persistent_keepalive_s = 0;  // 0: off
  // When the last handshake was completed, on the caller's monotonic clock.
  std::optional<Instant> last_handshake;
  std::uint64_t rx_bytes = 0, tx_bytes = 0;  // of authenticated datagrams, whole
  std::size_t staged = 0;                    // packets that wait for a handshake
};

class Peer {
 public:
  Peer() = default;
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

 private:
  friend class Device;

  bool in_use() const { return in_use_; }

  // Who it is.
  ByteArray<32> public_key_{};
  Secret<32> preshared_key_;
  Secret<32> static_static_;  // DH of the two static keys, once it is needed
  Endpoint endpoint_;

  // What we share with it.
  Keypairs keypairs_;
  Handshake handshake_;  // ours as initiator, until the response comes
  ByteArray<12> greatest_timestamp_{};
  ReceivedCookie cookie_;

  // When to do what.
  Timers timers_;
  Instant initiated_at_ = kLongAgo;  // our last initiation
  Instant consumed_at_ = kLongAgo;   // the last accepted of its initiations
  Instant handshake_at_ = kNever;    // the last completed handshake; kNever: none

  std::uint64_t rx_bytes_ = 0, tx_bytes_ = 0;
  std::uint32_t generation_ = 0;
  std::uint32_t heap_place_ = 0;                      // in the device's schedule
  std::uint32_t staged_first_ = 0, staged_last_ = 0;  // slots, if staged_count_ > 0
  std::uint16_t staged_count_ = 0;
  std::uint16_t persistent_keepalive_s_ = 0;
  std::uint16_t jitter_ms_ = 0;  // of the timers that start without a random draw
  bool in_use_ = false;
  bool has_static_static_ = false;
  bool last_minute_initiated_ = false;  // the rekey on receiving is asked for once a session
};

}  // namespace core::wg
#endif  // CORE_WG_PEER_H_
