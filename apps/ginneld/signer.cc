#include "apps/ginneld/signer.h"

#include <sys/random.h>

#include <cerrno>

namespace ginneld {

core::Status SystemRng::fill(core::MutBytes out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const ssize_t n = ::getrandom(out.data() + done, out.size() - done, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      core::wipe(out);
      return core::Error::kRng;
    }
    done += static_cast<std::size_t>(n);
  }
  return {};
}

core::Result<std::vector<std::uint8_t>> Signer::sign(core::Bytes csr_der,
                                                     const core::DeviceName& device) {
  const auto now = revocations_.certificate_time(text_of(device), wall_now());
  auto made = authority_.issue_device(csr_der, device, now);
  if (made) return *std::move(made);
  switch (made.error().kind) {
    case Failure::Kind::kBadInput: return core::Error::kMalformed;
    case Failure::Kind::kBadKey: return core::Error::kBadKey;
    default: return core::Error::kRng;
  }
}

}  // namespace ginneld
