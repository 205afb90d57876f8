#include "core/wg/peer.h"

namespace core::wg {

void Peer::on_sent(std::size_t size, Instant now) {
  tx_bytes_ += size;
  timers_.disarm(Timer::kKeepalive);
  put_off_keepalive(now);
}

void Peer::on_data_sent(Instant now) {
  timers_.arm_if_not(Timer::kNewHandshake, now + kNewHandshakeMs + jitter_ms_);
  const Keypair& session = keypairs_.current();
  if (initiated_before(kRekeyAfterMs, now) || session.send_counter >= kRekeyAfterMessages) {
    want_handshake(Wish::kForSession, now);
  }
}

void Peer::on_received(std::size_t size, const Endpoint& from, Instant now) {
  rx_bytes_ += size;
  endpoint_ = from;
  timers_.disarm(Timer::kNewHandshake);
  put_off_keepalive(now);
}

void Peer::on_late_session(Instant now) {
  if (last_minute_initiated_ || !initiated_before(kRekeyOnReceiveMs, now)) return;
  last_minute_initiated_ = true;
  want_handshake(Wish::kForSession, now);
}

void Peer::on_new_keys(Instant now) { timers_.arm(Timer::kZeroKeys, now + kZeroKeysMs); }

void Peer::on_handshake_complete(Instant now) {
  handshake_at_ = now;
  timers_.disarm(Timer::kInitiate);
  timers_.disarm(Timer::kGiveUpHandshake);
  last_minute_initiated_ = false;
}

void Peer::want_handshake(Wish wish, Instant now) {
  if (!endpoint_.known()) return;
  const bool starts = !timers_.armed(Timer::kInitiate);
  if (starts) timers_.arm(Timer::kInitiate, later(now, initiated_at_ + kRekeyTimeoutMs));
  if (starts || wish == Wish::kForPacket) {
    timers_.arm(Timer::kGiveUpHandshake, now + kRekeyAttemptMs);
  }
}

bool Peer::initiated_before(std::uint32_t ms, Instant now) const {
  return keypairs_.current_role() == Role::kInitiator &&
         elapsed_ms(keypairs_.current().created_at, now) >= ms;
}

void Peer::put_off_keepalive(Instant now) {
  if (persistent_keepalive_s_ == 0) return;
  timers_.arm(Timer::kPersistentKeepalive, now + persistent_keepalive_s_ * 1000);
}

void Peer::forget_source() {
  endpoint_.source = {};
  endpoint_.source_interface = 0;
}

}  // namespace core::wg
