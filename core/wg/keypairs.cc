#include "core/wg/keypairs.h"

#include <utility>

namespace core::wg {

bool Keypair::may_send(Instant now) const { return there() && may_receive(send_counter, now); }

bool Keypair::may_receive(std::uint64_t counter, Instant now) const {
  return elapsed_ms(created_at, now) < kRejectAfterMs && counter < kRejectAfterMessages;
}

std::uint32_t Keypair::begin(std::uint32_t local, std::uint32_t remote, Instant now) {
  wipe(keys.send.mut());
  wipe(keys.receive.mut());
  send_counter = receive_counter = 0;
  created_at = now;
  remote_index = remote;
  return std::exchange(local_index, local);
}

Keypair* Keypairs::find(std::uint32_t local_index) {
  for (Keypair& session : sessions_) {
    if (session.local_index == local_index) return &session;
  }
  return nullptr;
}

Keypair& Keypairs::start_as_initiator() {
  // The peer may already send in the session that it initiated: that one stays.
  const bool next_stays = other_is_next_ && sessions_[other()].there();
  if (!next_stays) current_ = static_cast<std::uint8_t>(other());
  other_is_next_ = false;
  current_role_ = Role::kInitiator;
  return current();
}

}  // namespace core::wg
