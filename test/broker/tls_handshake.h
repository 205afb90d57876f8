// One TLS handshake of one version.
#ifndef TEST_BROKER_TLS_HANDSHAKE_H_
#define TEST_BROKER_TLS_HANDSHAKE_H_

#include <openssl/ssl.h>

#include <cstdint>
#include <filesystem>

namespace test {

// With the key and certificate of `pem`, or none if it is empty. The number of
// the alert that refuses it, -1 for another failure, 0 if it succeeds.
int tls_handshake(std::uint16_t port, const std::filesystem::path& pem, int version);

}  // namespace test
#endif  // TEST_BROKER_TLS_HANDSHAKE_H_
