// Device registers of QEMU's riscv32 virt machine.
#ifndef PORTS_QEMU_VIRT_REGISTERS_H_
#define PORTS_QEMU_VIRT_REGISTERS_H_

#include <cstdint>

namespace ports::qemu_virt {

inline constexpr std::uintptr_t kPowerOff = 0x00100000;    // the sifive_test device
inline constexpr std::uintptr_t kRtc = 0x00101000;         // goldfish: wall time in ns
inline constexpr std::uintptr_t kClint = 0x02000000;       // the timer
inline constexpr std::uintptr_t kPlic = 0x0c000000;        // interrupts of devices
inline constexpr std::uintptr_t kUart = 0x10000000;        // a 16550
inline constexpr std::uintptr_t kVirtio = 0x10001000;      // kVirtioSlots devices
inline constexpr std::uintptr_t kStoreFlash = 0x22000000;  // flash unit 1

inline constexpr std::uint32_t kUartInterrupt = 10;
inline constexpr std::uint32_t kVirtioSlots = 8;  // slot n interrupts as n + 1
inline constexpr std::uintptr_t kVirtioSlotSize = 0x1000;

inline volatile std::uint8_t& byte_at(std::uintptr_t address) {
  return *reinterpret_cast<volatile std::uint8_t*>(address);
}
inline volatile std::uint32_t& word_at(std::uintptr_t address) {
  return *reinterpret_cast<volatile std::uint32_t*>(address);
}

}  // namespace ports::qemu_virt
#endif  // PORTS_QEMU_VIRT_REGISTERS_H_
