// A core device and its memory, which grows with the number of peers.
#ifndef PORTS_LINUX_WG_PEER_MEMORY_H_
#define PORTS_LINUX_WG_PEER_MEMORY_H_

#include <optional>

#include "core/wg/device.h"

namespace ports::linux_os::wg {

// Address space for some number of elements; the kernel gives memory for it
// page by page, zeroed, when it is first written.
template <class T>
class Reserved {
 public:
  explicit Reserved(std::size_t count);
  ~Reserved();
  Reserved(Reserved&& other) noexcept : all_(std::exchange(other.all_, {})) {}
  Reserved& operator=(Reserved&& other) noexcept {
    std::swap(all_, other.all_);
    return *this;
  }
  std::span<T> first(std::size_t count) const { return all_.first(count); }

 private:
  std::span<T> all_;
};

class PeerMemory {
 public:
  static constexpr std::size_t kMaxPeers = std::size_t{1} << 17;
  static constexpr std::size_t kMaxPrefixes = std::size_t{1} << 20;

  explicit PeerMemory(core::View<32> hash_key);
  ~PeerMemory();
  PeerMemory(const PeerMemory&) = delete;
  PeerMemory& operator=(const PeerMemory&) = delete;

  core::wg::Device& device() { return *device_; }
  const core::wg::Device& device() const { return *device_; }

  // Doubles the room for peers or for prefixes. False: it is at its largest.
  bool grow_peers();
  bool grow_prefixes();

 private:
  using Table = Reserved<core::wg::IndexTable::Entry>;

  core::wg::DeviceMemory memory();
  void make_peers(std::size_t from, std::size_t to);
  void extend();

  std::size_t peer_count_, prefix_count_;
  Reserved<core::wg::Peer> peers_;
  Reserved<core::wg::Schedule::Entry> schedule_;
  Reserved<std::uint32_t> replay_windows_;
  Reserved<core::wg::AllowedIps::Node> allowed_ips_;
  Reserved<std::uint32_t> allowed_ip_lists_;
  Reserved<core::wg::AllowedIps::Recent> recent_addresses_;
  Reserved<std::uint8_t> staged_bytes_;
  Reserved<core::wg::StagedSlot> staged_slots_;
  Reserved<core::wg::RateLimiter::Entry> rate_limits_;
  Table receiver_indices_, public_keys_;
  std::optional<core::wg::Device> device_;
};

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_PEER_MEMORY_H_
