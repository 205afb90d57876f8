// One TLS 1.3 client connection over TCP, without blocking.
#ifndef PORTS_LINUX_TLS_H_
#define PORTS_LINUX_TLS_H_

#include <memory>
#include <string>
#include <vector>

#include "core/base/bytes.h"
#include "ports/linux/resolver.h"

struct ssl_ctx_st;
struct ssl_st;

namespace ports::linux_os {

// Whom to trust and who we are. Outlives the streams made with it.
class TlsContext {
 public:
  // Trusts the one CA and shows a client certificate. All three in PEM.
  // Errors: kStore if one of them does not parse or they do not match.
  static Outcome<TlsContext> for_site(const std::string& ca, const std::string& certificate,
                                      std::string_view private_key);
  // Trusts the CA whose certificate, sent along by the server, has this
  // SHA-256 (first 16 bytes, over the DER form); shows no certificate.
  static Outcome<TlsContext> for_enrolment(core::View<16> ca_fingerprint);

  ssl_ctx_st* get() const { return context_.get(); }

 private:
  struct Free {
    void operator()(ssl_ctx_st* context) const;
  };
  static Outcome<TlsContext> make();

  std::unique_ptr<ssl_ctx_st, Free> context_;
  std::unique_ptr<core::ByteArray<16>> fingerprint_;  // read by OpenSSL's callback: must not move
};

// Resolves a name, connects and shakes hands, trying one address after the
// other; then carries bytes. The caller polls fd() for events() and calls
// advance() whenever they happen or deadline() has come; overall time limits
// are the caller's. SIGPIPE must be ignored in the process.
class TlsStream {
 public:
  // Starts. `host`: a DNS name or an IP address, which the server's
  // certificate must carry.
  static Outcome<TlsStream> connect(const TlsContext& context, const std::string& host,
                                    std::uint16_t port, core::Instant now);

  // A TLS server can refuse our certificate only after it has said that the
  // handshake is over; then the first read() says so.
  Done advance(core::Instant now);
  bool open() const { return phase_ == Phase::kOpen; }

  int fd() const { return resolver_.valid() ? resolver_.get() : socket_.get(); }
  // POLLIN and POLLOUT as the connection needs them now. `want_write`: the
  // caller has bytes to write that write() did not take.
  short events(bool want_write) const;
  core::Instant deadline() const { return deadline_; }

  // Reads what is there; 0 if nothing is yet. REQUIRES: open().
  // Errors: kNetwork when the other side closed; kRefused.
  Outcome<std::size_t> read(core::MutBytes out);
  // Writes what fits; 0 if nothing does yet. REQUIRES: open().
  Outcome<std::size_t> write(core::Bytes bytes);
  // Says goodbye, as far as that goes without waiting.
  void shut_down();

  // "TLS_AES_256_GCM_SHA384", for status pages. REQUIRES: open().
  std::string cipher() const;

 private:
  enum class Phase : std::uint8_t { kResolving, kConnecting, kHandshaking, kOpen, kClosed };
  struct Free {
    void operator()(ssl_st* ssl) const;
  };

  TlsStream() = default;
  Done connect_next(core::Instant now);
  Done check_connected(core::Instant now);
  Done start_handshake();
  Done shake();
  Problem tls_problem(int returned);
  Problem unreachable(const std::string& reason) const;

  const TlsContext* context_ = nullptr;
  std::string host_;
  std::uint16_t port_ = 0;
  Phase phase_ = Phase::kResolving;
  Fd resolver_;
  std::vector<SocketAddress> addresses_;
  std::size_t next_address_ = 0;
  std::string last_reason_;  // why the address before could not be reached
  Fd socket_;
  std::unique_ptr<ssl_st, Free> ssl_;
  bool wants_write_ = false;  // OpenSSL waits for room, not for bytes
  bool has_read_ = false;
  core::Instant deadline_ = core::kNever;
};

}  // namespace ports::linux_os
#endif  // PORTS_LINUX_TLS_H_
