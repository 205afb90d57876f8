// When to try again what was refused for now.
#ifndef CORE_MESSENGER_RETRY_H_
#define CORE_MESSENGER_RETRY_H_

#include "core/base/time.h"
#include "core/messenger/limits.h"

namespace core::messenger {

// The n-th pause of a series that doubles from `first_ms` up to `max_ms`.
constexpr std::int64_t pause_ms(std::uint32_t n, std::int64_t first_ms, std::int64_t max_ms) {
  return n >= 16 || (first_ms << n) > max_ms ? max_ms : first_ms << n;
}

class Retry {
 public:
  bool due(Instant now) const { return now >= at_; }
  Instant at() const { return at_; }
  // It was refused again: waits twice as long.
  void later(Instant now) {
    at_ = now + pause_ms(tries_, kRetryFirstMs, kRetryMaxMs);
    if (tries_ < 16) ++tries_;
  }
  void reset() { *this = Retry(); }

 private:
  Instant at_{INT64_MIN};
  std::uint32_t tries_ = 0;
};

}  // namespace core::messenger
#endif  // CORE_MESSENGER_RETRY_H_
