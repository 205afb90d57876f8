// Packets that wait for a handshake, in memory of the caller.
#ifndef CORE_WG_STAGING_H_
#define CORE_WG_STAGING_H_

#include "core/base/bytes.h"
#include "core/wg/pool.h"

namespace core::wg {

struct StagedSlot {
  std::uint32_t pool_link = kNoSlot;  // of the pool, or the next in its queue
  std::uint32_t size = 0;             // bytes of the IP packet
};

// One peer's packets, the oldest first.
struct StagedQueue {
  std::uint32_t first = kNoSlot, last = kNoSlot;
  std::uint32_t count = 0;
};

// All queues of a device, in slots of one size.
class Staging {
 public:
  // `headroom`: free bytes before a packet. REQUIRES: both outlive this.
  Staging(MutBytes bytes, std::span<StagedSlot> slots, std::size_t headroom);

  // Copies a packet to the end of a queue, of at most `limit` packets: its
  // oldest ones fall out. Returns how many packets are lost: the oldest, or
  // this one, if a slot is smaller than `room` or other queues have them all.
  // REQUIRES: room >= headroom + packet.size()
  std::size_t push(StagedQueue& queue, Bytes packet, std::size_t room, std::size_t limit);
  // Takes out the oldest: its whole slot, with the packet at `headroom`, which
  // stays as it is until the next push(). REQUIRES: queue.count > 0
  struct Taken {
    MutBytes buffer;
    std::size_t size;  // bytes of the packet
  };
  Taken pop(StagedQueue& queue);
  // Empties a queue and wipes its packets.
  void clear(StagedQueue& queue);

 private:
  MutBytes buffer(std::uint32_t slot) const {
    return bytes_.subspan(slot * slot_size_).first(slot_size_);
  }

  MutBytes bytes_;
  Pool<StagedSlot> slots_;
  std::size_t slot_size_, headroom_;
};

}  // namespace core::wg
#endif  // CORE_WG_STAGING_H_
