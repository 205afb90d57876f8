# What only builds for a board need.
enable_language(ASM)

# lwIP 2.2.1: the one of Debian 13, as that of Debian 12 is older.
set(lwip ${PROJECT_BINARY_DIR}/lwip/lwip/src)
set(lwip_sources core/def.c core/dns.c core/inet_chksum.c core/init.c core/ip.c core/ipv4/dhcp.c core/ipv4/etharp.c
  core/ipv4/icmp.c core/ipv4/ip4.c core/ipv4/ip4_addr.c core/ipv4/ip4_frag.c core/ipv6/ethip6.c core/ipv6/icmp6.c
  core/ipv6/inet6.c core/ipv6/ip6.c core/ipv6/ip6_addr.c core/ipv6/ip6_frag.c core/ipv6/mld6.c core/ipv6/nd6.c
  core/mem.c core/memp.c core/netif.c core/pbuf.c core/stats.c core/tcp.c core/tcp_in.c core/tcp_out.c
  core/timeouts.c core/udp.c netif/ethernet.c)
list(TRANSFORM lwip_sources PREPEND ${lwip}/)
add_custom_command(OUTPUT ${lwip_sources}
  COMMAND ${PROJECT_SOURCE_DIR}/tools/debian_source.sh lwip trixie ${PROJECT_BINARY_DIR}/lwip
  COMMENT "Unpacking lwIP from Debian's source package"
  VERBATIM)
add_custom_target(lwip_unpacked DEPENDS ${lwip_sources})
add_library(lwip STATIC ${lwip_sources})
add_dependencies(lwip lwip_unpacked)
# Its configuration is ports/lwip/lwipopts.h.
target_include_directories(lwip SYSTEM PUBLIC ${lwip}/include ${PROJECT_SOURCE_DIR}/ports/lwip)
target_include_directories(lwip PRIVATE ${PROJECT_SOURCE_DIR})
target_compile_definitions(lwip PUBLIC ${GINNEL_LIMITS})

# mbedTLS 3.6, for TLS 1.3: that of Debian 13 too.
set(mbedtls ${PROJECT_BINARY_DIR}/mbedtls/mbedtls)
set(mbedtls_sources aes asn1parse asn1write bignum bignum_core bignum_mod bignum_mod_raw block_cipher chacha20
  chachapoly cipher cipher_wrap constant_time ecdh ecdsa ecp ecp_curves gcm md memory_buffer_alloc oid pk pk_ecc
  pk_wrap pkparse pkwrite platform platform_util poly1305 psa_crypto psa_crypto_aead psa_crypto_cipher
  psa_crypto_client psa_crypto_driver_wrappers_no_static psa_crypto_ecp psa_crypto_hash psa_crypto_mac
  psa_crypto_slot_management psa_crypto_storage psa_util sha256 sha512 ssl_ciphersuites ssl_client ssl_msg ssl_tls
  ssl_tls13_client ssl_tls13_generic ssl_tls13_keys x509 x509_create x509_crt x509write x509write_csr)
list(TRANSFORM mbedtls_sources PREPEND ${mbedtls}/library/)
list(TRANSFORM mbedtls_sources APPEND .c)
add_custom_command(OUTPUT ${mbedtls_sources}
  COMMAND ${PROJECT_SOURCE_DIR}/tools/debian_source.sh mbedtls trixie ${PROJECT_BINARY_DIR}/mbedtls
  COMMENT "Unpacking mbedTLS from Debian's source package"
  VERBATIM)
add_custom_target(mbedtls_unpacked DEPENDS ${mbedtls_sources})
add_library(mbedtls STATIC ${mbedtls_sources})
add_dependencies(mbedtls mbedtls_unpacked)
target_include_directories(mbedtls SYSTEM PUBLIC ${mbedtls}/include)
target_include_directories(mbedtls PRIVATE ${mbedtls}/library ${PROJECT_SOURCE_DIR})
target_compile_definitions(mbedtls PUBLIC MBEDTLS_CONFIG_FILE="ports/mbedtls/config.h" ${GINNEL_LIMITS})
