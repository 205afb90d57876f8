#include "ports/linux/wg/tun.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sys/ioctl.h>

#include <cerrno>
#include <cstring>

namespace ports::linux_os::wg {
namespace {

// Linux 6.2, and not in the headers of 6.1.
constexpr unsigned kUso4 = 0x20, kUso6 = 0x40;
constexpr unsigned kTcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;

}  // namespace

Outcome<Tun> Tun::open(const std::string& name) {
  if (name.empty() || name.size() >= IFNAMSIZ || name.find('/') != std::string::npos) {
    return Problem{ProblemKind::kInput, "\"" + name + "\" is no name for an interface.",
                   "Use 1 to 15 characters."};
  }
  Fd fd(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
  if (!fd.valid()) {
    return system_problem(ProblemKind::kInternal, "/dev/net/tun cannot be opened",
                          "Load the module tun, and run as root.");
  }
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
  if (::ioctl(fd.get(), TUNSETIFF, &request) != 0) {
    const auto kind = errno == EBUSY ? ProblemKind::kBusy : ProblemKind::kInternal;
    return system_problem(kind, "The interface " + name + " cannot be made",
                          "It needs the capability CAP_NET_ADMIN and a free name.");
  }
  return adopt(std::move(fd));
}

Outcome<Tun> Tun::adopt(Fd fd) {
  Tun tun(std::move(fd));
  ifreq request{};
  const int flags = ::fcntl(tun.fd(), F_GETFL);
  if (flags < 0 || ::fcntl(tun.fd(), F_SETFL, flags | O_NONBLOCK) != 0 ||
      ::fcntl(tun.fd(), F_SETFD, FD_CLOEXEC) != 0 || ::ioctl(tun.fd(), TUNGETIFF, &request) != 0) {
    return system_problem(ProblemKind::kInternal, "The descriptor is no TUN device");
  }
  tun.has_header_ = (request.ifr_flags & IFF_VNET_HDR) != 0;
  if (!tun.has_header_) return tun;
  int size = sizeof(VnetHeader);
  if (::ioctl(tun.fd(), TUNSETVNETHDRSZ, &size) != 0) {
    return system_problem(ProblemKind::kInternal, "The TUN device refuses its header's size");
  }
  if (::ioctl(tun.fd(), TUNSETOFFLOAD, kTcp | kUso4 | kUso6) == 0) {
    tun.join_ = Join::kTcpAndUdp;
  } else if (::ioctl(tun.fd(), TUNSETOFFLOAD, kTcp) == 0) {
    tun.join_ = Join::kTcp;
  }
  return tun;
}

std::string Tun::name() const {
  ifreq request{};
  if (::ioctl(fd_.get(), TUNGETIFF, &request) != 0) return {};
  return {request.ifr_name, ::strnlen(request.ifr_name, IFNAMSIZ)};
}

Tun::Read Tun::read(core::MutBytes room, VnetHeader& header, std::size_t& size) const {
  header = {};
  iovec pieces[2] = {{&header, sizeof header}, {room.data(), kMaxPacketSize}};
  const std::size_t before = has_header_ ? sizeof header : 0;
  while (true) {
    const auto got = has_header_ ? ::readv(fd(), pieces, 2) : ::readv(fd(), pieces + 1, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno == EBADFD || errno == ENODEV ? Read::kGone : Read::kNothing;
    if (static_cast<std::size_t>(got) < before) return Read::kNothing;
    size = static_cast<std::size_t>(got) - before;
    return Read::kPacket;
  }
}

Tun::Write Tun::write(std::span<const iovec> header_and_pieces) const {
  const auto pieces = has_header_ ? header_and_pieces : header_and_pieces.subspan(1);
  while (::writev(fd(), pieces.data(), static_cast<int>(pieces.size())) < 0) {
    if (errno == EINTR) continue;
    return errno == EBADFD ? Write::kGone : Write::kDropped;
  }
  return Write::kDone;
}

}  // namespace ports::linux_os::wg
