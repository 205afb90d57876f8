#include "ports/linux/wg/peer_memory.h"

#include <sys/mman.h>

#include <memory>

namespace ports::linux_os::wg {
namespace {

constexpr std::size_t kFirstPeers = 256;
constexpr std::size_t kFirstPrefixes = 1024;
// Each of a peer's two windows: 8192 packets may come late.
constexpr std::size_t kWindowWords = 256;
constexpr std::size_t kStagedCount = 1024;
// A slot holds the largest packet; of a small one only the first page is used.
constexpr std::size_t kStagedSize = core::wg::sealing_room(65535);
constexpr std::size_t kRateLimits = 1024;
constexpr std::size_t kRecentAddresses = 1024;

}  // namespace

template <class T>
Reserved<T>::Reserved(std::size_t count) {
  void* at = ::mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  CHECK(at != MAP_FAILED);  // of a few hundred MB of address space
  all_ = {static_cast<T*>(at), count};
}

template <class T>
Reserved<T>::~Reserved() {
  if (!all_.empty()) ::munmap(all_.data(), all_.size_bytes());
}

PeerMemory::PeerMemory(core::View<32> hash_key)
    : peer_count_(kFirstPeers),
      prefix_count_(kFirstPrefixes),
      peers_(kMaxPeers),
      schedule_(kMaxPeers),
      replay_windows_(2 * kMaxPeers * kWindowWords),
      allowed_ips_(2 * kMaxPrefixes),
      allowed_ip_lists_(kMaxPeers),
      recent_addresses_(kRecentAddresses),
      staged_bytes_(kStagedCount * kStagedSize),
      staged_slots_(kStagedCount),
      rate_limits_(kRateLimits),
      receiver_indices_(core::wg::table_size(4 * peer_count_)),
      public_keys_(core::wg::table_size(peer_count_)) {
  make_peers(0, peer_count_);
  device_.emplace(memory(), core::wg::DeviceOptions{}, hash_key);
}

PeerMemory::~PeerMemory() = default;

core::wg::DeviceMemory PeerMemory::memory() {
  return {.peers = peers_.first(peer_count_),
          .schedule = schedule_.first(peer_count_),
          .receiver_indices = receiver_indices_.first(core::wg::table_size(4 * peer_count_)),
          .public_keys = public_keys_.first(core::wg::table_size(peer_count_)),
          .replay_windows = replay_windows_.first(2 * peer_count_ * kWindowWords),
          .allowed_ips = allowed_ips_.first(2 * prefix_count_),
          .allowed_ip_lists = allowed_ip_lists_.first(peer_count_),
          .recent_addresses = recent_addresses_.first(kRecentAddresses),
          .staged_bytes = staged_bytes_.first(kStagedCount * kStagedSize),
          .staged_slots = staged_slots_.first(kStagedCount),
          .rate_limits = rate_limits_.first(kRateLimits)};
}

void PeerMemory::make_peers(std::size_t from, std::size_t to) {
  for (auto& peer : peers_.first(to).subspan(from)) std::construct_at(&peer);
}

void PeerMemory::extend() {
  // The old tables must stay until the device has moved out of them.
  const Table old_indices =
      std::exchange(receiver_indices_, Table(core::wg::table_size(4 * peer_count_)));
  const Table old_keys = std::exchange(public_keys_, Table(core::wg::table_size(peer_count_)));
  device_->extend(memory());
}

bool PeerMemory::grow_peers() {
  if (peer_count_ == kMaxPeers) return false;
  make_peers(peer_count_, 2 * peer_count_);
  peer_count_ *= 2;
  extend();
  return true;
}

bool PeerMemory::grow_prefixes() {
  if (prefix_count_ == kMaxPrefixes) return false;
  prefix_count_ *= 2;
  extend();
  return true;
}

}  // namespace ports::linux_os::wg
