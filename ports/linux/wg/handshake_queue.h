// Handshake messages that wait their turn: they cost a thousand times what
// taking them off the socket does, so a flood of them must not hold up packets.
#ifndef PORTS_LINUX_WG_HANDSHAKE_QUEUE_H_
#define PORTS_LINUX_WG_HANDSHAKE_QUEUE_H_

#include "core/base/result.h"
#include "core/wg/endpoint.h"

namespace ports::linux_os::wg {

class HandshakeQueue {
 public:
  static constexpr std::size_t kCapacity = 1024;
  // From this many on, senders must prove their address.
  static constexpr std::size_t kLoad = 128;
  // Longer datagrams than an initiation are no handshake messages.
  static constexpr std::size_t kMaxSize = 148;

  struct Waiting {
    core::wg::Endpoint from;
    std::size_t size = 0;
    core::ByteArray<kMaxSize> bytes;
  };

  // Drops the datagram if it is too long or the queue is full: what waits
  // longest is nearest to its answer.
  void push(core::Bytes datagram, const core::wg::Endpoint& from) {
    if (datagram.size() > kMaxSize || count_ == kCapacity) {
      ++dropped_;
      return;
    }
    Waiting& waiting = ring_[(first_ + count_++) % kCapacity];
    waiting.from = from;
    waiting.size = datagram.size();
    core::copy(datagram, waiting.bytes);
  }
  // The oldest; valid until the next push. REQUIRES: !empty()
  Waiting& pop() {
    CHECK(!empty());
    Waiting& oldest = ring_[first_];
    first_ = (first_ + 1) % kCapacity;
    --count_;
    return oldest;
  }
  bool empty() const { return count_ == 0; }
  std::size_t size() const { return count_; }
  std::uint64_t dropped() const { return dropped_; }

 private:
  std::array<Waiting, kCapacity> ring_;
  std::size_t first_ = 0, count_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_HANDSHAKE_QUEUE_H_
