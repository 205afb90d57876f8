#include "server/service/pusher.h"

#include <algorithm>

namespace server::service {

using core::Instant;
using core::kNever;
using store::AccountId;

void Pusher::make_ready(AccountId account, Peer& peer) {
  if (peer.ready || peer.in_flight.size() >= peer.window) return;
  peer.ready = true;
  ready_.push_back(account);
}

void Pusher::start_over(AccountId account, Peer& peer) {
  peer.in_flight.clear();
  peer.pushed_through = peer.through;
  peer.repeat_at = kNever;
  make_ready(account, peer);
}

// Moves the peer to its earliest deadline.
void Pusher::schedule(AccountId account, Peer& peer) {
  const Instant gone_at = peer.seen_at + limits_.presence_ms;
  const Instant deadline = std::min({gone_at, peer.repeat_at, peer.retry_at});
  if (deadline == peer.deadline) return;
  deadlines_.erase({peer.deadline, account});
  peer.deadline = deadline;
  deadlines_.insert({deadline, account});
}

void Pusher::forget(std::map<AccountId, Peer>::iterator peer) {
  deadlines_.erase({peer->second.deadline, peer->first});
  if (peer->second.ready) std::erase(ready_, peer->first);
  peers_.erase(peer);
}

void Pusher::request_seen(AccountId account, Instant now) {
  const auto peer = peers_.find(account);
  if (peer == peers_.end()) return;
  peer->second.seen_at = now;
  schedule(account, peer->second);
}

void Pusher::acked(AccountId account, const core::DeviceName& name,
                   const core::api::AckRequest& ack, Instant now) {
  auto found = peers_.find(account);
  if (found == peers_.end()) {
    found = peers_.emplace(account, Peer{.name = name}).first;
    found->second.through = ack.through;
    found->second.pushed_through = ack.through;
  }
  Peer& peer = found->second;
  peer.seen_at = now;
  peer.window = std::min<std::size_t>(ack.window, limits_.max_window);
  peer.max_push = ack.max_push == 0 ? 0
                                    : std::clamp<std::size_t>(ack.max_push, limits_.min_push_bytes,
                                                              limits_.max_push_bytes);
  const bool progress = ack.through > peer.through;
  peer.through = std::max(peer.through, ack.through);
  peer.pushed_through = std::max(peer.pushed_through, peer.through);
  while (!peer.in_flight.empty() && peer.in_flight.front() <= peer.through) {
    peer.in_flight.pop_front();
  }
  if (peer.in_flight.empty()) {
    peer.repeat_at = kNever;
  } else if (progress) {
    peer.repeat_at = now + limits_.push_repeat_ms;
  } else {
    // It may have lost its connection and what was pushed on it.
    peer.repeat_at =
        std::min(peer.repeat_at, std::max(now, peer.pushed_at + limits_.push_repeat_soonest_ms));
  }
  make_ready(account, peer);
  schedule(account, peer);
}

void Pusher::mail_stored(AccountId account) {
  const auto peer = peers_.find(account);
  if (peer != peers_.end()) make_ready(account, peer->second);
}

void Pusher::revoked(AccountId account) {
  const auto peer = peers_.find(account);
  if (peer != peers_.end()) forget(peer);
}

void Pusher::time_passed(Instant now) {
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const auto found = peers_.find(deadlines_.begin()->second);
    Peer& peer = found->second;
    if (now >= peer.seen_at + limits_.presence_ms) {
      forget(found);
      continue;
    }
    if (now >= peer.repeat_at) start_over(found->first, peer);
    peer.retry_at = kNever;
    make_ready(found->first, peer);
    schedule(found->first, peer);
  }
}

std::optional<PushTask> Pusher::next_task() {
  while (!ready_.empty()) {
    const AccountId account = ready_.front();
    ready_.pop_front();
    Peer& peer = peers_.find(account)->second;
    peer.ready = false;
    if (peer.in_flight.size() >= peer.window) continue;  // the window has shrunk
    const std::size_t room = peer.window - peer.in_flight.size();
    return PushTask{account, peer.name, peer.pushed_through,
                    std::min(room, core::api::kMaxMailsPerRequest), peer.max_push};
  }
  return {};
}

void Pusher::pushed(AccountId account, std::span<const std::uint64_t> sequences, Instant now) {
  const auto found = peers_.find(account);
  if (found == peers_.end() || sequences.empty()) return;
  Peer& peer = found->second;
  peer.in_flight.insert(peer.in_flight.end(), sequences.begin(), sequences.end());
  peer.pushed_through = sequences.back();
  peer.pushed_at = now;
  peer.repeat_at = now + limits_.push_repeat_ms;
  make_ready(account, peer);
  schedule(account, peer);
}

void Pusher::failed(AccountId account, Instant now) {
  const auto found = peers_.find(account);
  if (found == peers_.end()) return;
  found->second.retry_at = now + limits_.push_repeat_soonest_ms;
  schedule(account, found->second);
}

Instant Pusher::next_deadline() const {
  return deadlines_.empty() ? kNever : deadlines_.begin()->first;
}

std::vector<core::DeviceName> Pusher::present() const {
  std::vector<core::DeviceName> out;
  for (const auto& [account, peer] : peers_) out.push_back(peer.name);
  return out;
}

}  // namespace server::service
