// The board under examples/c/firmware.c.
#include <cstring>

#include "ports/qemu_virt/board.h"
#include "ports/qemu_virt/clock.h"
#include "ports/qemu_virt/virtio_rng.h"

extern "C" {
int firmware_main(void);
int board_random(void* argument, std::uint8_t* out, std::size_t size);
void board_print(const char* text);
std::int64_t board_now_ms();
}

int board_random(void*, std::uint8_t* out, std::size_t size) {
  static ports::qemu_virt::VirtioRng rng;
  return rng.fill({out, size}) ? 0 : -1;
}

void board_print(const char* text) {
  ports::qemu_virt::write({reinterpret_cast<const std::uint8_t*>(text), std::strlen(text)});
}

std::int64_t board_now_ms() { return ports::qemu_virt::wall_time().ms; }

int board_main() { return firmware_main(); }
