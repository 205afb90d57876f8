// What measures a call. One implementation for each of QEMU's boards, one for Linux.
#ifndef BENCH_BOARD_PROBE_H_
#define BENCH_BOARD_PROBE_H_

#include "core/base/bytes.h"

// The program, on a board. What it returns becomes QEMU's exit status.
extern "C" int board_main();

namespace bench::board {

struct Cost {
  std::size_t stack_bytes = 0;     // the deepest that the call reached
  std::uint64_t instructions = 0;  // 0 where they are not counted
};

// Calls function(argument) on a painted stack.
Cost measure_call(void (*function)(void*), void* argument);

template <class Function>
Cost measure(Function&& function) {
  const auto call = [](void* argument) {
    (*static_cast<std::remove_reference_t<Function>*>(argument))();
  };
  return measure_call(call, &function);
}

// Writes to where the report goes.
void write(core::Bytes text);
// Ends the program.
[[noreturn]] void stop(int status);

}  // namespace bench::board
#endif  // BENCH_BOARD_PROBE_H_
