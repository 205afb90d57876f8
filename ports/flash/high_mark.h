// A number that only grows, in two blocks of NOR flash.
// Spec: docs/spec/flash-mark.md.
#ifndef PORTS_FLASH_HIGH_MARK_H_
#define PORTS_FLASH_HIGH_MARK_H_

#include "ports/flash/nor.h"

namespace ports::flash {

class HighMark {
 public:
  static constexpr std::uint32_t kRecordSize = 16;

  // The whole of `nor` is the mark's; it outlives this. REQUIRES: two blocks or
  // more, a program unit of at most kRecordSize.
  explicit HighMark(Nor& nor) : nor_(nor) {}

  // Finds the number. Errors: kStore: the chip cannot be read.
  core::Status open();
  // 0: none was ever written. REQUIRES: open()
  std::uint64_t value() const { return value_; }
  // When it returns, `value` is kept for good. Errors: kStore, and the number is
  // as it was; kOutOfOrder: not above it. REQUIRES: open()
  core::Status raise(std::uint64_t value);

 private:
  core::Status scan(std::uint32_t block);
  core::Status turn_to(std::uint32_t block);

  Nor& nor_;
  std::uint64_t value_ = 0;
  std::uint32_t block_ = 0;  // to which the next record goes
  std::uint32_t next_ = 0;   // its place there, in bytes
};

}  // namespace ports::flash
#endif  // PORTS_FLASH_HIGH_MARK_H_
