// What is done when its time has come.
// Spec: [WG] 6, docs/spec/tunnel.md timers.
#include "core/wg/device.h"

namespace core::wg {
namespace {

// When an initiation is tried again that a missing floor held up.
constexpr std::int64_t kFloorRetryMs = 100;

}  // namespace

// The heap learns of deadlines that came nearer. Those that went away are found
// out by poll(), so that packets need not touch it.
void Device::reschedule(std::uint32_t slot) {
  const Instant at = memory_.peers[slot].timers_.next();
  if (at < schedule_.at(slot)) schedule_.set(slot, at);
}

Deadline Device::next_deadline() const {
  const std::uint32_t slot = schedule_.first_slot();
  if (schedule_.first_at() == kNever) return {};
  return {.at = schedule_.first_at(),
          .peer = id_of(slot),
          .reason = memory_.peers[slot].timers_.next_timer()};
}

Result<std::optional<ToSend>> Device::poll(Instant now, WallTime wall, Rng& rng, MutBytes out) {
  CHECK(out.size() >= kMaxPollSize);
  advance(now);
  Result<std::optional<ToSend>> done = std::optional<ToSend>{};
  if (schedule_.first_at() > now_) return done;
  const std::uint32_t slot = schedule_.first_slot();
  Peer& peer = memory_.peers[slot];
  if (const auto timer = peer.timers_.pop_due(now_)) {
    const auto datagram = run(*timer, slot, {wall, rng, out});
    if (!datagram) {
      done = datagram.error();
    } else if (!datagram->empty()) {
      ToSend& sent = (*done).emplace();
      sent.peer = id_of(slot);
      sent.datagram = *datagram;
      sent.to = peer.endpoint_;
    }
  }
  schedule_.set(slot, peer.timers_.next());
  return done;
}

Device::Datagram Device::run(Timer timer, std::uint32_t slot, const Means& means) {
  Peer& peer = memory_.peers[slot];
  const bool may_send = peer.keypairs_.current().may_send(now_);
  switch (timer) {
    case Timer::kZeroKeys:
      drop_sessions(slot);
      if (!peer.timers_.armed(Timer::kInitiate)) forget_handshake(slot);
      break;
    case Timer::kGiveUpHandshake:
      count(counters_.handshakes_given_up);
      peer.timers_.disarm(Timer::kInitiate);
      peer.timers_.disarm(Timer::kNewHandshake);
      counters_.staged_dropped += peer.staged_.count;
      staging_.clear(peer.staged_);
      peer.timers_.arm_if_not(Timer::kZeroKeys, now_ + kZeroKeysMs);
      break;
    case Timer::kSendStaged: return send_staged(peer, means.out);
    case Timer::kKeepalive:
      if (may_send) return send_keepalive(peer, means.out);
      break;
    case Timer::kPersistentKeepalive:
      if (may_send) return send_keepalive(peer, means.out);
      peer.put_off_keepalive(now_);
      peer.want_handshake(Peer::Wish::kForSession, now_);
      break;
    case Timer::kNewHandshake:
      peer.forget_source();
      peer.want_handshake(Peer::Wish::kForSession, now_);
      break;
    case Timer::kInitiate: return run_initiate(slot, means);
  }
  return Bytes{};
}

Device::Datagram Device::run_initiate(std::uint32_t slot, const Means& means) {
  Peer& peer = memory_.peers[slot];
  if (!has_private_key_) return Bytes{};
  // Not the first of its kind: our address may be what is wrong.
  if (peer.handshake_.local_index != 0) peer.forget_source();
  const auto sent = initiate(slot, means);
  if (sent) {
    peer.timers_.arm(Timer::kInitiate, now_ + kRekeyTimeoutMs + peer.jitter_ms_);
  } else if (sent.error() == Error::kStore) {
    peer.timers_.arm(Timer::kInitiate, now_ + kFloorRetryMs);
    return Bytes{};
  } else if (sent.error() == Error::kBadKey) {  // there is no handshake with such a peer
    peer.timers_.arm(Timer::kGiveUpHandshake, now_);
    return Bytes{};
  } else {
    count(counters_.rng_failures);
    peer.timers_.arm(Timer::kInitiate, now_ + kRekeyTimeoutMs);
  }
  return sent;
}

// The oldest that waits; else, in a session of ours that nothing has been sent
// in, what confirms it.
Bytes Device::send_staged(Peer& peer, MutBytes out) {
  Keypair& session = peer.keypairs_.current();
  if (!session.may_send(now_)) {
    if (peer.staged_.count > 0) peer.want_handshake(Peer::Wish::kForSession, now_);
    return {};
  }
  if (peer.staged_.count == 0) {
    return session.send_counter > 0 ? Bytes() : send_keepalive(peer, out);
  }
  const auto packet = staging_.pop(peer.staged_);
  const Bytes datagram = seal(session, packet.buffer, packet.size);
  count(counters_.packets_sent);
  peer.on_sent(datagram.size(), now_);
  peer.on_data_sent(now_);
  if (peer.staged_.count > 0) peer.timers_.arm(Timer::kSendStaged, now_);
  return datagram;
}

// REQUIRES: the current session may be sent in.
Bytes Device::send_keepalive(Peer& peer, MutBytes out) {
  const Bytes datagram = seal(peer.keypairs_.current(), out, 0);
  count(counters_.keepalives_sent);
  peer.on_sent(datagram.size(), now_);
  return datagram;
}

}  // namespace core::wg
