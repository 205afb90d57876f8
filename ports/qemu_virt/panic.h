// Traps that a program does not end by: each is a record in flash, and the
// machine starts anew. The watchdog's bite is one of them.
#ifndef PORTS_QEMU_VIRT_PANIC_H_
#define PORTS_QEMU_VIRT_PANIC_H_

#include <optional>

#include "ports/flash/nor.h"

namespace ports::qemu_virt {

struct Panic {
  std::uint32_t cause = 0, pc = 0, value = 0;            // mcause, mepc, mtval
  bool watchdog() const { return cause == 0x80000007; }  // the timer's interrupt
};

// The first block of a chip, append-only: one record a panic.
class PanicLog {
 public:
  // One for the program, which never ends before it; the chip outlives it.
  explicit PanicLog(flash::Nor& nor) : nor_(nor) {}
  PanicLog(const PanicLog&) = delete;
  PanicLog& operator=(const PanicLog&) = delete;

  // What ended the program the last time, if a panic did: given once. From here
  // on traps are written down. Errors: kStore: the chip cannot be read or erased.
  core::Result<std::optional<Panic>> open();

 private:
  static void on_trap(std::uint32_t cause, std::uint32_t pc, std::uint32_t value);
  core::Status find_end();
  core::Status write(const Panic& panic);

  flash::Nor& nor_;
  std::uint32_t next_ = 0;  // where the next record goes, in bytes
};

}  // namespace ports::qemu_virt
#endif  // PORTS_QEMU_VIRT_PANIC_H_
