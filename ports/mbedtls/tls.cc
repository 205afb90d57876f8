#include "ports/mbedtls/tls.h"

#include <mbedtls/platform.h>
#include <psa/crypto.h>

#include "core/crypto/sha2.h"
#include "ports/mbedtls/certificate.h"

namespace ports::mbedtls {
namespace {

using core::Bytes;
using core::Error;
using core::Result;
using core::Status;

constexpr std::uint16_t kGroups[] = {MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
                                     MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1, 0};

int random(void*, unsigned char* out, std::size_t size) {
  return psa_generate_random(out, size) == PSA_SUCCESS ? 0 : MBEDTLS_ERR_SSL_NO_RNG;
}

bool waits(int status) {
  return status == MBEDTLS_ERR_SSL_WANT_READ || status == MBEDTLS_ERR_SSL_WANT_WRITE ||
         status == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET;
}

}  // namespace

TlsContext::TlsContext() {
  mbedtls_ssl_config_init(&config_);
  mbedtls_x509_crt_init(&ca_);
  mbedtls_x509_crt_init(&certificate_);
}

TlsContext::~TlsContext() { clear(); }

void TlsContext::clear() {
  mbedtls_ssl_config_free(&config_);
  mbedtls_x509_crt_free(&ca_);
  mbedtls_x509_crt_free(&certificate_);
}

Status TlsContext::set_up() {
  clear();
  if (mbedtls_ssl_config_defaults(&config_, MBEDTLS_SSL_IS_CLIENT, MBEDTLS_SSL_TRANSPORT_STREAM,
                                  MBEDTLS_SSL_PRESET_DEFAULT) != 0) {
    return Error::kFull;
  }
  mbedtls_ssl_conf_authmode(&config_, MBEDTLS_SSL_VERIFY_REQUIRED);
  mbedtls_ssl_conf_min_tls_version(&config_, MBEDTLS_SSL_VERSION_TLS1_3);
  mbedtls_ssl_conf_groups(&config_, kGroups);
  mbedtls_ssl_conf_rng(&config_, random, nullptr);
  return {};
}

Status TlsContext::for_site(Bytes ca, Bytes certificate, DeviceKey& key) {
  TRY(set_up());
  if (mbedtls_x509_crt_parse_der(&ca_, ca.data(), ca.size()) != 0 ||
      mbedtls_x509_crt_parse_der(&certificate_, certificate.data(), certificate.size()) != 0) {
    return Error::kMalformed;
  }
  mbedtls_ssl_conf_ca_chain(&config_, &ca_, nullptr);
  if (mbedtls_ssl_conf_own_cert(&config_, &certificate_, key.get()) != 0) return Error::kFull;
  return {};
}

Status TlsContext::for_enrolment(core::View<16> ca_fingerprint) {
  TRY(set_up());
  fingerprint_ = core::to_array(ca_fingerprint);
  mbedtls_ssl_conf_ca_cb(&config_, find_trusted, this);
  return {};
}

// mbedTLS asks who may have signed `child`; behind it is the rest of what the
// server sent. The answer is mbedTLS's to free.
int TlsContext::find_trusted(void* self, const mbedtls_x509_crt* child, mbedtls_x509_crt** found) {
  *found = nullptr;
  for (const mbedtls_x509_crt* one = child; one != nullptr; one = one->next) {
    const auto hash = core::crypto::sha256({one->raw.p, one->raw.len});
    if (!core::equal_var(Bytes(hash).first(16), static_cast<TlsContext*>(self)->fingerprint_)) {
      continue;
    }
    auto* copy = static_cast<mbedtls_x509_crt*>(mbedtls_calloc(1, sizeof(mbedtls_x509_crt)));
    if (copy == nullptr) return MBEDTLS_ERR_X509_ALLOC_FAILED;
    mbedtls_x509_crt_init(copy);
    const int status = mbedtls_x509_crt_parse_der(copy, one->raw.p, one->raw.len);
    if (status != 0) {
      mbedtls_x509_crt_free(copy);
      mbedtls_free(copy);
      return status;
    }
    *found = copy;
    return 0;
  }
  return 0;
}

Status TlsStream::connect(const TlsContext& context, const ip_addr_t& address, std::uint16_t port,
                          const char* host) {
  if (phase_ != Phase::kClosed) return Error::kOutOfOrder;
  if (mbedtls_ssl_setup(&ssl_, context.get()) != 0 || mbedtls_ssl_set_hostname(&ssl_, host) != 0) {
    close();
    return Error::kFull;
  }
  mbedtls_ssl_set_bio(&ssl_, this, send, receive, nullptr);
  const auto connected = tcp_.connect(address, port);
  if (!connected) {
    close();
    return connected;
  }
  phase_ = Phase::kConnecting;
  return {};
}

Status TlsStream::advance() {
  if (tcp_.lost()) return Error::kRefused;
  if (phase_ == Phase::kConnecting && tcp_.open()) phase_ = Phase::kHandshaking;
  if (phase_ != Phase::kHandshaking) return {};
  const int status = mbedtls_ssl_handshake(&ssl_);
  if (status == 0) phase_ = Phase::kOpen;
  if (status == 0 || waits(status)) return {};
  return error_of(status);
}

Result<std::size_t> TlsStream::read(core::MutBytes out) {
  CHECK(open());
  const int size = mbedtls_ssl_read(&ssl_, out.data(), out.size());
  if (size > 0) return static_cast<std::size_t>(size);
  if (waits(size)) return std::size_t{0};
  return error_of(size);
}

Result<std::size_t> TlsStream::write(Bytes bytes) {
  CHECK(open());
  if (bytes.empty()) return std::size_t{0};
  const int size = mbedtls_ssl_write(&ssl_, bytes.data(), bytes.size());
  if (size >= 0) return static_cast<std::size_t>(size);
  if (waits(size)) return std::size_t{0};
  return error_of(size);
}

void TlsStream::close() {
  if (phase_ == Phase::kOpen) mbedtls_ssl_close_notify(&ssl_);
  tcp_.close();
  mbedtls_ssl_free(&ssl_);
  mbedtls_ssl_init(&ssl_);
  phase_ = Phase::kClosed;
}

Error TlsStream::error_of(int status) {
  last_error_ = status;
  switch (status) {
    case MBEDTLS_ERR_X509_CERT_VERIFY_FAILED:
      return only_dates(mbedtls_ssl_get_verify_result(&ssl_)) ? Error::kExpired : Error::kUntrusted;
    case MBEDTLS_ERR_SSL_BAD_CERTIFICATE: return Error::kUntrusted;
    case MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION:
    case MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE: return Error::kBadVersion;
    case MBEDTLS_ERR_SSL_ALLOC_FAILED:
    case MBEDTLS_ERR_X509_ALLOC_FAILED: return Error::kFull;
    case MBEDTLS_ERR_SSL_INVALID_MAC: return Error::kBadTag;
    case MBEDTLS_ERR_SSL_NO_RNG: return Error::kRng;
    case 0:
    case MBEDTLS_ERR_SSL_CONN_EOF:
    case MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY:
    case MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE: return Error::kRefused;
    default: return Error::kMalformed;
  }
}

int TlsStream::send(void* self, const unsigned char* bytes, std::size_t size) {
  const auto sent = static_cast<TlsStream*>(self)->tcp_.write({bytes, size});
  if (!sent) return MBEDTLS_ERR_SSL_CONN_EOF;
  return *sent == 0 ? MBEDTLS_ERR_SSL_WANT_WRITE : static_cast<int>(*sent);
}

int TlsStream::receive(void* self, unsigned char* out, std::size_t size) {
  const auto received = static_cast<TlsStream*>(self)->tcp_.read({out, size});
  if (!received) return MBEDTLS_ERR_SSL_CONN_EOF;
  return *received == 0 ? MBEDTLS_ERR_SSL_WANT_READ : static_cast<int>(*received);
}

}  // namespace ports::mbedtls
