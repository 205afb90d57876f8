// A device's configuration. Its packets are in the other device_*.cc.
#include "core/wg/device.h"

#include <bit>
#include <memory>

#include "core/crypto/ct.h"
#include "core/crypto/x25519.h"
#include "core/wg/keyed_hash.h"

namespace core::wg {
namespace {

std::uint32_t table_key(const Secret<32>& hash_key, View<32> public_key) {
  return keyed_hash(hash_key.view(), public_key);
}

// Of what an element of is a peer's. An index table is a power of two.
void check_sizes(const DeviceMemory& memory) {
  const std::size_t peers = memory.peers.size();
  CHECK(memory.schedule.size() == peers && memory.allowed_ip_lists.size() == peers);
  CHECK(memory.receiver_indices.size() >= 2 * (4 * peers));
  CHECK(memory.public_keys.size() >= 2 * peers);
}

}  // namespace

Device::Device(const DeviceMemory& memory, const DeviceOptions& options, View<32> hash_key)
    : options_(options),
      schedule_(memory.schedule),
      receiver_indices_(memory.receiver_indices),
      public_keys_(memory.public_keys),
      peers_(memory.peers),
      replay_windows_(memory.replay_windows),
      allowed_ips_(memory.allowed_ips, memory.allowed_ip_lists, memory.recent_addresses),
      staging_(memory.staged_bytes, memory.staged_slots, kHeadroom),
      rate_limiter_(memory.rate_limits, hash_key_),
      hash_key_(hash_key) {
  check_sizes(memory);
  const std::size_t windows = 2 * memory.peers.size(), words = memory.replay_windows.size();
  window_words_ = words / windows;
  CHECK(std::has_single_bit(window_words_) && windows * window_words_ == words);
}

void Device::extend(const DeviceMemory& memory) {
  const std::size_t peers = memory.peers.size();
  check_sizes(memory);
  CHECK(memory.replay_windows.data() == replay_windows_.data() &&
        memory.replay_windows.size() == 2 * peers * window_words_);
  peers_.extend(memory.peers);
  schedule_.extend(memory.schedule);
  receiver_indices_.move_to(memory.receiver_indices);
  public_keys_.move_to(memory.public_keys);
  allowed_ips_.extend(memory.allowed_ips, memory.allowed_ip_lists);
  replay_windows_ = memory.replay_windows;
}

Device::~Device() {
  for (Peer& peer : peers_.slots()) {
    if (peer.in_use_) remove(peer);
  }
}

void Device::set_private_key(const Secret<32>& private_key) {
  const bool none = crypto::ct_equal(private_key.view(), ByteArray<32>{});
  Secret<32> next = crypto::x25519_private(private_key.view());
  if (none) wipe(next.mut());
  if (crypto::ct_equal(next.view(), private_key_.view())) return;
  copy(next.view(), private_key_.mut());
  has_private_key_ = !none;
  public_key_ = crypto::x25519_public(private_key_);
  if (none) wipe(public_key_);
  cookies_.set_public_key(public_key_);
  for (Peer& peer : peers_.slots()) {
    if (!peer.in_use_) continue;
    end_sessions(peer);
    peer.initiated_at_ = kLongAgo;  // with another key the first initiation need not wait
    peer.has_static_static_ = false;
    wipe(peer.static_static_.mut());
  }
  Peer* const ourselves = none ? nullptr : find_by_key(public_key_);
  if (ourselves != nullptr) remove(*ourselves);
}

Result<PeerId> Device::add_peer(View<32> public_key) {
  if (has_private_key_ && equal_var(public_key, public_key_)) return Error::kRefused;
  if (find_by_key(public_key) != nullptr) return Error::kOutOfOrder;
  const std::uint32_t slot = peers_.take();
  if (slot == kNoSlot) return Error::kFull;
  Peer& peer = peers_[slot];
  peer.in_use_ = true;
  if (++peer.generation_ == 0) ++peer.generation_;
  copy(public_key, peer.public_key_);
  public_keys_.insert(table_key(hash_key_, public_key), slot);
  return PeerId{slot, peer.generation_};
}

Result<PeerId> Device::find_peer(View<32> public_key) const {
  const Peer* const peer = find_by_key(public_key);
  if (peer == nullptr) return Error::kNotFound;
  return id_of(*peer);
}

Status Device::remove_peer(PeerId id) {
  Peer* const peer = find(id);
  if (peer == nullptr) return Error::kNotFound;
  remove(*peer);
  return {};
}

void Device::remove(Peer& peer) {
  const std::uint32_t slot = slot_of(peer);
  end_sessions(peer);
  allowed_ips_.remove_all(slot);
  public_keys_.erase(table_key(hash_key_, peer.public_key_), slot);
  schedule_.set(slot, kNever);
  const std::uint32_t generation = peer.generation_;
  wipe({reinterpret_cast<std::uint8_t*>(&peer), sizeof(peer)});
  std::construct_at(&peer);
  peer.generation_ = generation;
  peers_.give_back(slot);
}

Result<PeerStatus> Device::status(PeerId id) const {
  const Peer* const peer = find(id);
  if (peer == nullptr) return Error::kNotFound;
  PeerStatus out{.public_key = peer->public_key_,
                 .preshared_key = peer->preshared_key_.view(),
                 .endpoint = peer->endpoint_,
                 .persistent_keepalive_s = peer->persistent_keepalive_s_,
                 .last_handshake = {},
                 .rx_bytes = peer->rx_bytes_,
                 .tx_bytes = peer->tx_bytes_,
                 .staged = peer->staged_.count};
  if (peer->handshake_at_ != kLongAgo) out.last_handshake = peer->handshake_at_;
  return out;
}

Status Device::set_preshared_key(PeerId id, View<32> key) {
  Peer* const peer = find(id);
  if (peer == nullptr) return Error::kNotFound;
  copy(key, peer->preshared_key_.mut());
  return {};
}

Status Device::set_endpoint(PeerId id, const Endpoint& endpoint) {
  Peer* const peer = find(id);
  if (peer == nullptr) return Error::kNotFound;
  peer->endpoint_ = endpoint;
  return {};
}

Status Device::clear_source(PeerId id) {
  Peer* const peer = find(id);
  if (peer == nullptr) return Error::kNotFound;
  peer->forget_source();
  return {};
}

Status Device::set_persistent_keepalive(PeerId id, std::uint16_t interval_s, Instant now) {
  advance(now);
  Peer* const peer = find(id);
  if (peer == nullptr) return Error::kNotFound;
  if (interval_s == 0) {
    peer->timers_.disarm(Timer::kPersistentKeepalive);
  } else if (peer->persistent_keepalive_s_ == 0) {
    peer->timers_.arm(Timer::kPersistentKeepalive, now_);
  }
  peer->persistent_keepalive_s_ = interval_s;
  reschedule(*peer);
  return {};
}

Status Device::reset_peer(PeerId id) {
  Peer* const peer = find(id);
  if (peer == nullptr) return Error::kNotFound;
  end_sessions(*peer);
  peer->timers_.disarm(Timer::kPersistentKeepalive);
  return {};
}

Status Device::add_allowed_ip(PeerId id, const Prefix& prefix) {
  if (find(id) == nullptr) return Error::kNotFound;
  return allowed_ips_.insert(prefix, id.slot);
}

Status Device::remove_allowed_ip(PeerId id, const Prefix& prefix) {
  if (find(id) == nullptr) return Error::kNotFound;
  return allowed_ips_.remove(prefix, id.slot);
}

Status Device::clear_allowed_ips(PeerId id) {
  if (find(id) == nullptr) return Error::kNotFound;
  allowed_ips_.remove_all(id.slot);
  return {};
}

std::optional<AllowedIpRef> Device::first_allowed_ip(PeerId id) const {
  if (find(id) == nullptr) return std::nullopt;
  return allowed_ips_.first(id.slot);
}

void Device::note_unsent(PeerId id, std::uint64_t size) {
  Peer* const peer = find(id);
  if (peer != nullptr) peer->tx_bytes_ -= std::min(size, peer->tx_bytes_);
}

void Device::note_overload(Instant now) {
  advance(now);
  overloaded_until_ = now_ + kLoadMs;
}

// Out of line: there are many calls.
[[gnu::noinline]] void Device::count(std::uint64_t& counter) { count(counter, 1u); }
[[gnu::noinline]] void Device::count(std::uint64_t& counter, std::size_t times) {
  counter += times;
}
Error Device::count(std::uint64_t& counter, Error error) { return ++counter, error; }

Peer* Device::find(PeerId id) const {
  if (id.slot >= peers_.slots().size()) return nullptr;
  Peer& peer = peers_[id.slot];
  return peer.in_use_ && peer.generation_ == id.generation ? &peer : nullptr;
}

Peer* Device::find_by_key(View<32> public_key) const {
  const std::uint32_t slot =
      public_keys_.find(table_key(hash_key_, public_key), [&](std::uint32_t candidate) {
        return equal_var(peers_[candidate].public_key_, public_key);
      });
  return slot == kNoSlot ? nullptr : &peers_[slot];
}

Peer* Device::find_by_index(std::uint32_t index) const {
  const std::uint32_t slot = receiver_indices_.find(index);
  return slot == kNoSlot ? nullptr : &peers_[slot];
}

std::uint32_t Device::slot_of(const Peer& peer) const {
  return static_cast<std::uint32_t>(&peer - peers_.slots().data());
}

std::optional<PeerId> Device::peer_from(std::size_t slot) const {
  for (; slot < peers_.slots().size(); ++slot) {
    if (peers_[slot].in_use_) return id_of(peers_[slot]);
  }
  return std::nullopt;
}

void Device::drop_index(const Peer& peer, std::uint32_t index) {
  if (index != 0) receiver_indices_.erase(index, slot_of(peer));
}

void Device::drop_sessions(Peer& peer) {
  drop_index(peer, peer.keypairs_.drop(0));
  drop_index(peer, peer.keypairs_.drop(1));
}

void Device::forget_handshake(Peer& peer) {
  drop_index(peer, peer.handshake_.local_index);
  peer.handshake_.forget();
}

// Wipes what was agreed with the peer, and what waits for it.
void Device::end_sessions(Peer& peer) {
  drop_sessions(peer);
  forget_handshake(peer);
  staging_.clear(peer.staged_);
  peer.timers_.disarm_all_but(Timer::kPersistentKeepalive);
  peer.last_minute_initiated_ = false;
}

}  // namespace core::wg
