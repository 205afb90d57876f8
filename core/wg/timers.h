// The rules of time of one peer, as deadlines. Spec: [WG] 6.
#ifndef CORE_WG_TIMERS_H_
#define CORE_WG_TIMERS_H_

#include <optional>

#include "core/base/bytes.h"
#include "core/base/time.h"

namespace core::wg {

// [WG] 6.1, in milliseconds and messages.
inline constexpr std::uint64_t kRekeyAfterMessages = std::uint64_t{1} << 60;
inline constexpr std::uint64_t kRejectAfterMessages = UINT64_MAX - (std::uint64_t{1} << 13);
inline constexpr std::int64_t kRekeyAfterMs = 120'000;
inline constexpr std::int64_t kRejectAfterMs = 180'000;
inline constexpr std::int64_t kRekeyAttemptMs = 90'000;
inline constexpr std::int64_t kRekeyTimeoutMs = 5'000;
inline constexpr std::int64_t kKeepaliveTimeoutMs = 10'000;
// What follows from them, and what practice adds.
inline constexpr std::int64_t kRekeyOnReceiveMs =
    kRejectAfterMs - kKeepaliveTimeoutMs - kRekeyTimeoutMs;
inline constexpr std::int64_t kNewHandshakeMs = kKeepaliveTimeoutMs + kRekeyTimeoutMs;
inline constexpr std::int64_t kZeroKeysMs = 3 * kRejectAfterMs;
inline constexpr std::int64_t kLoadMs = 1'000;  // how long a device remembers load
inline constexpr std::uint16_t kMaxJitterMs = 333;
inline constexpr std::int64_t kMinInitiationIntervalMs = 20;  // between accepted ones of a peer

// Before any instant of a caller, and far enough from the end for a difference.
inline constexpr Instant kLongAgo{INT64_MIN / 2};

// Milliseconds from `since` to `now`; less than 0 if `since` is yet to come.
constexpr std::int64_t elapsed_ms(Instant since, Instant now) { return now.ms - since.ms; }

// Most urgent first.
enum class Timer : std::uint8_t {
  kZeroKeys,             // no new session for 3 * Reject-After-Time
  kGiveUpHandshake,      // Rekey-Attempt-Time after the last wish for one
  kSendStaged,           // a session is there: what waited for it, or its first keepalive
  kKeepalive,            // Keepalive-Timeout after data was received, and nothing sent
  kPersistentKeepalive,  // nothing sent or received for the configured interval
  kNewHandshake,         // data was sent, and nothing received since
  kInitiate,             // an initiation, the first or again after Rekey-Timeout and jitter
};
inline constexpr std::size_t kTimerCount = 7;

// Deadlines as data: an event arms or disarms a rule, and only this class
// compares deadlines. A disarmed rule is at kNever, which sorts last.
class Timers {
 public:
  Timers() { at_.fill(kNever); }

  void arm(Timer t, Instant at) { at_[index(t)] = at; }
  void disarm(Timer t) { at_[index(t)] = kNever; }
  void disarm_all_but(Timer t) {
    const Instant at = at_[index(t)];
    at_.fill(kNever);
    at_[index(t)] = at;
  }
  bool armed(Timer t) const { return at_[index(t)] < kNever; }
  // For a rule that counts from the first event of many.
  void arm_if_not(Timer t, Instant at) {
    if (!armed(t)) arm(t, at);
  }

  // The instant at which to call pop_due() next; kNever to sleep.
  Instant next() const { return at_[index(next_timer())]; }
  // The rule that is due then, if any is armed.
  Timer next_timer() const {
    std::size_t first = 0;
    for (std::size_t i = 1; i < at_.size(); ++i) {
      if (at_[i] < at_[first]) first = i;
    }
    return static_cast<Timer>(first);
  }
  // Disarms and returns the most urgent rule due at `now`, if any.
  std::optional<Timer> pop_due(Instant now) {
    for (std::size_t i = 0; i < at_.size(); ++i) {
      if (at_[i] > now) continue;
      at_[i] = kNever;
      return static_cast<Timer>(i);
    }
    return std::nullopt;
  }

 private:
  static constexpr std::size_t index(Timer t) { return static_cast<std::size_t>(t); }
  std::array<Instant, kTimerCount> at_;
};

}  // namespace core::wg
#endif  // CORE_WG_TIMERS_H_
