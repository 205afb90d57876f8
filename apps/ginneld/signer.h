// The service's certificate authority and random source, on this machine.
#ifndef APPS_GINNELD_SIGNER_H_
#define APPS_GINNELD_SIGNER_H_

#include "apps/ginneld/data_folder.h"
#include "core/base/rng.h"
#include "server/broker/authority.h"
#include "server/service/certificate_authority.h"

namespace ginneld {

class SystemRng final : public core::Rng {
 public:
  core::Status fill(core::MutBytes out) override;
};

// Signs with the site's authority. What it refers to outlives it.
class Signer final : public server::service::CertificateAuthority {
 public:
  Signer(const server::broker::Authority& authority, const Revocations& revocations)
      : authority_(authority), revocations_(revocations) {}
  core::Result<std::vector<std::uint8_t>> sign(core::Bytes csr_der,
                                               const core::DeviceName& device) override;

 private:
  const server::broker::Authority& authority_;
  const Revocations& revocations_;
};

}  // namespace ginneld
#endif  // APPS_GINNELD_SIGNER_H_
