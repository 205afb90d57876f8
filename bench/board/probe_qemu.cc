#include "bench/board/probe.h"
#include "ports/qemu_virt/board.h"

namespace bench::board {
namespace {

constexpr std::uint32_t kPaint = 0xa5a5a5a5;

[[gnu::noinline]] void nothing(void*) {}

[[gnu::noinline]] std::uint64_t count(void (*function)(void*), void* argument) {
  const auto before = ports::qemu_virt::instructions();
  function(argument);
  return ports::qemu_virt::instructions() - before;
}

}  // namespace

Cost measure_call(void (*function)(void*), void* argument) {
  const auto stack = ports::qemu_virt::stack();
  std::uint32_t* here;
  __asm__ volatile("mv %0, sp" : "=r"(here));
  for (std::uint32_t* word = stack.data(); word < here; ++word) *word = kPaint;
  Cost cost;
  cost.instructions = count(function, argument) - count(nothing, nullptr);
  const std::uint32_t* word = stack.data();
  while (word < here && *word == kPaint) ++word;
  cost.stack_bytes = static_cast<std::size_t>(here - word) * sizeof(*word);
  return cost;
}

void write(core::Bytes text) { ports::qemu_virt::write(text); }
void stop(int status) { ports::qemu_virt::power_off(status); }

}  // namespace bench::board
