#include "ports/linux/certificate.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/sha.h>

#include <ctime>

#include "ports/linux/openssl.h"

namespace ports::linux_os {
namespace {

std::string_view contents(BIO* bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  return {text, size > 0 ? static_cast<std::size_t>(size) : 0};
}

core::WallTime wall_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return {std::int64_t{timegm(&parts)} * 1000};
}

}  // namespace

Outcome<SecretText> make_private_key() {
  ERR_clear_error();
  const KeyPtr key(EVP_EC_gen("P-256"));
  const BioPtr bio(BIO_new(BIO_s_secmem()));
  if (!key || !bio ||
      PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return Problem{ProblemKind::kInternal, "A private key cannot be made.", {}};
  }
  return SecretText(contents(bio.get()));
}

Outcome<std::vector<std::uint8_t>> make_csr(const SecretText& private_key) {
  ERR_clear_error();
  const auto key = parse_private_key(private_key.reveal());
  const X509ReqPtr request(X509_REQ_new());
  if (!key || !request || X509_REQ_set_version(request.get(), X509_REQ_VERSION_1) != 1 ||
      X509_REQ_set_pubkey(request.get(), key.get()) != 1 ||
      X509_REQ_sign(request.get(), key.get(), EVP_sha256()) <= 0) {
    return Problem{ProblemKind::kStore, "The key of this device's certificate cannot be used.",
                   "Put back a good copy of the home, or enrol the device anew."};
  }
  const int size = i2d_X509_REQ(request.get(), nullptr);
  std::vector<std::uint8_t> der(static_cast<std::size_t>(size > 0 ? size : 0));
  std::uint8_t* at = der.data();
  i2d_X509_REQ(request.get(), &at);
  return der;
}

Outcome<std::string> certificate_pem(core::Bytes der) {
  ERR_clear_error();
  const std::uint8_t* at = der.data();
  const X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (!certificate || at != der.data() + der.size() || !bio ||
      PEM_write_bio_X509(bio.get(), certificate.get()) != 1) {
    return Problem{ProblemKind::kRefused, "The server sent a certificate that cannot be read.", {}};
  }
  return std::string(contents(bio.get()));
}

core::ByteArray<16> certificate_fingerprint(core::Bytes der) {
  core::ByteArray<32> digest;
  SHA256(der.data(), der.size(), digest.data());
  core::ByteArray<16> first;
  core::copy(core::Bytes(digest).first(16), first);
  return first;
}

Outcome<CertificateInfo> certificate_info(const std::string& pem) {
  ERR_clear_error();
  const auto certificate = parse_certificate(pem);
  if (!certificate) {
    return Problem{ProblemKind::kStore, "This device's certificate cannot be read.",
                   "Put back a good copy of the home, or enrol the device anew."};
  }
  CertificateInfo info;
  char name[128] = {};
  if (X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name,
                                sizeof name) > 0) {
    info.common_name = name;
  }
  info.not_before = wall_time(X509_get0_notBefore(certificate.get()));
  info.not_after = wall_time(X509_get0_notAfter(certificate.get()));
  return info;
}

bool certificate_fits(const std::string& pem, const SecretText& private_key,
                      const std::string& ca) {
  ERR_clear_error();
  const auto certificate = parse_certificate(pem);
  const auto authority = parse_certificate(ca);
  const auto key = parse_private_key(private_key.reveal());
  return certificate && authority && key &&
         X509_check_private_key(certificate.get(), key.get()) == 1 &&
         X509_verify(certificate.get(), X509_get0_pubkey(authority.get())) == 1;
}

}  // namespace ports::linux_os
