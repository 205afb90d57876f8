#include "core/wg/staging.h"

namespace core::wg {

Staging::Staging(MutBytes bytes, std::span<StagedSlot> slots, std::size_t headroom)
    : bytes_(bytes),
      slots_(slots),
      slot_size_(slots.empty() ? 0 : bytes.size() / slots.size()),
      headroom_(headroom) {}

std::size_t Staging::push(StagedQueue& queue, Bytes packet, std::size_t room, std::size_t limit) {
  if (limit == 0 || room > slot_size_) return 1;
  std::size_t lost = 0;
  while (queue.count > 0 && (queue.count >= limit || slots_.free() == 0)) {
    pop(queue);
    ++lost;
  }
  const std::uint32_t slot = slots_.take();
  if (slot == kNoSlot) return lost + 1;
  copy(packet, buffer(slot).subspan(headroom_));
  slots_[slot] = {.pool_link = kNoSlot, .size = static_cast<std::uint32_t>(packet.size())};
  if (queue.count == 0) {
    queue.first = slot;
  } else {
    slots_[queue.last].pool_link = slot;
  }
  queue.last = slot;
  ++queue.count;
  return lost;
}

Staging::Taken Staging::pop(StagedQueue& queue) {
  CHECK(queue.count > 0);
  const std::uint32_t slot = queue.first;
  queue.first = slots_[slot].pool_link;
  --queue.count;
  slots_.give_back(slot);
  return {buffer(slot), slots_[slot].size};
}

void Staging::clear(StagedQueue& queue) {
  while (queue.count > 0) wipe(pop(queue).buffer);
}

}  // namespace core::wg
