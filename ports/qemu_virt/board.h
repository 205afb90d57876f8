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

// From here on a byte that was typed ends a sleep.
void wake_on_input();

// Starts the machine anew, as if power had come back.
[[noreturn]] void restart();
// Ends QEMU with a status from 0 to 127.
[[noreturn]] void power_off(int status);

// From here on a trap calls this, on a stack of 1 KiB, in place of ending QEMU
// with status 99. It does not return. The registers are mcause, mepc and mtval.
using TrapCall = void (*)(std::uint32_t cause, std::uint32_t pc, std::uint32_t value);
void on_trap_call(TrapCall call);

// Instructions executed since the start. Exact with `-icount shift=0`.
std::uint64_t instructions();

// All memory that the stack may use; it grows down from the end.
std::span<std::uint32_t> stack();
// Marks the stack below the caller, so that stack_used() sees how deep it went.
void paint_stack();
// The most bytes of it that were in use since.
std::size_t stack_used();

}  // namespace ports::qemu_virt
#endif  // PORTS_QEMU_VIRT_BOARD_H_
