// The invite token: everything a device needs to enrol, in one line of text.
// Spec: docs/spec/enrolment.md token.
#ifndef CORE_API_TOKEN_H_
#define CORE_API_TOKEN_H_

#include "core/base/bytes.h"
#include "core/base/result.h"
#include "core/base/time.h"

namespace core::api {

// "GNL1-" and Crockford base32 of the binary form; a checksum catches typing
// errors. 77 characters for an IPv4 address, 97 for IPv6, 71 and 1.6 for each
// character of a DNS name. Upper case is written; lower case, O for 0, I and L
// for 1 and "-" or white space anywhere are read too.
struct Token {
  static constexpr std::size_t kMaxHostSize = 64;
  static constexpr std::size_t kMaxTextSize = 192;

  ByteArray<kMaxHostSize> host_text{};  // DNS name or IP address of ginneld's HTTPS listener
  std::uint8_t host_size = 0;
  std::uint16_t port = 0;
  ByteArray<16> ca_fingerprint{};  // first 16 bytes of SHA-256(CA certificate, DER)
  Secret<16> secret;               // one-time
  std::uint32_t expires_s = 0;     // seconds since 1970

  Bytes host() const { return Bytes(host_text).first(host_size); }
  bool expired(WallTime now) const { return now.ms / 1000 >= expires_s; }

  // Errors: kMalformed (not a token, or mistyped), kBadVersion (a later one).
  static Result<Token> parse(Bytes text);
  // Writes the text, without a final zero. Errors: kFull, kMalformed (the host is
  // neither an address nor a DNS name, or the port is 0); then it is all zeros.
  Result<std::size_t> format(MutBytes text) const;
};

}  // namespace core::api
#endif  // CORE_API_TOKEN_H_
