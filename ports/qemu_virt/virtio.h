// A virtio device on the memory-mapped bus, and its queues, polled.
// Spec: [VIRTIO] 2.7 (split virtqueues), 3.1.1, 4.2.2.
#ifndef PORTS_QEMU_VIRT_VIRTIO_H_
#define PORTS_QEMU_VIRT_VIRTIO_H_

#include <array>
#include <bit>
#include <optional>

#include "ports/qemu_virt/registers.h"

namespace ports::qemu_virt {

static_assert(std::endian::native == std::endian::little);  // as the device's structures are

class VirtioDevice {
 public:
  enum class Kind : std::uint32_t { kNet = 1, kEntropy = 4 };

  // The first device of its kind, reset, with VIRTIO_F_VERSION_1 and those of
  // `features` that it has. Nothing: there is none, or it refuses.
  static std::optional<VirtioDevice> find(Kind kind, std::uint32_t features);

  // Queues are in place: the device may work.
  void start();
  // There is something in a queue for the device.
  void notify(std::uint32_t queue) { reg(0x50) = queue; }
  // Takes back the interrupt; what it was about is in the queues.
  void acknowledge();
  std::uint8_t config_byte(std::uint32_t offset) const { return byte_at(base_ + 0x100 + offset); }
  std::uint32_t interrupt() const { return interrupt_; }

  // Gives a queue's memory to the device, for good. False: it cannot have it.
  bool attach(std::uint32_t queue, std::uint32_t size, const void* descriptors,
              const void* available, const void* used);

 private:
  VirtioDevice(std::uintptr_t base, std::uint32_t interrupt) : base_(base), interrupt_(interrupt) {}
  volatile std::uint32_t& reg(std::uint32_t offset) const { return word_at(base_ + offset); }

  std::uintptr_t base_;
  std::uint32_t interrupt_;
};

// A queue of kSize buffers, each of one piece. It stays where it is.
template <std::uint16_t kSize>
class VirtioQueue {
 public:
  static_assert(std::has_single_bit(kSize));
  enum class Writer : std::uint16_t { kDriver = 0, kDevice = 2 };
  struct Done {
    std::uint16_t buffer;
    std::uint32_t written;  // bytes, by the device
  };

  bool attach(VirtioDevice& device, std::uint32_t queue) {
    return device.attach(queue, kSize, descriptors_.data(), &available_, &used_);
  }
  // Says where a buffer is. REQUIRES: the device does not have it.
  void set(std::uint16_t buffer, const void* at, std::size_t size, Writer writer) {
    descriptors_[buffer] = {reinterpret_cast<std::uintptr_t>(at), static_cast<std::uint32_t>(size),
                            static_cast<std::uint16_t>(writer), 0};
  }
  // Gives a buffer to the device.
  void submit(std::uint16_t buffer) {
    available_.ring[available_.index % kSize] = buffer;
    fence();
    available_.index = static_cast<std::uint16_t>(available_.index + 1);
    fence();
  }
  bool has_done() const {
    fence();
    return const_cast<const volatile std::uint16_t&>(used_.index) != taken_;
  }
  // The next buffer that the device gives back, if any.
  std::optional<Done> take_done() {
    if (!has_done()) return std::nullopt;
    const UsedElement& element = used_.ring[taken_++ % kSize];
    return Done{static_cast<std::uint16_t>(element.buffer), element.written};
  }

 private:
  struct Descriptor {
    std::uint64_t address;
    std::uint32_t size;
    std::uint16_t flags, next;
  };
  struct Available {
    std::uint16_t flags, index;
    std::array<std::uint16_t, kSize> ring;
    std::uint16_t event;
  };
  struct UsedElement {
    std::uint32_t buffer, written;
  };
  struct Used {
    std::uint16_t flags, index;
    std::array<UsedElement, kSize> ring;
    std::uint16_t event;
  };
  static void fence() { __asm__ volatile("fence iorw, iorw" : : : "memory"); }

  alignas(16) std::array<Descriptor, kSize> descriptors_{};
  alignas(2) Available available_{};
  alignas(4) Used used_{};
  std::uint16_t taken_ = 0;
};

}  // namespace ports::qemu_virt
#endif  // PORTS_QEMU_VIRT_VIRTIO_H_
