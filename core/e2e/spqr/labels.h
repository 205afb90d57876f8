// Labels of the post-quantum ratchet's key derivations, with their numbers.
// Spec: docs/spec/end-to-end.md SPQR keys.
#ifndef CORE_E2E_SPQR_LABELS_H_
#define CORE_E2E_SPQR_LABELS_H_

#include "core/base/bytes.h"

namespace core::e2e::spqr {

// The label and the epoch, 8 bytes big-endian.
template <std::size_t N>
constexpr ByteArray<N + 8> with_epoch(const ByteArray<N>& text, std::uint64_t epoch) {
  ByteArray<N + 8> out{};
  for (std::size_t i = 0; i < N; ++i) out[i] = text[i];
  for (std::size_t i = 0; i < 8; ++i) {
    out[N + i] = static_cast<std::uint8_t>(epoch >> (56 - 8 * i));
  }
  return out;
}

}  // namespace core::e2e::spqr
#endif  // CORE_E2E_SPQR_LABELS_H_
