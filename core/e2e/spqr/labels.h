// Labels of the post-quantum ratchet's key derivations, with their numbers.
// Spec: docs/spec/end-to-end.md SPQR keys.
#ifndef CORE_E2E_SPQR_LABELS_H_
#define CORE_E2E_SPQR_LABELS_H_

#include "core/base/writer.h"

namespace core::e2e::spqr {

// The protocol's name, what it is for, and the epoch, 8 bytes big-endian.
class EpochLabel {
 public:
  // `purpose` has at most 31 bytes.
  EpochLabel(Bytes purpose, std::uint32_t epoch);
  operator Bytes() const { return Bytes(bytes_).first(size_); }

 private:
  ByteArray<64> bytes_;
  std::size_t size_;
};

}  // namespace core::e2e::spqr
#endif  // CORE_E2E_SPQR_LABELS_H_
