#include "core/e2e/spqr/labels.h"

namespace core::e2e::spqr {
namespace {

constexpr auto kProtocol = label("Signal_PQCKA_V1_MLKEM768:");

}  // namespace

EpochLabel::EpochLabel(Bytes purpose, std::uint32_t epoch) {
  Writer out(bytes_);
  out.bytes(kProtocol);
  out.bytes(purpose);
  out.u64_be(epoch);
  CHECK(out.ok());
  size_ = out.size();
}

}  // namespace core::e2e::spqr
