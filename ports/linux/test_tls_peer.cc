#include "ports/linux/test_tls_peer.h"

#include <arpa/inet.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstdlib>

namespace ports::linux_os {
namespace {

// For what cannot fail in a test that means anything.
void must(bool happened) {
  if (!happened) std::abort();
}

std::string text_in(BIO* bio) {
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio, &text);
  return std::string(text, static_cast<std::size_t>(size));
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  auto* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  must(extension && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

}  // namespace

std::string TestCertificate::certificate_text() const {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  must(PEM_write_bio_X509(bio.get(), certificate.get()) == 1);
  return text_in(bio.get());
}

std::string TestCertificate::key_text() const {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  must(PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return text_in(bio.get());
}

core::ByteArray<16> TestCertificate::fingerprint() const {
  core::ByteArray<32> digest;
  unsigned size = 0;
  must(X509_digest(certificate.get(), EVP_sha256(), digest.data(), &size) == 1);
  return core::to_array(core::View<16>(digest.data(), 16));
}

TestCertificate make_test_certificate(const TestCertificateOptions& options,
                                      const TestCertificate* issuer) {
  static long serial = 1;
  TestCertificate made{X509Ptr(X509_new()), KeyPtr(EVP_EC_gen("P-256"))};
  X509* certificate = made.certificate.get();
  must(certificate && made.key);
  X509* signer = issuer ? issuer->certificate.get() : certificate;
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), options.starts_in_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate), options.ends_in_s);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(options.name.c_str()), -1, -1,
                             0);
  X509_set_issuer_name(certificate, X509_get_subject_name(signer));
  X509_set_pubkey(certificate, made.key.get());
  add_extension(certificate, signer, NID_basic_constraints,
                options.is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (!options.hosts.empty()) {
    add_extension(certificate, signer, NID_subject_alt_name, options.hosts);
  }
  must(X509_sign(certificate, issuer ? issuer->key.get() : made.key.get(), EVP_sha256()) > 0);
  return made;
}

TestTlsPeer::TestTlsPeer(const Options& options, std::function<void(ssl_st*)> talk) {
  listener_ = Fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  must(bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  must(listen(listener_.get(), 1) == 0);
  must(getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);

  thread_ = std::thread([this, options, talk = std::move(talk)] {
    pollfd ready{listener_.get(), POLLIN, 0};
    if (poll(&ready, 1, 10'000) != 1) return;
    const Fd connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (options.plain) {
      const std::string text = "SSH-2.0-not-TLS\r\n";
      (void)!send(connection.get(), text.data(), text.size(), MSG_NOSIGNAL);
      usleep(100'000);
      return;
    }
    SSL_CTX* context = SSL_CTX_new(TLS_server_method());
    must(SSL_CTX_use_certificate(context, options.certificate->certificate.get()) == 1);
    must(SSL_CTX_use_PrivateKey(context, options.certificate->key.get()) == 1);
    if (options.also_sent) {
      must(SSL_CTX_add1_chain_cert(context, options.also_sent->certificate.get()) == 1);
    }
    if (options.highest_version != 0) {
      SSL_CTX_set_max_proto_version(context, options.highest_version);
    }
    if (options.client_authority) {
      X509_STORE_add_cert(SSL_CTX_get_cert_store(context),
                          options.client_authority->certificate.get());
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
    SSL* ssl = SSL_new(context);
    SSL_set_fd(ssl, connection.get());
    if (SSL_accept(ssl) == 1 && talk) talk(ssl);
    SSL_shutdown(ssl);
    SSL_free(ssl);
    SSL_CTX_free(context);
    ERR_clear_error();
    // Closed only after the other side had time to read what was said.
    shutdown(connection.get(), SHUT_WR);
    char rest[256];
    while (recv(connection.get(), rest, sizeof rest, 0) > 0) continue;
  });
}

TestTlsPeer::~TestTlsPeer() {
  shutdown(listener_.get(), SHUT_RDWR);
  thread_.join();
}

}  // namespace ports::linux_os
