// The sessions of one peer: the one before, the one in use, and one that the
// initiator has yet to confirm. Spec: [WG] 6.3, 5.4.6.
#ifndef CORE_WG_KEYPAIRS_H_
#define CORE_WG_KEYPAIRS_H_

#include "core/wg/noise.h"
#include "core/wg/timers.h"

namespace core::wg {

enum class Role : std::uint8_t { kInitiator, kResponder };

struct Keypair {
  TransportKeys keys;
  std::uint64_t send_counter = 0;     // of the next packet
  std::uint64_t receive_counter = 0;  // the greatest received, plus 1
  Instant created_at = kLongAgo;
  std::uint32_t local_index = 0;  // 0: no session here
  std::uint32_t remote_index = 0;

  bool there() const { return local_index != 0; }
  // True iff packets may still be sent in this session.
  bool may_send(Instant now) const {
    return there() && elapsed_ms(created_at, now) < kRejectAfterMs &&
           send_counter < kRejectAfterMessages;
  }
  // True iff a packet of this counter may still be believed.
  bool may_receive(std::uint64_t counter, Instant now) const {
    return elapsed_ms(created_at, now) < kRejectAfterMs && counter < kRejectAfterMessages;
  }
};

// Local indices of sessions that are no more; 0: none.
using DroppedIndices = std::array<std::uint32_t, 3>;

class Keypairs {
 public:
  enum class Place : std::uint8_t { kPrevious, kCurrent, kNext, kNone };

  Keypair& current() { return current_; }
  const Keypair& current() const { return current_; }
  Role current_role() const { return current_role_; }
  // The session in a place. REQUIRES: place != kNone
  Keypair& at(Place place);
  // Where the session of a local index is. REQUIRES: local_index != 0
  Place find(std::uint32_t local_index) const;
  // Which of a peer's two replay windows, 0 or 1, is that of a place.
  // REQUIRES: place is kPrevious or kCurrent
  std::size_t window(Place place) const {
    return place == Place::kCurrent ? current_window_ : 1u - current_window_;
  }

  // A session that we initiated is in use at once.
  DroppedIndices start_as_initiator(Keypair&& session);
  // A session that the peer initiated must not be sent in before it has been
  // received in.
  DroppedIndices start_as_responder(Keypair&& session);
  // The next session was received in: now it is the current one.
  // REQUIRES: find() said kNext of it.
  DroppedIndices confirm_next();
  // Wipes all sessions.
  DroppedIndices clear();

 private:
  Keypair previous_, current_, next_;
  Role current_role_ = Role::kInitiator;
  std::uint8_t current_window_ = 0;
};

}  // namespace core::wg
#endif  // CORE_WG_KEYPAIRS_H_
