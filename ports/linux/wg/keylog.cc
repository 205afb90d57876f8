#include "ports/linux/wg/keylog.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/crypto/x25519.h"
#include "ports/linux/wg/base64.h"

namespace ports::linux_os::wg {

Outcome<std::unique_ptr<Keylog>> Keylog::open(const std::string& path) {
  Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) return system_problem(ProblemKind::kStore, path + " cannot be written");
  return std::unique_ptr<Keylog>(new Keylog(std::move(file)));
}

core::Status Keylog::fill(core::MutBytes out) {
  TRY(rng_.fill(out));
  if (out.size() == last_.view().size()) core::copy(out, last_.mut());
  return {};
}

void Keylog::note(const core::wg::Device& device, core::wg::PeerId peer,
                  core::Bytes datagram) const {
  const auto is = [&](core::wg::MessageType type) {
    return datagram[0] == static_cast<std::uint8_t>(type);
  };
  const auto status = device.status(peer);
  if (!status) return;
  if (!is(core::wg::MessageType::kInitiation) && !is(core::wg::MessageType::kResponse)) return;
  const auto ephemeral = core::crypto::x25519_private(last_.view());
  std::string lines;
  const auto add = [&](const char* name, core::View<32> key) {
    lines += std::string(name) + " = " + key_to_base64_var(key) + "\n";
  };
  add("LOCAL_STATIC_PRIVATE_KEY", device.private_key().view());
  add("REMOTE_STATIC_PUBLIC_KEY", status->public_key);
  add("LOCAL_EPHEMERAL_PRIVATE_KEY", ephemeral.view());
  add("PRESHARED_KEY", status->preshared_key);
  // In one piece, as others may append to the file too. Keys that are not
  // written are a capture that stays closed.
  [[maybe_unused]] const auto written = ::write(file_.get(), lines.data(), lines.size());
}

}  // namespace ports::linux_os::wg
