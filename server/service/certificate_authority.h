// Who makes the certificates that devices show to the broker.
#ifndef SERVER_SERVICE_CERTIFICATE_AUTHORITY_H_
#define SERVER_SERVICE_CERTIFICATE_AUTHORITY_H_

#include <vector>

#include "core/base/name.h"

namespace server::service {

// Called by one thread at a time.
class CertificateAuthority {
 public:
  // A TLS client certificate (DER) for the public key of a PKCS#10 request
  // (DER), whose own signature is checked. The certificate's common name is
  // `device`, whatever the request says.
  // Errors: kMalformed, kBadKey, kBadTag: the request is at fault. kStore,
  // kRng and others: the authority is.
  virtual core::Result<std::vector<std::uint8_t>> sign(core::Bytes csr_der,
                                                       const core::DeviceName& device) = 0;

 protected:
  ~CertificateAuthority() = default;
};

}  // namespace server::service
#endif  // SERVER_SERVICE_CERTIFICATE_AUTHORITY_H_
