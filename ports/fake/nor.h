// A NOR flash chip in memory, whose power fails where a test says so.
#ifndef PORTS_FAKE_NOR_H_
#define PORTS_FAKE_NOR_H_

#include <vector>

#include "ports/fake/rng.h"
#include "ports/flash/nor.h"

namespace ports::fake {

// Traps on what a chip cannot do: a program outside one block, of parts of units,
// or of a unit twice between two erasures.
class FakeNor final : public flash::Nor {
 public:
  using Image = std::vector<std::uint8_t>;

  explicit FakeNor(const Geometry& geometry);

  Geometry geometry() const override { return geometry_; }
  core::Status read(std::uint32_t address, core::MutBytes out) override;
  core::Status program(std::uint32_t address, core::Bytes bytes) override;
  core::Status erase(std::uint32_t block) override;

  // How much of an operation is done when power fails in it.
  enum class Tear {
    kNothing,  // no bit
    kBytes,    // some bytes, in order, and some bits of the next
    kBits,     // any of its bits
    kAll,      // all of it, but nobody was told
  };
  // Power fails in the n-th program or erasure from here. That and all later
  // calls fail until power_on().
  void cut_power_at(std::uint64_t n, Tear tear);
  bool power_is_off() const { return off_; }
  void power_on();
  // The n-th program or erasure from here fails so, and power stays on.
  void fail_at(std::uint64_t n, Tear tear);

  std::uint64_t operations() const { return operations_; }
  std::uint64_t programs() const { return programs_; }
  std::uint64_t programmed() const { return programmed_; }  // bytes
  const std::vector<std::uint64_t>& erasures() const { return erasures_; }
  // What is on the chip; a test may change it.
  Image& image() { return image_; }
  // Another image: every unit that is not blank counts as programmed.
  void load(Image image);

 private:
  // True if the operation that starts now fails.
  bool fails();
  void mark_used();
  void tear(core::MutBytes cells, core::Bytes wanted);

  Geometry geometry_;
  Image image_;
  std::vector<bool> used_;  // units programmed since their erasure
  std::vector<std::uint64_t> erasures_;
  FakeRng rng_{1};
  Tear tear_ = Tear::kNothing;
  bool off_ = false;
  bool stays_on_ = false;
  std::uint64_t fail_in_ = 0;
  std::uint64_t operations_ = 0, programs_ = 0, programmed_ = 0;
};

}  // namespace ports::fake
#endif  // PORTS_FAKE_NOR_H_
