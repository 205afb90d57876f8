#include "ports/fake/rng.h"

namespace ports::fake {

std::uint64_t FakeRng::next() {
  state_ += 0x9e3779b97f4a7c15;
  std::uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

core::Status FakeRng::fill(core::MutBytes out) {
  ++draws_;
  if (fail_in_ != 0 && --fail_in_ == 0) {
    core::wipe(out);
    return core::Error::kRng;
  }
  for (auto& byte : out) byte = static_cast<std::uint8_t>(next());
  return {};
}

}  // namespace ports::fake
