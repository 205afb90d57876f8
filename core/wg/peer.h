// What a device keeps of one peer. The caller gives the memory (an array of
// Peer) and never looks inside: it names peers by PeerId.
#ifndef CORE_WG_PEER_H_
#define CORE_WG_PEER_H_

#include <optional>

#include "core/wg/cookie.h"
#include "core/wg/endpoint.h"
#include "core/wg/keypairs.h"
#include "core/wg/noise.h"
#include "core/wg/staging.h"
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
  friend class Pool<Peer>;
  friend struct TestOnlyAccess;  // of the tests: reaches counters near 2^64
  enum class Wish : std::uint8_t { kForPacket, kForSession };  // why a handshake

  // What follows from events, in deadlines. Spec: [WG] 6.
  void on_sent(std::size_t size, Instant now);  // an authentic datagram of any kind
  void on_data_sent(Instant now);               // an answer is expected
  void on_received(std::size_t size, const Endpoint& from, Instant now);  // as on_sent()
  void on_data_received(Instant now) {
    timers_.arm_if_not(Timer::kKeepalive, now + kKeepaliveTimeoutMs);
  }
  void on_late_session(Instant now);  // received in the current session: it may be old
  void on_new_keys(Instant now);
  void on_handshake_complete(Instant now);  // there is a session to send in
  // Starts a handshake unless one is under way. A packet makes it last longer.
  void want_handshake(Wish wish, Instant now);
  // We initiated the current session, `ms` ago or more.
  bool initiated_before(std::uint32_t ms, Instant now) const;
  void put_off_keepalive(Instant now);
  void forget_source();

  // When what is to be, and was. What most of the code looks at stands first, in
  // this class and in others: there an instruction is short that reaches it.
  Timers timers_;
  Instant initiated_at_ = kLongAgo;  // our last initiation
  Instant consumed_at_ = kLongAgo;   // the last of its that was accepted
  Instant handshake_at_ = kLongAgo;  // the last handshake that was completed
  std::uint32_t pool_link = kNoSlot;
  std::uint32_t generation_ = 0;
  StagedQueue staged_;
  std::uint64_t rx_bytes_ = 0, tx_bytes_ = 0;
  Handshake handshake_;  // ours, until the response comes
  std::uint16_t persistent_keepalive_s_ = 0;
  std::uint16_t jitter_ms_ = 0;  // drawn with each initiation
  bool in_use_ = false;
  bool has_static_static_ = false;
  bool last_minute_initiated_ = false;  // in this session, by a packet received late in it

  // What we share with it.
  Keypairs keypairs_;
  ReceivedCookie cookie_;

  // Who it is.
  Endpoint endpoint_;
  ByteArray<32> public_key_{};
  Secret<32> preshared_key_;
  Secret<32> static_static_;  // iff has_static_static_
  ByteArray<kTimestampSize> greatest_timestamp_{};
};

}  // namespace core::wg
#endif  // CORE_WG_PEER_H_
