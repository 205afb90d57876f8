#include "ports/qemu_virt/clock.h"

#include "ports/qemu_virt/registers.h"

namespace ports::qemu_virt {
namespace {

constexpr std::uint64_t kTicksPerMs = 10'000, kTicksPerUs = 10;
constexpr std::uintptr_t kDeadline = kClint + 0x4000, kTicks = kClint + 0xbff8;
constexpr std::uintptr_t kEnabled = kPlic + 0x2000, kThreshold = kPlic + 0x200000,
                         kClaim = kPlic + 0x200004;
constexpr int kMostInterrupts = 16;  // that are taken back at once
constexpr std::uint32_t kTimerBit = 1u << 7, kDevicesBit = 1u << 11;

std::uint64_t ticks() {
  std::uint32_t high, low;
  do {
    high = word_at(kTicks + 4);
    low = word_at(kTicks);
  } while (high != word_at(kTicks + 4));
  return std::uint64_t{high} << 32 | low;
}

constexpr std::uint32_t kInterruptsOn = 1u << 3;  // in mstatus

std::uint64_t g_watch_ticks = 0;  // 0: there is no watchdog
std::uint64_t g_ticks_asleep = 0;

void set_deadline(std::uint64_t deadline) {
  word_at(kDeadline + 4) = UINT32_MAX;  // no half-written deadline is ever in the past
  word_at(kDeadline) = static_cast<std::uint32_t>(deadline);
  word_at(kDeadline + 4) = static_cast<std::uint32_t>(deadline >> 32);
}

// The timer's interrupt becomes a trap.
void start_watching() {
  if (g_watch_ticks == 0) return;
  set_deadline(ticks() + g_watch_ticks);
  __asm__ volatile("csrw mie, %0\n\tcsrs mstatus, %1"
                   :
                   : "r"(kTimerBit), "r"(kInterruptsOn)
                   : "memory");
}

}  // namespace

core::Instant now() { return {static_cast<std::int64_t>(ticks() / kTicksPerMs)}; }

core::WallTime wall_time() {
  const std::uint32_t low = word_at(kRtc);  // reading it holds the upper half
  const std::uint32_t high = word_at(kRtc + 4);
  return {static_cast<std::int64_t>((std::uint64_t{high} << 32 | low) / 1'000'000)};
}

void wake_on(std::uint32_t interrupt) {
  word_at(kPlic + 4 * interrupt) = 1;  // its priority, above the threshold
  word_at(kThreshold) = 0;
  word_at(kEnabled + 4 * (interrupt / 32)) =
      word_at(kEnabled + 4 * (interrupt / 32)) | 1u << interrupt % 32;
}

void watch(std::int64_t ms) {
  g_watch_ticks = static_cast<std::uint64_t>(ms) * kTicksPerMs;
  start_watching();
}

// Interrupts are off in mstatus meanwhile, so that what wakes the processor is no
// trap: the program goes on and looks at its devices.
void sleep_until(core::Instant at) {
  const std::uint64_t deadline =
      at == core::kNever ? UINT64_MAX : static_cast<std::uint64_t>(at.ms) * kTicksPerMs;
  __asm__ volatile("csrc mstatus, %0" : : "r"(kInterruptsOn) : "memory");
  set_deadline(deadline);
  const std::uint64_t before = ticks();
  __asm__ volatile("csrw mie, %0\n\twfi\n\tcsrw mie, zero"
                   :
                   : "r"(kTimerBit | kDevicesBit)
                   : "memory");
  g_ticks_asleep += ticks() - before;
  for (int i = 0; i < kMostInterrupts; ++i) {
    const std::uint32_t interrupt = word_at(kClaim);
    if (interrupt == 0) break;
    word_at(kClaim) = interrupt;
  }
  start_watching();
}

std::uint64_t awake_us() { return (ticks() - g_ticks_asleep) / kTicksPerUs; }

}  // namespace ports::qemu_virt
