// The memory that a device works in. All of it is the caller's.
#ifndef CORE_WG_DEVICE_MEMORY_H_
#define CORE_WG_DEVICE_MEMORY_H_

#include <bit>

#include "core/wg/allowed_ips.h"
#include "core/wg/device_values.h"
#include "core/wg/index_table.h"
#include "core/wg/rate_limiter.h"
#include "core/wg/schedule.h"

namespace core::wg {

// REQUIRES of the sizes, for N peers: what the comments say. Contents on entry
// do not matter.
//
// Device::extend() takes one for more peers or prefixes. Each of its arrays
// begins with the one before, at the same place, and has as many elements or
// more; only the two index tables are other memory, and what they were is free
// afterwards. Windows keep their size; recent addresses, staging and rate limits
// stay as they are.
struct DeviceMemory {
  std::span<Peer> peers;                          // N >= 1, as made by Peer()
  std::span<Schedule::Entry> schedule;            // N
  std::span<IndexTable::Entry> receiver_indices;  // table_size(4 * N)
  std::span<IndexTable::Entry> public_keys;       // table_size(N)
  // 2 * N windows, each a power of two of words >= 1. A window takes packets
  // that are up to 32 * words - 1 counters late.
  std::span<std::uint32_t> replay_windows;
  std::span<AllowedIps::Node> allowed_ips;    // 2 for each prefix are always enough
  std::span<std::uint32_t> allowed_ip_lists;  // N
  // Addresses looked up lately: a power of two, at most 65,536, or none. Worth
  // it where a lookup takes many steps: from some hundred prefixes on.
  std::span<AllowedIps::Recent> recent_addresses{};
  // Packets that wait for handshakes: as many slots of equal size as
  // staged_sizes has elements; may be none. A slot of sealing_room(mtu) bytes
  // holds any packet.
  MutBytes staged_bytes;
  std::span<StagedSlot> staged_slots;
  std::span<RateLimiter::Entry> rate_limits;  // a multiple of RateLimiter::kWays, >= it
};

// Entries of an index table for `count` things: a power of two, at most half full.
constexpr std::size_t table_size(std::size_t count) { return std::bit_ceil(2 * count); }

// The memory of a device whose limits are known when it is built.
template <std::size_t kPeers, std::size_t kAllowedIps, std::size_t kStaged, std::size_t kWindowBits,
          std::size_t kMtu = 1420>
struct DeviceStorage {
  static_assert(kPeers >= 1 && kWindowBits >= 32 && std::has_single_bit(kWindowBits));
  static constexpr std::size_t kSlotSize = sealing_room(kMtu);

  std::array<Peer, kPeers> peers;
  std::array<Schedule::Entry, kPeers> schedule;
  std::array<IndexTable::Entry, table_size(4 * kPeers)> receiver_indices;
  std::array<IndexTable::Entry, table_size(kPeers)> public_keys;
  std::array<std::uint32_t, 2 * kPeers * kWindowBits / 32> replay_windows;
  std::array<AllowedIps::Node, 2 * kAllowedIps> allowed_ips;
  std::array<std::uint32_t, kPeers> allowed_ip_lists;
  ByteArray<kStaged * kSlotSize> staged_bytes;
  std::array<StagedSlot, kStaged> staged_slots;
  std::array<RateLimiter::Entry, 8 * RateLimiter::kWays> rate_limits;

  DeviceMemory memory() {
    return {.peers = peers,
            .schedule = schedule,
            .receiver_indices = receiver_indices,
            .public_keys = public_keys,
            .replay_windows = replay_windows,
            .allowed_ips = allowed_ips,
            .allowed_ip_lists = allowed_ip_lists,
            .staged_bytes = staged_bytes,
            .staged_slots = staged_slots,
            .rate_limits = rate_limits};
  }
};

}  // namespace core::wg
#endif  // CORE_WG_DEVICE_MEMORY_H_
