// QEMU's mps2-an386, a board with a Cortex-M4: its vectors, and the probe. Its
// console and its end are QEMU's semihosting.
#include "bench/board/probe.h"

extern "C" {
extern std::uint32_t __stack_bottom[], __stack_top[];  // of mps2.ld
[[noreturn]] void board_reset();
[[noreturn]] void board_fault();
[[noreturn]] void abort();
}

namespace bench::board {
namespace {

constexpr std::uint32_t kPaint = 0xa5a5a5a5;

// Operations of semihosting.
constexpr std::uint32_t kWriteCharacter = 0x03, kExit = 0x20;

void ask_host(std::uint32_t operation, const void* argument) {
  register std::uint32_t r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

// SysTick, 24 bits that count down at 25 MHz. With `-icount shift=0` an
// instruction takes a nanosecond: a tick is 40 of them.
constexpr std::uint32_t kTick = 40, kTickMask = 0xffffff;

volatile std::uint32_t& tick_register(std::uint32_t offset) {
  return *reinterpret_cast<volatile std::uint32_t*>(0xe000e010 + offset);
}
void start_ticks() {
  tick_register(4) = kTickMask;  // from where it counts again
  tick_register(8) = 0;          // now
  tick_register(0) = 5;          // on, the processor's clock, no interrupt
}
std::uint32_t ticks() { return tick_register(8); }

[[gnu::noinline]] void nothing(void*) {}

// Up to 671 million instructions.
[[gnu::noinline]] std::uint32_t count(void (*function)(void*), void* argument) {
  const std::uint32_t before = ticks();
  function(argument);
  return ((before - ticks()) & kTickMask) * kTick;
}

}  // namespace

Cost measure_call(void (*function)(void*), void* argument) {
  std::uint32_t* here;
  __asm__ volatile("mov %0, sp" : "=r"(here));
  for (std::uint32_t* word = __stack_bottom; word < here; ++word) *word = kPaint;
  Cost cost;
  cost.instructions = count(function, argument) - count(nothing, nullptr);
  const std::uint32_t* word = __stack_bottom;
  while (word < here && *word == kPaint) ++word;
  cost.stack_bytes = static_cast<std::size_t>(here - word) * sizeof(*word);
  return cost;
}

void write(core::Bytes text) {
  for (const std::uint8_t& byte : text) ask_host(kWriteCharacter, &byte);
}

void stop(int status) {
  const std::uint32_t end[2] = {0x20026, static_cast<std::uint32_t>(status)};  // "application exit"
  ask_host(kExit, end);
  for (;;) {
  }
}

}  // namespace bench::board

void board_reset() {
  bench::board::start_ticks();
  bench::board::stop(board_main());
}
void board_fault() { bench::board::stop(99); }
void abort() { board_fault(); }

// The stack pointer at the start, then what runs: at the start, at an NMI, at faults.
using Vector = void (*)();
[[gnu::used, gnu::section(".vectors")]] static constexpr struct {
  std::uint32_t* stack = __stack_top;
  Vector reset = board_reset, nmi = board_fault,
         faults[4] = {board_fault, board_fault, board_fault, board_fault};
} kVectors;
