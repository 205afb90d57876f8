#include "ports/qemu_virt/board.h"

#include "ports/qemu_virt/clock.h"
#include "ports/qemu_virt/registers.h"

extern "C" {
extern std::uint32_t __stack_bottom[], __stack_top[], __ram_end[];  // of virt.ld
void board_protect();
[[noreturn]] void board_exit(int status);
[[noreturn]] void board_trap(std::uint32_t cause, std::uint32_t pc, std::uint32_t value);
[[noreturn]] void abort();
[[noreturn, gnu::weak]] void __cxa_pure_virtual();
}

namespace ports::qemu_virt {
namespace {

constexpr std::uintptr_t kUartInterrupts = kUart + 1, kUartLineStatus = kUart + 5;
constexpr std::uint8_t kUartReceived = 0x01;  // of kUartInterrupts
constexpr std::uint8_t kUartHasByte = 0x01, kUartCanSend = 0x20;

void write_text(const char* text) {
  write({reinterpret_cast<const std::uint8_t*>(text), std::strlen(text)});
}

void write_hex(std::uint32_t number) {
  core::ByteArray<9> text{};
  text[0] = ' ';
  for (std::size_t i = 0; i < 8; ++i) {
    const std::uint32_t digit = number >> (28 - 4 * i) & 15;
    text[1 + i] = static_cast<std::uint8_t>(digit < 10 ? '0' + digit : 'a' + digit - 10);
  }
  write(text);
}

constexpr std::uint32_t kStackPaint = 0xa5a5a5a5;

constexpr int kTrapped = 99;  // a status of an end that is not the program's own

TrapCall g_trap_call = nullptr;

}  // namespace

void write(core::Bytes text) {
  for (const std::uint8_t byte : text) {
    while ((byte_at(kUartLineStatus) & kUartCanSend) == 0) {
    }
    byte_at(kUart) = byte;
  }
}

std::optional<std::uint8_t> read_byte() {
  if ((byte_at(kUartLineStatus) & kUartHasByte) == 0) return std::nullopt;
  return byte_at(kUart);
}

void on_trap_call(TrapCall call) { g_trap_call = call; }

void wake_on_input() {
  byte_at(kUartInterrupts) = kUartReceived;
  wake_on(kUartInterrupt);
}

void restart() {
  word_at(kPowerOff) = 0x7777;
  for (;;) __asm__ volatile("wfi");
}

void power_off(int status) {
  word_at(kPowerOff) = status == 0 ? 0x5555 : 0x3333 | static_cast<std::uint32_t>(status) << 16;
  for (;;) __asm__ volatile("wfi");
}

std::uint64_t instructions() {
  std::uint32_t high, low, high_again;
  do {
    __asm__ volatile("csrr %0, minstreth" : "=r"(high));
    __asm__ volatile("csrr %0, minstret" : "=r"(low));
    __asm__ volatile("csrr %0, minstreth" : "=r"(high_again));
  } while (high != high_again);
  return std::uint64_t{high} << 32 | low;
}

std::span<std::uint32_t> stack() { return {__stack_bottom, __stack_top}; }

[[gnu::noinline]] void paint_stack() {
  std::uint32_t* here;
  __asm__ volatile("mv %0, sp" : "=r"(here));
  for (std::uint32_t* word = stack().data(); word < here; ++word) *word = kStackPaint;
}

std::size_t stack_used() {
  const auto all = stack();
  const auto first = std::find_if(all.begin(), all.end(), [](auto w) { return w != kStackPaint; });
  return static_cast<std::size_t>(all.end() - first) * sizeof(*all.data());
}

}  // namespace ports::qemu_virt

using namespace ports::qemu_virt;

// Closes, for machine mode too, what no pointer of ours may lead to: the page of
// null pointers, what lies under the stack, and what is above the RAM budget.
void board_protect() {
  constexpr std::uint32_t kLocked = 0x80, kRange = 0x08, kPowerOfTwo = 0x18;
  const auto power_of_two = [](std::uint32_t base, std::uint32_t size) {
    return base >> 2 | ((size >> 3) - 1);
  };
  const std::uint32_t null_page = power_of_two(0, 4096);
  const std::uint32_t below_ram = power_of_two(0x40000000, 0x40000000);
  const auto ram_end = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(__ram_end)) >> 2;
  const std::uint32_t above_ram_end = 0xc0000000u >> 2;
  __asm__ volatile("csrw pmpaddr0, %0" : : "r"(null_page));
  __asm__ volatile("csrw pmpaddr1, %0" : : "r"(below_ram));
  __asm__ volatile("csrw pmpaddr2, %0" : : "r"(ram_end));
  __asm__ volatile("csrw pmpaddr3, %0" : : "r"(above_ram_end));
  const std::uint32_t rules =
      (kLocked | kPowerOfTwo) | (kLocked | kPowerOfTwo) << 8 | (kLocked | kRange) << 24;
  __asm__ volatile("csrw pmpcfg0, %0" : : "r"(rules));
}

void board_exit(int status) { power_off(status); }

void board_trap(std::uint32_t cause, std::uint32_t pc, std::uint32_t value) {
  write_text("\ntrap: cause, pc, value");
  write_hex(cause);
  write_hex(pc);
  write_hex(value);
  write_text("\n");
  if (g_trap_call != nullptr) g_trap_call(cause, pc, value);
  power_off(kTrapped);
}

// What libraries want of a system.
void abort() {
  write_text("\nabort\n");
  __builtin_trap();
}
void __cxa_pure_virtual() { abort(); }
