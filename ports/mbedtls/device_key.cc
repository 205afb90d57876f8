#include "ports/mbedtls/device_key.h"

#include <mbedtls/x509_csr.h>
#include <psa/crypto.h>

namespace ports::mbedtls {
namespace {

using core::Error;
using core::Status;

// Never called: keys sign by PSA, which has its own randomness.
int no_random(void*, unsigned char*, std::size_t) { return MBEDTLS_ERR_PK_BAD_INPUT_DATA; }

psa_key_attributes_t attributes() {
  psa_key_attributes_t out = PSA_KEY_ATTRIBUTES_INIT;
  psa_set_key_usage_flags(&out, PSA_KEY_USAGE_SIGN_HASH | PSA_KEY_USAGE_EXPORT);
  psa_set_key_algorithm(&out, PSA_ALG_ECDSA(PSA_ALG_ANY_HASH));
  psa_set_key_type(&out, PSA_KEY_TYPE_ECC_KEY_PAIR(PSA_ECC_FAMILY_SECP_R1));
  psa_set_key_bits(&out, 256);
  return out;
}

Error error_of(psa_status_t status, Error otherwise) {
  return status == PSA_ERROR_INSUFFICIENT_MEMORY ? Error::kFull : otherwise;
}

}  // namespace

DeviceKey::DeviceKey() : id_(MBEDTLS_SVC_KEY_ID_INIT) { mbedtls_pk_init(&context_); }

void DeviceKey::clear() {
  mbedtls_pk_free(&context_);
  psa_destroy_key(id_);
  id_ = MBEDTLS_SVC_KEY_ID_INIT;
}

Status DeviceKey::adopt() {
  if (mbedtls_pk_setup_opaque(&context_, id_) == 0) return {};
  clear();
  return Error::kFull;
}

Status DeviceKey::generate() {
  clear();
  const auto wanted = attributes();
  const psa_status_t status = psa_generate_key(&wanted, &id_);
  if (status != PSA_SUCCESS) return error_of(status, Error::kRng);
  return adopt();
}

Status DeviceKey::restore(const core::Secret<32>& private_key) {
  clear();
  const auto wanted = attributes();
  const auto bytes = private_key.view();
  const psa_status_t status = psa_import_key(&wanted, bytes.data(), bytes.size(), &id_);
  if (status != PSA_SUCCESS) return error_of(status, Error::kBadKey);
  return adopt();
}

core::Result<core::Secret<32>> DeviceKey::private_key() const {
  core::Secret<32> out;
  std::size_t size = 0;
  if (psa_export_key(id_, out.mut().data(), out.mut().size(), &size) != PSA_SUCCESS ||
      size != out.mut().size()) {
    return Error::kOutOfOrder;
  }
  return out;
}

core::Result<std::size_t> DeviceKey::write_csr(core::MutBytes out) {
  if (mbedtls_pk_get_type(&context_) == MBEDTLS_PK_NONE) return Error::kOutOfOrder;
  mbedtls_x509write_csr request;
  mbedtls_x509write_csr_init(&request);
  mbedtls_x509write_csr_set_key(&request, &context_);
  mbedtls_x509write_csr_set_md_alg(&request, MBEDTLS_MD_SHA256);
  int size = mbedtls_x509write_csr_set_subject_name(&request, "CN=device");
  if (size == 0) {
    size = mbedtls_x509write_csr_der(&request, out.data(), out.size(), no_random, nullptr);
  }
  mbedtls_x509write_csr_free(&request);
  if (size == MBEDTLS_ERR_ASN1_BUF_TOO_SMALL || size == 0) return Error::kFull;
  if (size < 0) return Error::kRng;
  // mbedTLS writes it to the end of the buffer.
  const auto written = static_cast<std::size_t>(size);
  std::memmove(out.data(), &out[out.size() - written], written);
  return written;
}

}  // namespace ports::mbedtls
