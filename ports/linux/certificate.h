// The key and certificate that a device shows to the broker.
// Spec: [RFC2986], docs/spec/enrolment.md.
#ifndef PORTS_LINUX_CERTIFICATE_H_
#define PORTS_LINUX_CERTIFICATE_H_

#include <vector>

#include "core/base/time.h"
#include "ports/linux/files.h"

namespace ports::linux_os {

// A fresh P-256 private key, PEM (PKCS#8). Errors: kInternal.
Outcome<SecretText> make_private_key();

// A certificate request (DER, PKCS#10) for the key, signed by it. It asks for
// no name: the server knows which one the invitation or the device has.
// Errors: kStore if the key does not parse.
Outcome<std::vector<std::uint8_t>> make_csr(const SecretText& private_key);

// Errors: kRefused if the bytes are no certificate, or more than one.
Outcome<std::string> certificate_pem(core::Bytes der);
// First 16 bytes of SHA-256 over the DER form.
core::ByteArray<16> certificate_fingerprint(core::Bytes der);

struct CertificateInfo {
  std::string common_name;
  core::WallTime not_before;
  core::WallTime not_after;
};
// Errors: kStore.
Outcome<CertificateInfo> certificate_info(const std::string& pem);

// True iff `pem` certifies the key and is signed by `ca`, whatever the time.
bool certificate_fits(const std::string& pem, const SecretText& private_key, const std::string& ca);

}  // namespace ports::linux_os
#endif  // PORTS_LINUX_CERTIFICATE_H_
