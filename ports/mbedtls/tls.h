// One TLS 1.3 client connection over lwIP, without waiting.
#ifndef PORTS_MBEDTLS_TLS_H_
#define PORTS_MBEDTLS_TLS_H_

#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

#include "ports/lwip/tcp_stream.h"
#include "ports/mbedtls/device_key.h"

namespace ports::mbedtls {

// Whom to trust and who we are. Outlives the streams made with it.
class TlsContext {
 public:
  TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

  // Trusts the one CA and shows a client certificate, both DER; `key` is the
  // certificate's and outlives this: see check_certificate(). Errors: kMalformed, kFull.
  core::Status for_site(core::Bytes ca, core::Bytes certificate, DeviceKey& key);
  // Trusts the CA whose certificate, sent along by the server, has this SHA-256
  // (the first 16 bytes, over DER); shows no certificate. Errors: kFull.
  core::Status for_enrolment(core::View<16> ca_fingerprint);

  const mbedtls_ssl_config* get() const { return &config_; }

 private:
  static int find_trusted(void* self, const mbedtls_x509_crt* child, mbedtls_x509_crt** found);
  core::Status set_up();
  void clear();

  mbedtls_ssl_config config_;
  mbedtls_x509_crt ca_, certificate_;
  core::ByteArray<16> fingerprint_{};
};

class TlsStream {
 public:
  TlsStream() { mbedtls_ssl_init(&ssl_); }
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;
  ~TlsStream() { close(); }

  // Starts. `host`: a DNS name or an IP address, ending in zero, which the
  // server's certificate must carry. Errors: kFull; kOutOfOrder: not closed.
  core::Status connect(const TlsContext& context, const ip_addr_t& address, std::uint16_t port,
                       const char* host);
  // To be called while lwIP works, until open(). Errors: kRefused: the other
  // side ended it; kUntrusted: its certificate; kExpired: nothing but the dates
  // of that are wrong, or the clock is; kBadVersion: no TLS 1.3; kFull;
  // kMalformed. A server can refuse our certificate only after it has said that
  // the handshake is over; then the first read() says so.
  core::Status advance();
  bool open() const { return phase_ == Phase::kOpen; }

  // 0: nothing is there yet. REQUIRES: open(). Errors: kRefused: it is over;
  // kBadTag, kMalformed.
  core::Result<std::size_t> read(core::MutBytes out);
  // How much was taken; 0: there is no room yet, and the same bytes have to be
  // given again. REQUIRES: open(). Errors: kRefused.
  core::Result<std::size_t> write(core::Bytes bytes);
  // Says goodbye, as far as that goes without waiting.
  void close();

  int test_only_last_error() const { return last_error_; }

 private:
  enum class Phase : std::uint8_t { kClosed, kConnecting, kHandshaking, kOpen };

  static int send(void* self, const unsigned char* bytes, std::size_t size);
  static int receive(void* self, unsigned char* out, std::size_t size);
  core::Error error_of(int status);

  Phase phase_ = Phase::kClosed;
  lwip::TcpStream tcp_;
  mbedtls_ssl_context ssl_;
  int last_error_ = 0;
};

}  // namespace ports::mbedtls
#endif  // PORTS_MBEDTLS_TLS_H_
