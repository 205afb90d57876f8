#include "ports/qemu_virt/virtio_net.h"

#include "ports/qemu_virt/clock.h"

namespace ports::qemu_virt {
namespace {

constexpr std::uint32_t kMacFeature = 1u << 5;

}  // namespace

core::Status VirtioNet::start() {
  device_ = VirtioDevice::find(VirtioDevice::Kind::kNet, kMacFeature);
  if (!device_ || !received_.attach(*device_, kReceiveQueue) ||
      !sent_.attach(*device_, kSendQueue)) {
    device_.reset();
    return core::Error::kNotFound;
  }
  for (std::uint32_t i = 0; i < mac_.size(); ++i) mac_[i] = device_->config_byte(i);
  for (std::uint16_t i = 0; i < kReceiveBuffers; ++i) {
    Buffer& buffer = receive_buffers_[i];
    received_.set(i, buffer.data(), buffer.size(), decltype(received_)::Writer::kDevice);
    received_.submit(i);
  }
  device_->start();
  device_->notify(kReceiveQueue);
  wake_on(device_->interrupt());
  return {};
}

void VirtioNet::take_sent() {
  while (const auto done = sent_.take_done()) {
    if (done->buffer < kSendBuffers) is_sending_[done->buffer] = false;
  }
}

core::Result<core::MutBytes> VirtioNet::room(std::size_t size) {
  if (size > kMaxFrameSize) return core::Error::kMalformed;
  take_sent();
  if (!device_ || is_sending_[next_]) return core::Error::kFull;
  size_ = size;
  return core::MutBytes(send_buffers_[next_]).subspan(kHeaderSize, size);
}

void VirtioNet::send() {
  sent_.set(next_, send_buffers_[next_].data(), kHeaderSize + size_,
            decltype(sent_)::Writer::kDriver);
  is_sending_[next_] = true;
  sent_.submit(next_);
  device_->notify(kSendQueue);
  next_ = static_cast<std::uint16_t>((next_ + 1) % kSendBuffers);
}

void VirtioNet::give_back() {
  if (reading_ == kNone) return;
  received_.submit(reading_);
  device_->notify(kReceiveQueue);
  reading_ = kNone;
}

core::Bytes VirtioNet::receive() {
  if (!device_) return {};
  give_back();
  device_->acknowledge();
  while (const auto done = received_.take_done()) {
    if (done->buffer >= kReceiveBuffers) continue;
    reading_ = done->buffer;
    if (done->written > kHeaderSize && done->written <= sizeof(Buffer)) {
      return core::Bytes(receive_buffers_[reading_])
          .subspan(kHeaderSize, done->written - kHeaderSize);
    }
    give_back();
  }
  return {};
}

}  // namespace ports::qemu_virt
