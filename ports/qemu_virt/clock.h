// The board's clocks, and sleep.
#ifndef PORTS_QEMU_VIRT_CLOCK_H_
#define PORTS_QEMU_VIRT_CLOCK_H_

#include "core/base/time.h"

namespace ports::qemu_virt {

// Since the machine was switched on.
core::Instant now();

// Of the goldfish RTC, which QEMU sets to the host's.
core::WallTime wall_time();

// From here on the device with this number ends a sleep.
void wake_on(std::uint32_t interrupt);

// From here on the program traps if it does not sleep for so long: the board has
// no watchdog, so that the timer's interrupt is one.
void watch(std::int64_t ms);

// Sleeps until `at`, or until a device wants something; may return early.
void sleep_until(core::Instant at);

// Microseconds since the machine was switched on, those asleep left out.
std::uint64_t awake_us();

}  // namespace ports::qemu_virt
#endif  // PORTS_QEMU_VIRT_CLOCK_H_
