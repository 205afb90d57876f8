// The last field of what is stored. It finds damage, not malice: who can write
// the store can do worse.
#ifndef CORE_E2E_CHECKSUM_H_
#define CORE_E2E_CHECKSUM_H_

#include "core/base/writer.h"

namespace core::e2e {

inline constexpr std::size_t kChecksumSize = 8;

// Appends the front of the SHA-256 of what `out` has written into `memory`, and
// returns the size. Errors: kFull, and then `memory` is all zeros.
Result<std::size_t> finish_with_checksum(Writer& out, MutBytes memory);

// What stands before the checksum. Errors: kMalformed if it is another's.
Result<Bytes> before_checksum(Bytes in);

}  // namespace core::e2e
#endif  // CORE_E2E_CHECKSUM_H_
