// What changed between two versions of a piece. Spec: docs/spec/flash-store.md, items.
#ifndef PORTS_FLASH_PATCH_H_
#define PORTS_FLASH_PATCH_H_

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace ports::flash {

// Writes to the front of `out` how `now` differs from `base` and returns the
// size. Errors: kFull if `out` is too small.
core::Result<std::size_t> make_patch(core::Bytes base, core::Bytes now, core::MutBytes out);

// Turns `piece`, the base cut or filled with zeros to the new size, into the
// new version. Errors: kMalformed if the patch is none of such a piece.
core::Status apply_patch(core::Bytes patch, core::MutBytes piece);

}  // namespace ports::flash
#endif  // PORTS_FLASH_PATCH_H_
