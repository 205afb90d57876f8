#include "ports/qemu_virt/virtio_rng.h"

#include "ports/qemu_virt/clock.h"

namespace ports::qemu_virt {

VirtioRng::VirtioRng() : device_(VirtioDevice::find(VirtioDevice::Kind::kEntropy, 0)) {
  if (!device_) return;
  if (!queue_.attach(*device_, 0)) {
    device_.reset();
    return;
  }
  queue_.set(0, drawn_.data(), drawn_.size(), VirtioQueue<1>::Writer::kDevice);
  device_->start();
}

core::Status VirtioRng::fill(core::MutBytes out) {
  const auto filled = fill_from_device(out);
  if (!filled) {
    core::wipe(out);
    device_.reset();  // it may yet write to a buffer that it was given
  }
  return filled;
}

core::Status VirtioRng::fill_from_device(core::MutBytes out) {
  constexpr std::int64_t kPatienceMs = 5000;  // QEMU on a busy machine is slow
  while (!out.empty()) {
    if (!device_) return core::Error::kRng;
    queue_.submit(0);
    device_->notify(0);
    const core::Instant deadline = now() + kPatienceMs;
    while (!queue_.has_done()) {
      if (now() > deadline) return core::Error::kRng;
    }
    const auto done = queue_.take_done();
    device_->acknowledge();
    if (done->written == 0 || done->written > drawn_.size()) return core::Error::kRng;
    const std::size_t size = std::min<std::size_t>(done->written, out.size());
    core::copy(core::Bytes(drawn_).first(size), out);
    core::wipe(drawn_);
    out = out.subspan(size);
  }
  return {};
}

}  // namespace ports::qemu_virt
