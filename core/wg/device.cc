// A device's configuration. Its packets are in the other device_*.cc.
#include "core/wg/device.h"

#include <memory>

#include "core/crypto/ct.h"
#include "core/crypto/x25519.h"
#include "core/wg/keyed_hash.h"

namespace core::wg {
namespace {

std::uint32_t table_key(const Secret<32>& hash_key, View<32> public_key) {
  return static_cast<std::uint32_t>(keyed_hash(hash_key.view(), public_key));
}

}  // namespace

Device::Device(const DeviceMemory& memory, const DeviceOptions& options, View<32> hash_key)
    : memory_(memory),
      options_(options),
      hash_key_(hash_key),
      peer_pool_(memory.peers),
      receiver_indices_(memory.receiver_indices),
      public_keys_(memory.public_keys),
      allowed_ips_(memory.allowed_ips, memory.allowed_ip_lists, memory.recent_addresses),
      schedule_(memory.schedule),
      staging_(memory.staged_bytes, memory.staged_slots, kHeadroom),
      rate_limiter_(memory.rate_limits, hash_key) {
  const std::size_t peers = memory.peers.size(), words = memory.replay_windows.size();
  CHECK(memory.schedule.size() == peers && memory.allowed_ip_lists.size() == peers);
  CHECK(memory.receiver_indices.size() >= table_size(4 * peers));
  CHECK(memory.public_keys.size() >= table_size(peers));
  CHECK(words % (2 * peers) == 0 && std::has_single_bit(words / (2 * peers)));
}

void Device::extend(const DeviceMemory& memory) {
  const std::size_t peers = memory.peers.size();
  CHECK(memory.schedule.size() == peers && memory.allowed_ip_lists.size() == peers);
  CHECK(memory.receiver_indices.size() >= table_size(4 * peers));
  CHECK(memory.public_keys.size() >= table_size(peers));
  CHECK(memory.replay_windows.data() == memory_.replay_windows.data() &&
        memory.replay_windows.size() / peers ==
            memory_.replay_windows.size() / memory_.peers.size());
  peer_pool_.extend(memory.peers);
  schedule_.extend(memory.schedule);
  receiver_indices_.move_to(memory.receiver_indices);
  public_keys_.move_to(memory.public_keys);
  allowed_ips_.extend(memory.allowed_ips, memory.allowed_ip_lists);
  const auto recent_addresses = memory_.recent_addresses;
  const auto staged_bytes = memory_.staged_bytes;
  const auto staged_slots = memory_.staged_slots;
  const auto rate_limits = memory_.rate_limits;
  memory_ = memory;
  memory_.recent_addresses = recent_addresses;
  memory_.staged_bytes = staged_bytes;
  memory_.staged_slots = staged_slots;
  memory_.rate_limits = rate_limits;
}

Device::~Device() {
  for (std::uint32_t slot = 0; slot < memory_.peers.size(); ++slot) {
    if (memory_.peers[slot].in_use_) (void)remove_peer(id_of(slot));
  }
}

void Device::set_private_key(const Secret<32>& private_key) {
  const bool none = crypto::ct_equal(private_key.view(), ByteArray<32>{});
  Secret<32> next;
  if (!none) next = crypto::x25519_private(private_key.view());
  if (crypto::ct_equal(next.view(), private_key_.view())) return;
  private_key_ = std::move(next);
  has_private_key_ = !none;
  public_key_ = none ? ByteArray<32>{} : crypto::x25519_public(private_key_);
  cookies_.set_public_key(public_key_);
  for (std::uint32_t slot = 0; slot < memory_.peers.size(); ++slot) {
    Peer& peer = memory_.peers[slot];
    if (!peer.in_use_) continue;
    end_sessions(slot);
    peer.initiated_at_ = kLongAgo;  // with another key the first initiation need not wait
    peer.has_static_static_ = false;
    wipe(peer.static_static_.mut());
  }
  const std::uint32_t ourselves = none ? kNoSlot : find_slot(public_key_);
  if (ourselves != kNoSlot) (void)remove_peer(id_of(ourselves));
}

Result<PeerId> Device::add_peer(View<32> public_key) {
  if (has_private_key_ && equal_var(public_key, public_key_)) return Error::kRefused;
  if (find_slot(public_key) != kNoSlot) return Error::kOutOfOrder;
  const std::uint32_t slot = peer_pool_.take();
  if (slot == kNoSlot) return Error::kFull;
  Peer& peer = memory_.peers[slot];
  peer.in_use_ = true;
  if (++peer.generation_ == 0) ++peer.generation_;
  copy(public_key, peer.public_key_);
  public_keys_.insert(table_key(hash_key_, public_key), slot);
  ++peer_count_;
  return id_of(slot);
}

Result<PeerId> Device::find_peer(View<32> public_key) const {
  const std::uint32_t slot = find_slot(public_key);
  if (slot == kNoSlot) return Error::kNotFound;
  return id_of(slot);
}

Status Device::remove_peer(PeerId id) {
  const std::uint32_t slot = slot_of(id);
  if (slot == kNoSlot) return Error::kNotFound;
  Peer& peer = memory_.peers[slot];
  end_sessions(slot);
  allowed_ips_.remove_all(slot);
  public_keys_.erase(table_key(hash_key_, peer.public_key_), slot);
  schedule_.set(slot, kNever);
  const std::uint32_t generation = peer.generation_;
  std::destroy_at(&peer);  // wipes its keys
  std::construct_at(&peer);
  peer.generation_ = generation;
  peer_pool_.give_back(slot);
  --peer_count_;
  return {};
}

Result<PeerStatus> Device::status(PeerId id) const {
  const std::uint32_t slot = slot_of(id);
  if (slot == kNoSlot) return Error::kNotFound;
  const Peer& peer = memory_.peers[slot];
  PeerStatus out{.public_key = peer.public_key_,
                 .preshared_key = peer.preshared_key_.view(),
                 .endpoint = peer.endpoint_,
                 .persistent_keepalive_s = peer.persistent_keepalive_s_,
                 .last_handshake = {},
                 .rx_bytes = peer.rx_bytes_,
                 .tx_bytes = peer.tx_bytes_,
                 .staged = peer.staged_.count};
  if (peer.handshake_at_ != kLongAgo) out.last_handshake = peer.handshake_at_;
  return out;
}

Status Device::set_preshared_key(PeerId id, View<32> key) {
  const std::uint32_t slot = slot_of(id);
  if (slot == kNoSlot) return Error::kNotFound;
  memory_.peers[slot].preshared_key_ = Secret<32>(key);
  return {};
}

Status Device::set_endpoint(PeerId id, const Endpoint& endpoint) {
  const std::uint32_t slot = slot_of(id);
  if (slot == kNoSlot) return Error::kNotFound;
  memory_.peers[slot].endpoint_ = endpoint;
  return {};
}

Status Device::clear_source(PeerId id) {
  const std::uint32_t slot = slot_of(id);
  if (slot == kNoSlot) return Error::kNotFound;
  memory_.peers[slot].forget_source();
  return {};
}

Status Device::set_persistent_keepalive(PeerId id, std::uint16_t interval_s, Instant now) {
  advance(now);
  const std::uint32_t slot = slot_of(id);
  if (slot == kNoSlot) return Error::kNotFound;
  Peer& peer = memory_.peers[slot];
  if (interval_s == 0) {
    peer.timers_.disarm(Timer::kPersistentKeepalive);
  } else if (peer.persistent_keepalive_s_ == 0) {
    peer.timers_.arm(Timer::kPersistentKeepalive, now_);
  }
  peer.persistent_keepalive_s_ = interval_s;
  reschedule(slot);
  return {};
}

Status Device::reset_peer(PeerId id) {
  const std::uint32_t slot = slot_of(id);
  if (slot == kNoSlot) return Error::kNotFound;
  end_sessions(slot);
  memory_.peers[slot].timers_.disarm(Timer::kPersistentKeepalive);
  return {};
}

Status Device::add_allowed_ip(PeerId id, const Prefix& prefix) {
  const std::uint32_t slot = slot_of(id);
  if (slot == kNoSlot) return Error::kNotFound;
  return allowed_ips_.insert(prefix, slot);
}

Status Device::remove_allowed_ip(PeerId id, const Prefix& prefix) {
  const std::uint32_t slot = slot_of(id);
  if (slot == kNoSlot) return Error::kNotFound;
  return allowed_ips_.remove(prefix, slot);
}

Status Device::clear_allowed_ips(PeerId id) {
  const std::uint32_t slot = slot_of(id);
  if (slot == kNoSlot) return Error::kNotFound;
  allowed_ips_.remove_all(slot);
  return {};
}

std::optional<AllowedIpRef> Device::first_allowed_ip(PeerId id) const {
  const std::uint32_t slot = slot_of(id);
  if (slot == kNoSlot) return std::nullopt;
  return allowed_ips_.first(slot);
}

void Device::note_unsent(PeerId id, std::uint64_t size) {
  const std::uint32_t slot = slot_of(id);
  if (slot != kNoSlot)
    memory_.peers[slot].tx_bytes_ -= std::min(size, memory_.peers[slot].tx_bytes_);
}

void Device::note_overload(Instant now) {
  advance(now);
  overloaded_until_ = now_ + kLoadMs;
}

// Out of line: there are many calls.
[[gnu::noinline]] void Device::count(std::uint64_t& counter) { ++counter; }
Error Device::count(std::uint64_t& counter, Error error) { return ++counter, error; }

std::uint32_t Device::slot_of(PeerId id) const {
  if (id.generation == 0 || id.slot >= memory_.peers.size()) return kNoSlot;
  const Peer& peer = memory_.peers[id.slot];
  return peer.in_use_ && peer.generation_ == id.generation ? id.slot : kNoSlot;
}

std::optional<PeerId> Device::peer_from(std::size_t slot) const {
  for (; slot < memory_.peers.size(); ++slot) {
    if (memory_.peers[slot].in_use_) return id_of(static_cast<std::uint32_t>(slot));
  }
  return std::nullopt;
}

std::uint32_t Device::find_slot(View<32> public_key) const {
  return public_keys_.find(table_key(hash_key_, public_key), [&](std::uint32_t slot) {
    return equal_var(memory_.peers[slot].public_key_, public_key);
  });
}

void Device::drop_index(std::uint32_t slot, std::uint32_t index) {
  if (index != 0) receiver_indices_.erase(index, slot);
}

void Device::drop_sessions(std::uint32_t slot) {
  for (const std::size_t window : {0, 1}) {
    drop_index(slot, memory_.peers[slot].keypairs_.drop(window));
  }
}

void Device::forget_handshake(std::uint32_t slot) {
  Handshake& handshake = memory_.peers[slot].handshake_;
  drop_index(slot, handshake.local_index);
  handshake.forget();
}

// Wipes what was agreed with the peer, and what waits for it.
void Device::end_sessions(std::uint32_t slot) {
  Peer& peer = memory_.peers[slot];
  drop_sessions(slot);
  forget_handshake(slot);
  staging_.clear(peer.staged_);
  for (const Timer timer : {Timer::kZeroKeys, Timer::kGiveUpHandshake, Timer::kSendStaged,
                            Timer::kKeepalive, Timer::kNewHandshake, Timer::kInitiate}) {
    peer.timers_.disarm(timer);
  }
  peer.last_minute_initiated_ = false;
}

}  // namespace core::wg
