// The TUN device: the host's end of the tunnel.
#ifndef PORTS_LINUX_WG_TUN_H_
#define PORTS_LINUX_WG_TUN_H_

#include <sys/uio.h>

#include <string>

#include "ports/linux/problem.h"
#include "ports/linux/system.h"
#include "ports/linux/wg/coalesce.h"
#include "ports/linux/wg/vnet_header.h"

namespace ports::linux_os::wg {

inline constexpr std::size_t kMaxPacketSize = 65535;

class Tun {
 public:
  // Makes the device `name`, at most 15 bytes, with all offloads the kernel has.
  // Errors: kInput, kBusy (there is one), kInternal.
  static Outcome<Tun> open(const std::string& name);
  // Takes a device that somebody else made.
  static Outcome<Tun> adopt(Fd fd);

  int fd() const { return fd_.get(); }
  // Its name now: it may be renamed. Empty if it is gone.
  std::string name() const;
  Join join() const { return join_; }

  enum class Read : std::uint8_t { kPacket, kNothing, kGone };
  // Reads one packet of at most kMaxPacketSize bytes to the front of `room`.
  // Never blocks. REQUIRES: room.size() >= kMaxPacketSize
  Read read(core::MutBytes room, VnetHeader& header, std::size_t& size) const;

  enum class Write : std::uint8_t { kDone, kDropped, kGone };
  // Writes one packet: a VnetHeader, then the packet in pieces.
  Write write(std::span<const iovec> header_and_pieces) const;

 private:
  explicit Tun(Fd fd) : fd_(std::move(fd)) {}

  Fd fd_;
  Join join_ = Join::kNothing;
  bool has_header_ = false;
};

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_TUN_H_
