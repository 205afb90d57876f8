// What has happened, until the application asks.
#ifndef CORE_MESSENGER_EVENTS_H_
#define CORE_MESSENGER_EVENTS_H_

#include <optional>

#include "core/messenger/limits.h"
#include "core/messenger/types.h"

namespace core::messenger {

// A ring: if the application does not ask, the oldest events are lost.
class Events {
 public:
  void push(const Event& event) {
    if (count_ == kMaxEvents) {
      ++lost_;
      static_cast<void>(next());
    }
    ring_[(first_ + count_++) % kMaxEvents] = event;
  }
  std::optional<Event> next() {
    if (count_ == 0) return std::nullopt;
    const Event event = ring_[first_];
    first_ = (first_ + 1) % kMaxEvents;
    --count_;
    return event;
  }
  // REQUIRES: the last call was push().
  Event& last() { return ring_[(first_ + count_ - 1) % kMaxEvents]; }
  std::uint64_t lost() const { return lost_; }

  // Takes back what was pushed since size() was `count`.
  std::size_t size() const { return count_; }
  void shrink(std::size_t count) { count_ = std::min(count_, count); }

 private:
  std::array<Event, kMaxEvents> ring_{};
  std::size_t first_ = 0, count_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace core::messenger
#endif  // CORE_MESSENGER_EVENTS_H_
