#include "core/wg/keypairs.h"

namespace core::wg {

bool Keypair::may_send(Instant now) const { return there() && may_receive(send_counter, now); }

bool Keypair::may_receive(std::uint64_t counter, Instant now) const {
  return elapsed_ms(created_at, now) < kRejectAfterMs && counter < kRejectAfterMessages;
}

Keypair* Keypairs::find(std::uint32_t local_index) {
  for (Keypair& session : sessions_) {
    if (session.local_index == local_index) return &session;
  }
  return nullptr;
}

std::uint32_t Keypairs::start_as_initiator(Keypair&& session) {
  // The peer may already send in the session that it initiated: that one stays.
  const bool next_stays = other_is_next_ && sessions_[other()].there();
  if (!next_stays) current_ = static_cast<std::uint8_t>(other());
  other_is_next_ = false;
  current_role_ = Role::kInitiator;
  return put(current_, std::move(session));
}

std::uint32_t Keypairs::start_as_responder(Keypair&& session) {
  other_is_next_ = true;
  return put(other(), std::move(session));
}

void Keypairs::confirm_next() {
  current_ = static_cast<std::uint8_t>(other());
  other_is_next_ = false;
  current_role_ = Role::kResponder;
}

std::uint32_t Keypairs::drop(std::size_t window) { return put(window, Keypair()); }

std::uint32_t Keypairs::put(std::size_t window, Keypair&& session) {
  const std::uint32_t dropped = sessions_[window].local_index;
  sessions_[window] = std::move(session);
  return dropped;
}

}  // namespace core::wg
