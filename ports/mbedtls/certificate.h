// Whether a certificate is what it should be, before it is kept.
#ifndef PORTS_MBEDTLS_CERTIFICATE_H_
#define PORTS_MBEDTLS_CERTIFICATE_H_

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace ports::mbedtls {

// That the certificate is for `name`, ending in zero, and signed by the CA, both
// DER. Dates are not looked at: a server's clock may be ahead of ours. Whether
// it is for our key, TlsContext::for_site() says.
// Errors: kMalformed, kUntrusted, kFull.
core::Status check_certificate(core::Bytes certificate, core::Bytes ca, const char* name);

}  // namespace ports::mbedtls
#endif  // PORTS_MBEDTLS_CERTIFICATE_H_
