// A device's key for TLS: ECDSA on P-256. Spec: docs/spec/enrolment.md exchange.
#ifndef PORTS_MBEDTLS_DEVICE_KEY_H_
#define PORTS_MBEDTLS_DEVICE_KEY_H_

#include <mbedtls/pk.h>

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace ports::mbedtls {

class DeviceKey {
 public:
  DeviceKey();
  DeviceKey(const DeviceKey&) = delete;
  DeviceKey& operator=(const DeviceKey&) = delete;
  ~DeviceKey() { clear(); }

  // Makes a new one. Errors: kRng, kFull.
  core::Status generate();
  // Errors: kBadKey: no private key of the curve; kFull.
  core::Status restore(const core::Secret<32>& private_key);
  // What restore() takes. Errors: kOutOfOrder: there is none.
  core::Result<core::Secret<32>> private_key() const;
  // Writes a request for a certificate, DER, and returns its size. The site
  // gives the name, whatever a request says. Errors: kFull, kRng, kOutOfOrder.
  core::Result<std::size_t> write_csr(core::MutBytes out);

  mbedtls_pk_context* get() { return &context_; }

 private:
  core::Status adopt();
  void clear();

  mbedtls_svc_key_id_t id_;
  mbedtls_pk_context context_;
};

}  // namespace ports::mbedtls
#endif  // PORTS_MBEDTLS_DEVICE_KEY_H_
