// Gives handshakes' secret keys away, to a file with which Wireshark decrypts a
// capture. For debugging: built only with GINNEL_KEYLOG.
#ifndef PORTS_LINUX_WG_KEYLOG_H_
#define PORTS_LINUX_WG_KEYLOG_H_

#include <memory>
#include <string>

#include "core/wg/device.h"
#include "ports/linux/problem.h"
#include "ports/linux/system.h"

namespace ports::linux_os::wg {

// The system's randomness, which remembers the last 32 bytes drawn at once: of a
// device that has written a handshake message they are the ephemeral key.
class Keylog final : public core::Rng {
 public:
  // Appends to `path`, which gets mode 0600 if it is new. Errors: kStore.
  static Outcome<std::unique_ptr<Keylog>> open(const std::string& path);

  core::Status fill(core::MutBytes out) override;

  // `device` has just written `datagram` for `peer`. Writes the keys of an
  // initiation or a response, in the words of Wireshark's dissector "wg", and
  // nothing of other datagrams.
  void note(const core::wg::Device& device, core::wg::PeerId peer, core::Bytes datagram) const;

 private:
  explicit Keylog(Fd file) : file_(std::move(file)) {}

  Fd file_;
  SystemRng rng_;
  core::Secret<32> last_;
};

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_KEYLOG_H_
