// What is done when its time has come.
// Spec: [WG] 6, docs/spec/tunnel.md timers.
#include "core/wg/device.h"

namespace core::wg {
namespace {

// When an initiation is tried again that a missing floor held up.
constexpr std::uint32_t kFloorRetryMs = 100;

}  // namespace

// The heap learns of deadlines that came nearer. Those that went away are found
// out by poll(), so that packets need not touch it.
void Device::reschedule(Peer& peer) {
  const std::uint32_t slot = slot_of(peer);
  const Instant at = peer.timers_.next();
  if (at < schedule_.at(slot)) schedule_.set(slot, at);
}

Deadline Device::next_deadline() const {
  const Peer& peer = peers_[schedule_.first_slot()];
  return {.at = schedule_.first_at(), .peer = id_of(peer), .reason = peer.timers_.next_timer()};
}

Result<std::optional<ToSend>> Device::poll(Instant now, WallTime wall, Rng& rng,
                                           MutView<kMaxPollSize> out) {
  advance(now);
  Result<std::optional<ToSend>> done = std::optional<ToSend>{};
  if (schedule_.first_at() > now_) return done;
  const std::uint32_t slot = schedule_.first_slot();
  Peer& peer = peers_[slot];
  if (const auto timer = peer.timers_.pop_due(now_)) {
    Turn turn{wall, rng, {.buffer = out}};
    const auto ran = run(*timer, peer, turn);
    if (!ran) {
      done = ran.error();
    } else if (!turn.sent.datagram.empty()) {
      ToSend& sent = (*done).emplace();
      sent.peer = id_of(peer);
      sent.datagram = turn.sent.datagram;
      sent.to = &peer.endpoint_;
    }
  }
  schedule_.set(slot, peer.timers_.next());
  return done;
}

Status Device::run(Timer timer, Peer& peer, Turn& turn) {
  switch (timer) {
    case Timer::kZeroKeys:
      drop_sessions(peer);
      if (!peer.timers_.armed(Timer::kInitiate)) forget_handshake(peer);
      break;
    case Timer::kGiveUpHandshake:
      count(counters_.handshakes_given_up);
      peer.timers_.disarm(Timer::kInitiate);
      peer.timers_.disarm(Timer::kNewHandshake);
      count(counters_.staged_dropped, peer.staged_.count);
      staging_.clear(peer.staged_);
      peer.timers_.arm_if_not(Timer::kZeroKeys, now_ + kZeroKeysMs);
      break;
    case Timer::kSendStaged: send_staged(peer, turn); break;
    case Timer::kKeepalive: send_keepalive(peer, turn); break;
    case Timer::kPersistentKeepalive:
      if (!send_keepalive(peer, turn)) {
        peer.put_off_keepalive(now_);
        peer.want_handshake(Peer::Wish::kForSession, now_);
      }
      break;
    case Timer::kNewHandshake:
      peer.forget_source();
      peer.want_handshake(Peer::Wish::kForSession, now_);
      break;
    case Timer::kInitiate: return run_initiate(peer, turn);
  }
  return {};
}

inline Status Device::run_initiate(Peer& peer, Turn& turn) {
  if (!has_private_key_) return {};
  // Not the first of its kind: our address may be what is wrong.
  if (peer.handshake_.local_index != 0) peer.forget_source();
  auto sent = initiate(peer, turn);
  std::uint32_t again_ms = kRekeyTimeoutMs;
  if (sent) {
    again_ms += peer.jitter_ms_;
  } else if (sent.error() == Error::kStore) {
    again_ms = kFloorRetryMs;
    sent = {};
  } else if (sent.error() == Error::kBadKey) {  // there is no handshake with such a peer
    peer.timers_.arm(Timer::kGiveUpHandshake, now_);
    return {};
  } else {
    count(counters_.rng_failures);
  }
  peer.timers_.arm(Timer::kInitiate, now_ + again_ms);
  return sent;
}

// The oldest that waits; else, in a session of ours that nothing has been sent
// in, what confirms it.
void Device::send_staged(Peer& peer, Turn& turn) {
  Keypair& session = peer.keypairs_.current();
  if (!session.may_send(now_)) {
    if (peer.staged_.count > 0) peer.want_handshake(Peer::Wish::kForSession, now_);
    return;
  }
  if (peer.staged_.count == 0) {
    if (session.send_counter == 0) send_keepalive(peer, turn);
    return;
  }
  const auto packet = staging_.pop(peer.staged_);
  turn.sent.buffer = packet.buffer;
  turn.sent.size = packet.size;
  seal(peer, std::span(&turn.sent, 1));
  count(counters_.packets_sent);
  peer.on_data_sent(now_);
  if (peer.staged_.count > 0) peer.timers_.arm(Timer::kSendStaged, now_);
}

// False: there is no session to send it in.
inline bool Device::send_keepalive(Peer& peer, Turn& turn) {
  if (seal(peer, std::span(&turn.sent, 1)) == 0) return false;
  count(counters_.keepalives_sent);
  return true;
}

}  // namespace core::wg
