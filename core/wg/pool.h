// An array of slots, and which of them are free.
#ifndef CORE_WG_POOL_H_
#define CORE_WG_POOL_H_

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/base/result.h"

namespace core::wg {

// No slot, in numbers of slots.
inline constexpr std::uint32_t kNoSlot = UINT32_MAX;

// The list of the free ones runs through them: a Slot lends its
// `std::uint32_t pool_link` while it is free. All calls are O(1).
template <class Slot>
class Pool {
 public:
  // All slots are free. REQUIRES: slots.size() < kNoSlot; `slots` outlives this.
  explicit Pool(std::span<Slot> slots) : slots_(slots), free_(slots.size()) {
    CHECK(slots.size() < kNoSlot);
    for (std::size_t i = slots.size(); i-- > 0;) {
      slots_[i].pool_link = first_;
      first_ = static_cast<std::uint32_t>(i);
    }
  }

  // More slots, all free. REQUIRES: `slots` begins with the ones before.
  void extend(std::span<Slot> slots) {
    CHECK(slots.data() == slots_.data() && slots.size() < kNoSlot);
    const std::size_t before = slots_.size();
    slots_ = slots;
    for (std::size_t i = slots.size(); i-- > before;) give_back(static_cast<std::uint32_t>(i));
  }

  // A slot that was free; kNoSlot if none is.
  std::uint32_t take() {
    const std::uint32_t taken = first_;
    if (taken != kNoSlot) {
      first_ = slots_[taken].pool_link;
      --free_;
    }
    return taken;
  }
  // REQUIRES: `slot` is taken.
  void give_back(std::uint32_t slot) {
    slots_[slot].pool_link = first_;
    first_ = slot;
    ++free_;
  }
  std::size_t free() const { return free_; }
  // All of them, free or not.
  std::span<Slot> slots() const { return slots_; }
  // REQUIRES: slot < slots().size()
  Slot& operator[](std::size_t slot) const { return slots_[slot]; }

 private:
  std::span<Slot> slots_;
  std::size_t free_;
  std::uint32_t first_ = kNoSlot;
};

}  // namespace core::wg
#endif  // CORE_WG_POOL_H_
