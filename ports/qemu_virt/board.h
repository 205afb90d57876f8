// QEMU's riscv32 virt machine, as far as programs on it need: a console, an end,
// a count of instructions, and the limits of the stack.
#ifndef PORTS_QEMU_VIRT_BOARD_H_
#define PORTS_QEMU_VIRT_BOARD_H_

#include <optional>
#include <span>

#include "core/base/bytes.h"

// The program. What it returns becomes QEMU's exit status.
extern "C" int board_main();

namespace ports::qemu_virt {

// Writes to the serial console.
void write(core::Bytes text);
// The next byte that was typed there, if any.
std::optional<std::uint8_t> read_byte();

// Ends QEMU with a status from 0 to 127.
[[noreturn]] void power_off(int status);

// Instructions executed since the start. Exact with `-icount shift=0`.
std::uint64_t instructions();

// All memory that the stack may use; it grows down from the end.
std::span<std::uint32_t> stack();

}  // namespace ports::qemu_virt
#endif  // PORTS_QEMU_VIRT_BOARD_H_
