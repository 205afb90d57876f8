// The machine's network: whole Ethernet frames in and out of a virtio-net device.
#ifndef PORTS_QEMU_VIRT_VIRTIO_NET_H_
#define PORTS_QEMU_VIRT_VIRTIO_NET_H_

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "ports/qemu_virt/virtio.h"

namespace ports::qemu_virt {

// It stays where it is.
class VirtioNet {
 public:
  static constexpr std::size_t kMaxFrameSize = 1514;
#if defined(GINNEL_TINY_DEVICE)
  static constexpr std::size_t kSendBuffers = 2, kReceiveBuffers = 4;
#else
  static constexpr std::size_t kSendBuffers = 8, kReceiveBuffers = 16;
#endif

  VirtioNet() = default;
  VirtioNet(const VirtioNet&) = delete;
  VirtioNet& operator=(const VirtioNet&) = delete;

  // Errors: kNotFound: the machine has no such device.
  core::Status start();
  const core::ByteArray<6>& mac() const { return mac_; }

  // Room for a frame of `size` bytes, to be filled and sent; it stays ours until
  // send(). Errors: kFull: the device still has all buffers; kMalformed: too long.
  core::Result<core::MutBytes> room(std::size_t size);
  // Sends what was last given by room().
  void send();

  // The next frame that came in; empty: none. Valid until the next call.
  core::Bytes receive();

 private:
  // VIRTIO_F_VERSION_1: it is always of this size. All zeros: nothing special.
  static constexpr std::size_t kHeaderSize = 12;
  static constexpr std::uint32_t kReceiveQueue = 0, kSendQueue = 1;
  static constexpr std::uint16_t kNone = 0xffff;
  using Buffer = core::ByteArray<kHeaderSize + kMaxFrameSize + 2>;

  void take_sent();
  void give_back();

  std::optional<VirtioDevice> device_;
  core::ByteArray<6> mac_{};
  VirtioQueue<kReceiveBuffers> received_;
  VirtioQueue<kSendBuffers> sent_;
  std::array<Buffer, kReceiveBuffers> receive_buffers_{};
  std::array<Buffer, kSendBuffers> send_buffers_{};
  std::array<bool, kSendBuffers> is_sending_{};
  std::uint16_t next_ = 0;         // the buffer to send from next
  std::uint16_t reading_ = kNone;  // whose frame the caller has
  std::size_t size_ = 0;           // bytes of the frame in the room that was given
};

}  // namespace ports::qemu_virt
#endif  // PORTS_QEMU_VIRT_VIRTIO_NET_H_
