// mbedTLS: a client of TLS 1.3 with a certificate of its own, ECDSA on P-256, in
// an arena, with the board's randomness and clock.
#ifndef PORTS_MBEDTLS_CONFIG_H_
#define PORTS_MBEDTLS_CONFIG_H_

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif
// Before the arena is set: no memory, and no time.
void* ginnel_mbedtls_no_calloc(size_t count, size_t size);
void ginnel_mbedtls_no_free(void* memory);
long long ginnel_mbedtls_no_time(long long* out);
#ifdef __cplusplus
}
#endif

// The machine.
#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_MEMORY
#define MBEDTLS_MEMORY_BUFFER_ALLOC_C
#define MBEDTLS_MEMORY_DEBUG  // how much of the arena was used
#define MBEDTLS_MEMORY_ALIGN_MULTIPLE 8
#define MBEDTLS_PLATFORM_STD_CALLOC ginnel_mbedtls_no_calloc
#define MBEDTLS_PLATFORM_STD_FREE ginnel_mbedtls_no_free
// It would print what it sees of a damaged arena, and exit.
#define ginnel_mbedtls_print(...) ((void)0)
#define ginnel_mbedtls_exit(status) __builtin_trap()
#define MBEDTLS_PLATFORM_FPRINTF_MACRO ginnel_mbedtls_print
#define MBEDTLS_PLATFORM_EXIT_MACRO ginnel_mbedtls_exit
#define MBEDTLS_NO_PLATFORM_ENTROPY
#define MBEDTLS_HAVE_TIME
#define MBEDTLS_HAVE_TIME_DATE
#define MBEDTLS_PLATFORM_TIME_ALT
#define MBEDTLS_PLATFORM_MS_TIME_ALT
#define MBEDTLS_PLATFORM_GMTIME_R_ALT
#define MBEDTLS_PLATFORM_STD_TIME ginnel_mbedtls_no_time

// Primitives.
#define MBEDTLS_PSA_CRYPTO_C
#define MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG
#define MBEDTLS_USE_PSA_CRYPTO
#define MBEDTLS_PSA_KEY_SLOT_COUNT 16
// Nobody changes a buffer while PSA works on it: it makes no copies, which would
// be two of each record of up to 16 KiB.
#define MBEDTLS_PSA_ASSUME_EXCLUSIVE_BUFFERS
#define MBEDTLS_MD_C
#define MBEDTLS_SHA224_C
#define MBEDTLS_SHA256_C
#define MBEDTLS_HKDF_C
#define MBEDTLS_CIPHER_C
#define MBEDTLS_AES_C
#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_AES_FEWER_TABLES
#define MBEDTLS_BLOCK_CIPHER_NO_DECRYPT  // GCM needs none
#define MBEDTLS_GCM_C
#define MBEDTLS_CHACHA20_C
#define MBEDTLS_POLY1305_C
#define MBEDTLS_CHACHAPOLY_C
#define MBEDTLS_BIGNUM_C
#define MBEDTLS_ECP_C
#define MBEDTLS_ECP_DP_SECP256R1_ENABLED
#define MBEDTLS_ECP_DP_CURVE25519_ENABLED
#define MBEDTLS_ECP_NIST_OPTIM
#define MBEDTLS_ECP_FIXED_POINT_OPTIM 0
#define MBEDTLS_ECP_WINDOW_SIZE 2
#define MBEDTLS_ECDH_C
#define MBEDTLS_ECDSA_C
#define MBEDTLS_ASN1_PARSE_C
#define MBEDTLS_ASN1_WRITE_C
#define MBEDTLS_OID_C
#define MBEDTLS_PK_C
#define MBEDTLS_PK_PARSE_C
#define MBEDTLS_PK_WRITE_C

// Certificates and TLS.
#define MBEDTLS_X509_USE_C
#define MBEDTLS_X509_CRT_PARSE_C
#define MBEDTLS_X509_CREATE_C
#define MBEDTLS_X509_CSR_WRITE_C
#define MBEDTLS_X509_TRUSTED_CERTIFICATE_CALLBACK
#define MBEDTLS_SSL_TLS_C
#define MBEDTLS_SSL_CLI_C
#define MBEDTLS_SSL_PROTO_TLS1_3
#define MBEDTLS_SSL_TLS1_3_COMPATIBILITY_MODE
#define MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL_ENABLED
#define MBEDTLS_SSL_KEEP_PEER_CERTIFICATE
#define MBEDTLS_SSL_SERVER_NAME_INDICATION
// What a server may send in one record, and what we do. A tiny device has room for less than
// TLS allows: a broker writes a packet in one record, and none is larger than the buffer that
// the device has told it of; what comes before, certificates and the answer to an enrolment
// with its few contacts, is smaller too.
#if defined(GINNEL_TINY_DEVICE)
#define MBEDTLS_SSL_IN_CONTENT_LEN 3712
#define MBEDTLS_SSL_OUT_CONTENT_LEN 1280
#else
#define MBEDTLS_SSL_IN_CONTENT_LEN 16384
#define MBEDTLS_SSL_OUT_CONTENT_LEN 2048
#endif

#endif  // PORTS_MBEDTLS_CONFIG_H_
