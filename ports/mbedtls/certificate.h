// Whether a certificate is what it should be, before it is kept, and how long it is good.
#ifndef PORTS_MBEDTLS_CERTIFICATE_H_
#define PORTS_MBEDTLS_CERTIFICATE_H_

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/base/time.h"
#include "ports/mbedtls/device_key.h"

namespace ports::mbedtls {

// That the certificate is for `name`, ending in zero, and for our key, and signed
// by the CA, both DER. Dates are not looked at: a server's clock may be ahead of
// ours. Errors: kMalformed, kUntrusted, kBadKey, kFull, kRng.
core::Status check_certificate(core::Bytes certificate, core::Bytes ca, const char* name,
                               DeviceKey& key);

// Whether at most the dates of a certificate are wrong; `faults`: what mbedTLS
// found, MBEDTLS_X509_BADCERT_*.
bool only_dates(std::uint32_t faults);

struct Validity {
  core::WallTime from, until;
};
// When a certificate, DER, is valid. Errors: kMalformed, kFull.
core::Result<Validity> validity(core::Bytes certificate);

}  // namespace ports::mbedtls
#endif  // PORTS_MBEDTLS_CERTIFICATE_H_
