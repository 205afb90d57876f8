// Certificates and a TLS server for tests: real OpenSSL, real sockets.
#ifndef PORTS_LINUX_TEST_TLS_PEER_H_
#define PORTS_LINUX_TEST_TLS_PEER_H_

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "core/base/bytes.h"
#include "ports/linux/openssl.h"
#include "ports/linux/system.h"

struct ssl_st;

namespace ports::linux_os {

// A certificate and its key.
struct TestCertificate {
  X509Ptr certificate;
  KeyPtr key;

  std::string certificate_text() const;
  std::string key_text() const;
  core::ByteArray<16> fingerprint() const;
};

struct TestCertificateOptions {
  std::string name = "test";
  std::string hosts = {};  // "DNS:localhost,IP:127.0.0.1"; empty: none
  bool is_authority = false;
  long starts_in_s = -3600;
  long ends_in_s = 3600;
};
// Signed by `issuer`, or by itself without one.
TestCertificate make_test_certificate(const TestCertificateOptions& options,
                                      const TestCertificate* issuer);

// Accepts one connection on a free port of 127.0.0.1 in a thread, shakes
// hands and runs `talk` if that went well.
class TestTlsPeer {
 public:
  struct Options {
    const TestCertificate* certificate = nullptr;
    const TestCertificate* also_sent = nullptr;         // behind it in the chain
    const TestCertificate* client_authority = nullptr;  // whose certificates clients must show
    int highest_version = 0;                            // 0: any
    bool plain = false;                                 // no TLS at all: `talk` gets nothing
  };
  TestTlsPeer(const Options& options, std::function<void(ssl_st*)> talk);
  ~TestTlsPeer();

  std::uint16_t port() const { return port_; }

 private:
  Fd listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace ports::linux_os
#endif  // PORTS_LINUX_TEST_TLS_PEER_H_
