#include "ports/mbedtls/certificate.h"

#include <mbedtls/x509_crt.h>

namespace ports::mbedtls {
namespace {

struct Parsed {
  explicit Parsed(core::Bytes der) {
    mbedtls_x509_crt_init(&certificate);
    status = mbedtls_x509_crt_parse_der(&certificate, der.data(), der.size());
  }
  Parsed(const Parsed&) = delete;
  Parsed& operator=(const Parsed&) = delete;
  ~Parsed() { mbedtls_x509_crt_free(&certificate); }

  mbedtls_x509_crt certificate;
  int status;
};

// Never called: a key of ours computes by PSA, which has its own randomness.
int no_random(void*, unsigned char*, std::size_t) { return MBEDTLS_ERR_PK_BAD_INPUT_DATA; }

core::Error error_of(int status) {
  return status == MBEDTLS_ERR_X509_ALLOC_FAILED ? core::Error::kFull : core::Error::kMalformed;
}

// Days since 1970 of a date: years begin in March, so that a leap day ends one.
std::int64_t days_to(std::int64_t year, std::int64_t month, std::int64_t day) {
  if (month <= 2) --year;
  const std::int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return 365 * year + year / 4 - year / 100 + year / 400 + day_of_year - 719'468;
}

core::WallTime wall_time_of(const mbedtls_x509_time& at) {
  const std::int64_t hours = 24 * days_to(at.year, at.mon, at.day) + at.hour;
  return {1000 * ((hours * 60 + at.min) * 60 + at.sec)};
}

}  // namespace

bool only_dates(std::uint32_t faults) {
  return (faults & ~std::uint32_t{MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE}) == 0;
}

core::Status check_certificate(core::Bytes certificate, core::Bytes ca, const char* name,
                               DeviceKey& key) {
  Parsed ours(certificate), site(ca);
  if (ours.status != 0) return error_of(ours.status);
  if (site.status != 0) return error_of(site.status);
  std::uint32_t faults = 0;
  const int status = mbedtls_x509_crt_verify(&ours.certificate, &site.certificate, nullptr, name,
                                             &faults, nullptr, nullptr);
  if (status != 0 && status != MBEDTLS_ERR_X509_CERT_VERIFY_FAILED) return error_of(status);
  if (!only_dates(faults)) return core::Error::kUntrusted;
  switch (mbedtls_pk_check_pair(&ours.certificate.pk, key.get(), no_random, nullptr)) {
    case 0: return {};
    case MBEDTLS_ERR_PK_BAD_INPUT_DATA:
    case MBEDTLS_ERR_PK_TYPE_MISMATCH: return core::Error::kBadKey;
    case MBEDTLS_ERR_PK_ALLOC_FAILED: return core::Error::kFull;
    default: return core::Error::kRng;  // what the key computes is blinded
  }
}

core::Result<Validity> validity(core::Bytes certificate) {
  const Parsed parsed(certificate);
  if (parsed.status != 0) return error_of(parsed.status);
  return Validity{wall_time_of(parsed.certificate.valid_from),
                  wall_time_of(parsed.certificate.valid_to)};
}

}  // namespace ports::mbedtls
