// The machine's entropy: a virtio-rng device. As good as what QEMU was given
// for it, which says nothing about a real board's.
#ifndef PORTS_QEMU_VIRT_VIRTIO_RNG_H_
#define PORTS_QEMU_VIRT_VIRTIO_RNG_H_

#include "core/base/rng.h"
#include "ports/qemu_virt/virtio.h"

namespace ports::qemu_virt {

// One at a time; it stays where it is. Without a device, or when the device
// does not answer within a second, it fails, and from then on always.
class VirtioRng final : public core::Rng {
 public:
  VirtioRng();
  VirtioRng(const VirtioRng&) = delete;
  VirtioRng& operator=(const VirtioRng&) = delete;

  core::Status fill(core::MutBytes out) override;

 private:
  core::Status fill_from_device(core::MutBytes out);

  std::optional<VirtioDevice> device_;
  VirtioQueue<1> queue_;
  core::ByteArray<64> drawn_{};
};

}  // namespace ports::qemu_virt
#endif  // PORTS_QEMU_VIRT_VIRTIO_RNG_H_
