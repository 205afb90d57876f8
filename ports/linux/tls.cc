#include "ports/linux/tls.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include <cerrno>
#include <cstring>

#include "ports/linux/openssl.h"

namespace ports::linux_os {
namespace {

// How long one address may take while there are others to try.
constexpr std::int64_t kAddressTimeoutMs = 4000;

// Accepts a chain that leads to the pinned CA, found by its fingerprint among
// the certificates that the server sent. All other checks are OpenSSL's.
int verify_pinned(X509_STORE_CTX* store, void* fingerprint) {
  const auto& pin = *static_cast<const core::ByteArray<16>*>(fingerprint);
  const auto* sent = X509_STORE_CTX_get0_untrusted(store);
  for (int i = 0; i < sk_X509_num(sent); ++i) {
    X509* candidate = sk_X509_value(sent, i);
    core::ByteArray<32> digest;
    unsigned size = 0;
    if (X509_digest(candidate, EVP_sha256(), digest.data(), &size) != 1) continue;
    if (!core::equal_var(core::Bytes(digest).first(pin.size()), pin)) continue;
    STACK_OF(X509)* trusted = sk_X509_new_null();
    if (!trusted || sk_X509_push(trusted, candidate) == 0) return 0;
    X509_STORE_CTX_set0_trusted_stack(store, trusted);
    const int verified = X509_verify_cert(store);
    sk_X509_free(trusted);
    return verified;
  }
  X509_STORE_CTX_set_error(store, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN);
  return 0;
}

std::string openssl_reason() {
  const auto code = ERR_peek_last_error();
  const char* reason = ERR_reason_error_string(code);
  return reason ? reason : "unknown reason";
}

// Why the server's certificate was not accepted, and what to do.
Problem certificate_problem(long result, const std::string& host) {
  const std::string who = "The server at " + host;
  switch (result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return {
          ProblemKind::kRefused, who + " shows a certificate that has expired.",
          "Check this device's clock; if it is right, the operator must renew the certificate."};
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return {ProblemKind::kRefused, who + " shows a certificate that is not valid yet.",
              "This device's clock is probably behind: set it."};
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return {ProblemKind::kRefused, who + " shows a certificate made for another host.",
              "The address may belong to somebody else now: ask the operator."};
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return {ProblemKind::kRefused,
              who + " is not of this site: another authority vouches for it.",
              "Somebody may be in between, or the server was set up anew: ask the operator."};
    default:
      return {ProblemKind::kRefused,
              who + " shows a certificate that cannot be trusted: " +
                  X509_verify_cert_error_string(result) + ".",
              "Ask the operator."};
  }
}

// What the other side's alert means, if the last error is one.
Problem alert_problem(const std::string& host) {
  const std::string who = "The server at " + host;
  switch (ERR_GET_REASON(ERR_peek_last_error())) {
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_UNSUPPORTED_PROTOCOL:
      return {ProblemKind::kRefused, who + " does not speak TLS 1.3.", "Ask the operator."};
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
      return {ProblemKind::kRefused, who + " says that this device's certificate has expired.",
              "Check the clock; ask the operator for a new invitation and enrol again."};
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
      return {ProblemKind::kRefused, who + " says that this device is revoked.",
              "Ask the operator."};
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
      return {ProblemKind::kRefused, who + " does not accept this device's certificate.",
              "Ask the operator whether the device is still enrolled."};
    default:
      return {ProblemKind::kNetwork,
              "No secure connection to " + host + ": " + openssl_reason() + ".",
              "Check that the address and port are those of the server."};
  }
}

}  // namespace

void TlsContext::Free::operator()(ssl_ctx_st* context) const { SSL_CTX_free(context); }
void TlsStream::Free::operator()(ssl_st* ssl) const { SSL_free(ssl); }

Outcome<TlsContext> TlsContext::make() {
  TlsContext made;
  made.context_.reset(SSL_CTX_new(TLS_client_method()));
  if (!made.context_ || SSL_CTX_set_min_proto_version(made.get(), TLS1_3_VERSION) != 1) {
    return Problem{ProblemKind::kInternal, "TLS cannot be set up: " + openssl_reason() + ".", {}};
  }
  SSL_CTX_set_verify(made.get(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(made.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  return made;
}

Outcome<TlsContext> TlsContext::for_site(const std::string& ca, const std::string& certificate,
                                         std::string_view private_key) {
  ERR_clear_error();
  auto made = TRY(make());
  const auto authority = parse_certificate(ca);
  const auto own = parse_certificate(certificate);
  const auto key = parse_private_key(private_key);
  if (!authority || !own || !key ||
      X509_STORE_add_cert(SSL_CTX_get_cert_store(made.get()), authority.get()) != 1 ||
      SSL_CTX_use_certificate(made.get(), own.get()) != 1 ||
      SSL_CTX_use_PrivateKey(made.get(), key.get()) != 1) {
    return Problem{ProblemKind::kStore,
                   "This device's certificate or its key cannot be used: " + openssl_reason() + ".",
                   "The home is damaged: put back a good copy, or enrol the device anew."};
  }
  return made;
}

Outcome<TlsContext> TlsContext::for_enrolment(core::View<16> ca_fingerprint) {
  ERR_clear_error();
  auto made = TRY(make());
  made.fingerprint_ = std::make_unique<core::ByteArray<16>>(core::to_array(ca_fingerprint));
  SSL_CTX_set_cert_verify_callback(made.get(), verify_pinned, made.fingerprint_.get());
  return made;
}

Outcome<TlsStream> TlsStream::connect(const TlsContext& context, const std::string& host,
                                      std::uint16_t port, core::Instant now) {
  TlsStream stream;
  stream.context_ = &context;
  stream.host_ = host;
  stream.port_ = port;
  stream.resolver_ = TRY(start_resolving(host, port));
  if (is_ip_address(host)) TRY(stream.advance(now));
  return stream;
}

Problem TlsStream::unreachable(const std::string& reason) const {
  return {ProblemKind::kNetwork,
          "No connection to " + host_ + " port " + std::to_string(port_) + ": " + reason + ".",
          "Check the network, and that the server is running there."};
}

Done TlsStream::advance(core::Instant now) {
  Done done;
  switch (phase_) {
    case Phase::kResolving: {
      pollfd ready{resolver_.get(), POLLIN, 0};
      if (poll(&ready, 1, 0) != 1) return {};
      auto addresses = finish_resolving(resolver_, host_);
      resolver_.close();
      if (addresses) {
        addresses_ = std::move(*addresses);
        done = connect_next(now);
      } else {
        done = addresses.error();
      }
      break;
    }
    case Phase::kConnecting: done = check_connected(now); break;
    case Phase::kHandshaking: done = shake(); break;
    case Phase::kOpen: break;
    case Phase::kClosed: return unreachable("the connection is closed");
  }
  if (!done) phase_ = Phase::kClosed;
  return done;
}

Done TlsStream::connect_next(core::Instant now) {
  while (next_address_ < addresses_.size()) {
    const auto& address = addresses_[next_address_++];
    socket_ = Fd(socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket_.valid()) {
      last_reason_ = std::strerror(errno);
      continue;
    }
    const int on = 1;
    setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    phase_ = Phase::kConnecting;
    deadline_ = next_address_ < addresses_.size() ? now + kAddressTimeoutMs : core::kNever;
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address.storage),
                  address.size) == 0) {
      return start_handshake();
    }
    if (errno == EINPROGRESS) return {};
    last_reason_ = std::strerror(errno);
  }
  return unreachable(last_reason_);
}

Done TlsStream::check_connected(core::Instant now) {
  pollfd ready{socket_.get(), POLLOUT, 0};
  if (poll(&ready, 1, 0) != 1) {
    if (now < deadline_) return {};
    last_reason_ = "no answer";
    return connect_next(now);
  }
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error == 0) return start_handshake();
  last_reason_ = std::strerror(error);
  return connect_next(now);
}

Done TlsStream::start_handshake() {
  ERR_clear_error();
  deadline_ = core::kNever;
  phase_ = Phase::kHandshaking;
  ssl_.reset(SSL_new(context_->get()));
  bool ready = ssl_ && SSL_set_fd(ssl_.get(), socket_.get()) == 1;
  if (ready && is_ip_address(host_)) {
    ready = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), host_.c_str()) == 1;
  } else if (ready) {
    ready = SSL_set1_host(ssl_.get(), host_.c_str()) == 1 &&
            SSL_set_tlsext_host_name(ssl_.get(), host_.c_str()) == 1;
  }
  if (!ready) return unreachable(openssl_reason());
  SSL_set_connect_state(ssl_.get());
  return shake();
}

Done TlsStream::shake() {
  ERR_clear_error();
  wants_write_ = false;
  const int returned = SSL_do_handshake(ssl_.get());
  if (returned == 1) {
    phase_ = Phase::kOpen;
    return {};
  }
  const int error = SSL_get_error(ssl_.get(), returned);
  if (error == SSL_ERROR_WANT_READ) return {};
  if (error == SSL_ERROR_WANT_WRITE) {
    wants_write_ = true;
    return {};
  }
  return tls_problem(returned);
}

Problem TlsStream::tls_problem(int returned) {
  const int system_error = errno;
  const bool was_open = phase_ == Phase::kOpen;
  phase_ = Phase::kClosed;
  const long verified = SSL_get_verify_result(ssl_.get());
  if (!was_open && verified != X509_V_OK) return certificate_problem(verified, host_);
  const int error = SSL_get_error(ssl_.get(), returned);
  const bool cut = error == SSL_ERROR_ZERO_RETURN ||
                   (error == SSL_ERROR_SYSCALL && ERR_peek_error() == 0) ||
                   ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  if (!cut) return alert_problem(host_);
  if (error == SSL_ERROR_SYSCALL && system_error != 0) {
    return unreachable(std::strerror(system_error));
  }
  if (was_open && !has_read_) {
    return {
        ProblemKind::kNetwork, "The server at " + host_ + " closed the connection at once.",
        "It may not accept this device's certificate any more: ask the operator if it stays so."};
  }
  return unreachable("the other side closed it");
}

short TlsStream::events(bool want_write) const {
  switch (phase_) {
    case Phase::kResolving: return POLLIN;
    case Phase::kConnecting: return POLLOUT;
    case Phase::kHandshaking: return wants_write_ ? POLLOUT : POLLIN;
    case Phase::kOpen:
      return static_cast<short>(POLLIN | (want_write || wants_write_ ? POLLOUT : 0));
    case Phase::kClosed: break;
  }
  return 0;
}

Outcome<std::size_t> TlsStream::read(core::MutBytes out) {
  CHECK(open());
  ERR_clear_error();
  errno = 0;
  std::size_t size = 0;
  const int returned = SSL_read_ex(ssl_.get(), out.data(), out.size(), &size);
  if (returned == 1) {
    has_read_ = true;
    return size;
  }
  const int error = SSL_get_error(ssl_.get(), returned);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return std::size_t{0};
  return tls_problem(returned);
}

Outcome<std::size_t> TlsStream::write(core::Bytes bytes) {
  CHECK(open());
  if (bytes.empty()) return std::size_t{0};
  ERR_clear_error();
  errno = 0;
  std::size_t size = 0;
  const int returned = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &size);
  if (returned == 1) return size;
  const int error = SSL_get_error(ssl_.get(), returned);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return std::size_t{0};
  return tls_problem(returned);
}

void TlsStream::shut_down() {
  if (phase_ == Phase::kOpen) {
    ERR_clear_error();
    (void)SSL_shutdown(ssl_.get());
  }
  phase_ = Phase::kClosed;
  ssl_.reset();
  socket_.close();
}

std::string TlsStream::cipher() const {
  CHECK(open());
  return SSL_get_cipher_name(ssl_.get());
}

}  // namespace ports::linux_os
