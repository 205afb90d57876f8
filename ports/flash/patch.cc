#include "ports/flash/patch.h"

namespace ports::flash {

using core::Bytes;
using core::Error;
using core::MutBytes;

core::Result<std::size_t> make_patch(Bytes base, Bytes now, MutBytes out) {
  const auto same = [&](std::size_t at) { return now[at] == (at < base.size() ? base[at] : 0); };
  std::size_t size = 0, at = 0;
  while (true) {
    std::size_t from = at;
    while (from < now.size() && same(from)) ++from;
    if (from == now.size()) return size;
    const std::size_t gap = std::min<std::size_t>(from - at, 255);
    std::size_t end = at + gap;
    if (end == from) {
      // One or two bytes that did not change cost no more than a new edit.
      for (std::size_t i = from; i < now.size() && i - from < 255 && i < end + 3; ++i) {
        if (!same(i)) end = i + 1;
      }
    }
    const Bytes changed = now.subspan(at + gap, end - at - gap);
    if (out.size() - size < 2 + changed.size()) return Error::kFull;
    out[size++] = static_cast<std::uint8_t>(gap);
    out[size++] = static_cast<std::uint8_t>(changed.size());
    core::copy(changed, out.subspan(size));
    size += changed.size();
    at = end;
  }
}

core::Status apply_patch(Bytes patch, MutBytes piece) {
  std::size_t at = 0;
  while (!patch.empty()) {
    if (patch.size() < 2) return Error::kMalformed;
    const std::size_t gap = patch[0], size = patch[1];
    patch = patch.subspan(2);
    if (size > patch.size() || gap + size > piece.size() - at) return Error::kMalformed;
    core::copy(patch.first(size), piece.subspan(at + gap));
    at += gap + size;
    patch = patch.subspan(size);
  }
  return {};
}

}  // namespace ports::flash
