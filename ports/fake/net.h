// A network inside a test: packets that are late, lost, doubled or overtaken.
#ifndef PORTS_FAKE_NET_H_
#define PORTS_FAKE_NET_H_

#include <map>
#include <optional>
#include <utility>

#include "core/base/time.h"
#include "ports/fake/rng.h"

namespace ports::fake {

// Carries values of type Packet. Deterministic: the same seed and the same
// calls give the same losses.
template <class Packet>
class Net {
 public:
  struct Weather {
    unsigned loss_percent = 0;
    unsigned duplicate_percent = 0;
    std::int64_t delay_ms = 5;
    std::int64_t jitter_ms = 0;  // up to so much more; above 0 packets overtake each other
  };

  explicit Net(std::uint64_t seed) : rng_(seed) {}
  void set_weather(const Weather& weather) { weather_ = weather; }

  void send(const Packet& packet, core::Instant now) {
    ++sent_;
    const int copies = rng_.chance(weather_.duplicate_percent) ? 2 : 1;
    for (int i = 0; i < copies; ++i) {
      if (rng_.chance(weather_.loss_percent)) {
        ++lost_;
        continue;
      }
      const auto late = static_cast<std::int64_t>(
          rng_.next() % (static_cast<std::uint64_t>(weather_.jitter_ms) + 1));
      on_the_way_.emplace(std::pair{now + (weather_.delay_ms + late), order_++}, packet);
    }
  }

  // The next packet that has arrived by `now`.
  std::optional<Packet> receive(core::Instant now) {
    if (on_the_way_.empty() || on_the_way_.begin()->first.first > now) return std::nullopt;
    auto packet = std::move(on_the_way_.begin()->second);
    on_the_way_.erase(on_the_way_.begin());
    return packet;
  }
  core::Instant next_arrival() const {
    return on_the_way_.empty() ? core::kNever : on_the_way_.begin()->first.first;
  }
  // Everything on the way is lost.
  void drop_all() { on_the_way_.clear(); }

  std::uint64_t sent() const { return sent_; }
  std::uint64_t lost() const { return lost_; }

 private:
  FakeRng rng_;
  Weather weather_;
  std::map<std::pair<core::Instant, std::uint64_t>, Packet> on_the_way_;
  std::uint64_t order_ = 0, sent_ = 0, lost_ = 0;
};

}  // namespace ports::fake
#endif  // PORTS_FAKE_NET_H_
