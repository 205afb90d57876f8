// What mbedTLS has of the board: memory, randomness, time. One of each.
#ifndef PORTS_MBEDTLS_PLATFORM_H_
#define PORTS_MBEDTLS_PLATFORM_H_

#include "core/base/rng.h"
#include "core/base/time.h"

namespace ports::mbedtls {

struct Clock {
  core::Instant (*now)() = nullptr;
  core::WallTime (*wall_time)() = nullptr;  // certificates are checked against it
};

// To be called once, before anything else of mbedTLS. All mbedTLS ever allocates
// lies in `arena`; both outlive the program's use of it. Errors: kFull, kRng.
core::Status start(core::MutBytes arena, core::Rng& rng, const Clock& clock);

// The most bytes of the arena that were in use at once.
std::size_t arena_peak();

}  // namespace ports::mbedtls
#endif  // PORTS_MBEDTLS_PLATFORM_H_
