#include "test/broker/tls_handshake.h"

#include <netinet/in.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

namespace test {

int tls_handshake(std::uint16_t port, const std::filesystem::path& pem, int version) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    close(fd);
    return -1;
  }
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(context, version);
  SSL_CTX_set_max_proto_version(context, version);
  if (!pem.empty()) {
    SSL_CTX_use_certificate_chain_file(context, pem.c_str());
    SSL_CTX_use_PrivateKey_file(context, pem.c_str(), SSL_FILETYPE_PEM);
  }
  SSL* ssl = SSL_new(context);
  SSL_set_fd(ssl, fd);
  ERR_clear_error();
  int alert = 0;
  if (SSL_connect(ssl) != 1) {
    const int reason = ERR_GET_REASON(ERR_peek_error());
    alert = reason >= SSL_AD_REASON_OFFSET ? reason - SSL_AD_REASON_OFFSET : -1;
  }
  SSL_free(ssl);
  SSL_CTX_free(context);
  close(fd);
  return alert;
}

}  // namespace test
