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
  now = advance(now);
  if (schedule_.first_at() > now) return std::optional<ToSend>{};
  const std::uint32_t slot = schedule_.first_slot();
  Poll done = std::optional<ToSend>{};
  if (const auto timer = memory_.peers[slot].timers_.pop_due(now)) {
    done = run(*timer, slot, now, wall, rng, out);
  }
  schedule_.set(slot, memory_.peers[slot].timers_.next());
  return done;
}

Device::Poll Device::run(Timer timer, std::uint32_t slot, Instant now, WallTime wall, Rng& rng,
                         MutBytes out) {
  Peer& peer = memory_.peers[slot];
  const bool may_send = peer.keypairs_.current().may_send(now);
  switch (timer) {
    case Timer::kZeroKeys:
      drop_indices(slot, peer.keypairs_.clear());
      if (!peer.timers_.armed(Timer::kInitiate)) forget_handshake(slot);
      break;
    case Timer::kGiveUpHandshake:
      ++counters_.handshakes_given_up;
      peer.timers_.disarm(Timer::kInitiate);
      peer.timers_.disarm(Timer::kNewHandshake);
      counters_.staged_dropped += peer.staged_.count;
      staging_.clear(peer.staged_);
      peer.timers_.arm_if_not(Timer::kZeroKeys, now + kZeroKeysMs);
      break;
    case Timer::kSendStaged: return send_staged(slot, now, out);
    case Timer::kKeepalive:
      if (may_send) return send_keepalive(slot, now, out);
      break;
    case Timer::kPersistentKeepalive:
      if (may_send) return send_keepalive(slot, now, out);
      peer.timers_.arm(Timer::kPersistentKeepalive, now + peer.persistent_keepalive_s_ * 1000);
      peer.want_handshake(Peer::Wish::kForSession, now);
      break;
    case Timer::kNewHandshake:
      peer.forget_source();
      peer.want_handshake(Peer::Wish::kForSession, now);
      break;
    case Timer::kInitiate: return run_initiate(slot, now, wall, rng, out);
  }
  return std::optional<ToSend>{};
}

Device::Poll Device::run_initiate(std::uint32_t slot, Instant now, WallTime wall, Rng& rng,
                                  MutBytes out) {
  Peer& peer = memory_.peers[slot];
  if (!has_private_key_) return std::optional<ToSend>{};
  // Not the first of its kind: our address may be what is wrong.
  if (peer.handshake_.local_index != 0) peer.forget_source();
  auto sent = initiate(slot, now, wall, rng, out);
  if (sent) {
    peer.timers_.arm(Timer::kInitiate, now + kRekeyTimeoutMs + peer.jitter_ms_);
  } else if (sent.error() == Error::kStore) {
    peer.timers_.arm(Timer::kInitiate, now + kFloorRetryMs);
    return std::optional<ToSend>{};
  } else if (sent.error() == Error::kBadKey) {  // there is no handshake with such a peer
    peer.timers_.arm(Timer::kGiveUpHandshake, now);
    return std::optional<ToSend>{};
  } else {
    ++counters_.rng_failures;
    peer.timers_.arm(Timer::kInitiate, now + kRekeyTimeoutMs);
  }
  return sent;
}

Device::Poll Device::to_send(std::uint32_t slot, Bytes datagram) const {
  return std::optional(ToSend{id_of(slot), datagram, memory_.peers[slot].endpoint_});
}

// The oldest that waits; else, in a session of ours that nothing has been sent
// in, what confirms it.
Device::Poll Device::send_staged(std::uint32_t slot, Instant now, MutBytes out) {
  Peer& peer = memory_.peers[slot];
  Keypair& session = peer.keypairs_.current();
  if (!session.may_send(now)) {
    if (peer.staged_.count > 0) peer.want_handshake(Peer::Wish::kForSession, now);
    return std::optional<ToSend>{};
  }
  if (peer.staged_.count == 0) {
    if (session.send_counter > 0) return std::optional<ToSend>{};
    return send_keepalive(slot, now, out);
  }
  const auto packet = staging_.pop(peer.staged_);
  const Bytes datagram = seal(session, packet.buffer, packet.size);
  ++counters_.packets_sent;
  peer.on_sent(datagram.size(), now);
  peer.on_data_sent(now);
  if (peer.staged_.count > 0) peer.timers_.arm(Timer::kSendStaged, now);
  return to_send(slot, datagram);
}

// REQUIRES: the current session may be sent in.
Device::Poll Device::send_keepalive(std::uint32_t slot, Instant now, MutBytes out) {
  Peer& peer = memory_.peers[slot];
  const Bytes datagram = seal(peer.keypairs_.current(), out, 0);
  ++counters_.keepalives_sent;
  peer.on_sent(datagram.size(), now);
  return to_send(slot, datagram);
}

}  // namespace core::wg
