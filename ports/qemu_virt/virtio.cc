#include "ports/qemu_virt/virtio.h"

namespace ports::qemu_virt {
namespace {

// Offsets of registers.
constexpr std::uint32_t kMagic = 0x00, kVersion = 0x04, kDeviceId = 0x08;
constexpr std::uint32_t kDeviceFeatures = 0x10, kDeviceFeaturesWord = 0x14;
constexpr std::uint32_t kDriverFeatures = 0x20, kDriverFeaturesWord = 0x24;
constexpr std::uint32_t kQueue = 0x30, kQueueMaxSize = 0x34, kQueueSize = 0x38, kQueueReady = 0x44;
constexpr std::uint32_t kInterruptStatus = 0x60, kInterruptAcknowledge = 0x64, kStatus = 0x70;
constexpr std::uint32_t kDescriptors = 0x80, kAvailable = 0x90, kUsed = 0xa0;
// Bits of the status.
constexpr std::uint32_t kSeen = 1, kDriver = 2, kDriverOk = 4, kFeaturesOk = 8;
constexpr std::uint32_t kVersion1 = 1;  // bit 32 of the features

}  // namespace

std::optional<VirtioDevice> VirtioDevice::find(Kind kind, std::uint32_t features) {
  for (std::uint32_t slot = 0; slot < kVirtioSlots; ++slot) {
    VirtioDevice device(kVirtio + slot * kVirtioSlotSize, slot + 1);
    if (device.reg(kMagic) != 0x74726976 || device.reg(kVersion) != 2 ||
        device.reg(kDeviceId) != static_cast<std::uint32_t>(kind)) {
      continue;
    }
    device.reg(kStatus) = 0;
    device.reg(kStatus) = kSeen | kDriver;
    device.reg(kDeviceFeaturesWord) = 1;
    if ((device.reg(kDeviceFeatures) & kVersion1) == 0) continue;
    device.reg(kDeviceFeaturesWord) = 0;
    const std::uint32_t common = device.reg(kDeviceFeatures) & features;
    device.reg(kDriverFeaturesWord) = 0;
    device.reg(kDriverFeatures) = common;
    device.reg(kDriverFeaturesWord) = 1;
    device.reg(kDriverFeatures) = kVersion1;
    device.reg(kStatus) = kSeen | kDriver | kFeaturesOk;
    if ((device.reg(kStatus) & kFeaturesOk) != 0) return device;
  }
  return std::nullopt;
}

void VirtioDevice::start() { reg(kStatus) = kSeen | kDriver | kFeaturesOk | kDriverOk; }

void VirtioDevice::acknowledge() {
  if (const std::uint32_t status = reg(kInterruptStatus)) reg(kInterruptAcknowledge) = status;
}

bool VirtioDevice::attach(std::uint32_t queue, std::uint32_t size, const void* descriptors,
                          const void* available, const void* used) {
  reg(kQueue) = queue;
  if (reg(kQueueReady) != 0 || reg(kQueueMaxSize) < size) return false;
  reg(kQueueSize) = size;
  const auto give = [&](std::uint32_t offset, const void* at) {
    reg(offset) = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(at));
    reg(offset + 4) = 0;
  };
  give(kDescriptors, descriptors);
  give(kAvailable, available);
  give(kUsed, used);
  reg(kQueueReady) = 1;
  return true;
}

}  // namespace ports::qemu_virt
