// A program that traps in one way after the other, each time it starts: what
// the record of panics says of the last start decides.
#include "ports/qemu_virt/clock.h"
#include "ports/qemu_virt/panic.h"
#include "ports/qemu_virt/pflash.h"
#include "test/firmware/console.h"

namespace {

using namespace ports::qemu_virt;
using namespace test::firmware;

constexpr std::uint32_t kBreakpoint = 3, kStoreFault = 7;  // mcause

[[gnu::noinline]] std::uint32_t use_stack(std::uint32_t depth) {
  volatile std::uint8_t bytes[256];
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(depth);
  return depth == 0 ? bytes[0] : use_stack(depth - 1) + bytes[1];
}

}  // namespace

int board_main() {
  static Pflash block(4, 1);
  static PanicLog log(block);
  const auto panic = log.open();
  must(panic.ok(), "the record is read");
  const auto again = log.open();
  must(again.ok() && !*again, "a panic is told once");
  if (!*panic) {
    say("no panic\n");
    return static_cast<int>(use_stack(1000));
  }
  say_number("cause", (*panic)->cause);
  say("\n");
  if ((*panic)->cause == kStoreFault) CHECK(false);
  must((*panic)->watchdog() || (*panic)->cause == kBreakpoint, "one of ours");
  if ((*panic)->watchdog()) return 0;
  watch(100);
  sleep_until(now() + 300);  // longer than that, which is no fault
  for (;;) __asm__ volatile("");
}
