// The sessions of one peer: the one before, the one in use, and one that the
// initiator has yet to confirm. Spec: [WG] 6.3, 5.4.6.
#ifndef CORE_WG_KEYPAIRS_H_
#define CORE_WG_KEYPAIRS_H_

#include "core/wg/noise.h"
#include "core/wg/timers.h"

namespace core::wg {

enum class Role : std::uint8_t { kInitiator, kResponder };

struct Keypair {
  std::uint64_t send_counter = 0;     // of the next packet
  std::uint64_t receive_counter = 0;  // the greatest received, plus 1
  Instant created_at = kLongAgo;
  std::uint32_t local_index = 0;  // 0: no session here
  std::uint32_t remote_index = 0;
  TransportKeys keys;

  bool there() const { return local_index != 0; }
  // True iff packets may still be sent in this session.
  bool may_send(Instant now) const;
  // True iff a packet of this counter may still be believed.
  bool may_receive(std::uint64_t counter, Instant now) const;
  // A new session is here, without its keys yet. Returns the local index of the
  // one before, which is wiped; 0: there was none.
  std::uint32_t begin(std::uint32_t local, std::uint32_t remote, Instant now);
};

class Keypairs {
 public:
  Keypair& current() { return sessions_[current_]; }
  const Keypair& current() const { return sessions_[current_]; }
  Role current_role() const { return current_role_; }
  // The session of a local index; nullptr: there is none. REQUIRES: local_index != 0
  Keypair* find(std::uint32_t local_index);
  // What find() gave: the one in use, one that the peer has yet to confirm, or
  // else the one before.
  bool is_current(const Keypair& session) const { return window(session) == current_; }
  bool is_next(const Keypair& session) const { return !is_current(session) && other_is_next_; }
  // Which of a peer's two replay windows, 0 or 1, is that of a session.
  std::size_t window(const Keypair& session) const { return &session == &sessions_[0] ? 0 : 1; }

  // Where a new session is to begin, in place of one that is no more.

  // A session that we initiated is in use at once.
  Keypair& start_as_initiator();
  // A session that the peer initiated must not be sent in before it has been
  // received in.
  Keypair& start_as_responder() {
    other_is_next_ = true;
    return sessions_[other()];
  }
  // Wipes a session. Returns its local index; 0: there was none.
  std::uint32_t drop(std::size_t window) { return sessions_[window].begin(0, 0, {}); }

  // The next session was received in: now it is the current one.
  // REQUIRES: is_next()
  void confirm_next() {
    current_ = static_cast<std::uint8_t>(other());
    other_is_next_ = false;
    current_role_ = Role::kResponder;
  }

 private:
  friend struct TestOnlyAccess;
  std::size_t other() const { return 1u - current_; }

  // The one in use, and either the one before or the next one: a peer that
  // initiates a session has no need of the one before.
  std::array<Keypair, 2> sessions_;
  std::uint8_t current_ = 0;
  bool other_is_next_ = false;
  Role current_role_ = Role::kInitiator;
};

}  // namespace core::wg
#endif  // CORE_WG_KEYPAIRS_H_
