#include "ports/fake/nor.h"

namespace ports::fake {

using core::Error;

FakeNor::FakeNor(const Geometry& geometry)
    : geometry_(geometry),
      image_(std::size_t{geometry.block_size} * geometry.block_count, 0xff),
      used_(image_.size() / geometry.program_unit),
      erasures_(geometry.block_count) {}

void FakeNor::load(Image image) {
  CHECK(image.size() == image_.size());
  image_ = std::move(image);
  mark_used();
}

void FakeNor::mark_used() {
  for (std::size_t i = 0; i < used_.size(); ++i) {
    const auto unit =
        core::Bytes(image_).subspan(i * geometry_.program_unit, geometry_.program_unit);
    used_[i] = std::any_of(unit.begin(), unit.end(), [](auto byte) { return byte != 0xff; });
  }
}

void FakeNor::cut_power_at(std::uint64_t n, Tear tear) {
  fail_in_ = n;
  tear_ = tear;
  stays_on_ = false;
}

void FakeNor::fail_at(std::uint64_t n, Tear tear) {
  fail_in_ = n;
  tear_ = tear;
  stays_on_ = true;
}

void FakeNor::power_on() {
  off_ = false;
  fail_in_ = 0;
}

bool FakeNor::fails() {
  ++operations_;
  if (fail_in_ == 0 || --fail_in_ != 0) return false;
  off_ = !stays_on_;
  return true;
}

// Moves cells part of the way to what was wanted.
void FakeNor::tear(core::MutBytes cells, core::Bytes wanted) {
  const std::size_t whole = tear_ == Tear::kAll     ? cells.size()
                            : tear_ == Tear::kBytes ? rng_.next() % cells.size()
                                                    : 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    std::uint8_t mask = 0;
    if (i < whole) {
      mask = 0xff;
    } else if (tear_ == Tear::kBits || (tear_ == Tear::kBytes && i == whole)) {
      mask = static_cast<std::uint8_t>(rng_.next());
    }
    cells[i] = static_cast<std::uint8_t>((cells[i] & ~mask) | (wanted[i] & mask));
  }
}

core::Status FakeNor::read(std::uint32_t address, core::MutBytes out) {
  if (off_) return Error::kStore;
  core::copy(core::Bytes(image_).subspan(address, out.size()), out);
  return {};
}

core::Status FakeNor::program(std::uint32_t address, core::Bytes bytes) {
  if (off_) return Error::kStore;
  const auto unit = geometry_.program_unit;
  CHECK(!bytes.empty() && address % unit == 0 && bytes.size() % unit == 0);
  CHECK(address % geometry_.block_size + bytes.size() <= geometry_.block_size);
  CHECK(address + bytes.size() <= image_.size());
  const auto cells = core::MutBytes(image_).subspan(address, bytes.size());
  const bool failed = fails();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    CHECK((bytes[i] & ~cells[i]) == 0);  // would set a bit
  }
  for (auto at = address / unit; at < (address + bytes.size()) / unit; ++at) CHECK(!used_[at]);
  if (failed) {
    tear(cells, bytes);
    mark_used();
    return Error::kStore;
  }
  core::copy(bytes, cells);
  for (auto at = address / unit; at < (address + bytes.size()) / unit; ++at) used_[at] = true;
  ++programs_;
  programmed_ += bytes.size();
  return {};
}

core::Status FakeNor::erase(std::uint32_t block) {
  if (off_) return Error::kStore;
  CHECK(block < geometry_.block_count);
  const auto cells = core::MutBytes(image_).subspan(std::size_t{block} * geometry_.block_size,
                                                    geometry_.block_size);
  ++erasures_[block];
  if (fails()) {
    tear(cells, std::vector<std::uint8_t>(cells.size(), 0xff));
    mark_used();
    return Error::kStore;
  }
  std::fill(cells.begin(), cells.end(), std::uint8_t{0xff});
  const auto first = std::size_t{block} * geometry_.block_size / geometry_.program_unit;
  for (std::size_t i = 0; i < geometry_.block_size / geometry_.program_unit; ++i) {
    used_[first + i] = false;
  }
  return {};
}

}  // namespace ports::fake
