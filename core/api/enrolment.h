// The enrolment exchange, sealed under the invite's secret so that nobody
// between, a broken TLS included, learns or changes anything.
// Spec: docs/spec/enrolment.md exchange.
#ifndef CORE_API_ENROLMENT_H_
#define CORE_API_ENROLMENT_H_

#include "core/api/message.h"
#include "core/base/rng.h"

namespace core::api {

// Sealed size = plain size + this: invite id 8, nonce 24, tag 16.
inline constexpr std::size_t kEnrolOverhead = 48;

enum class Direction : std::uint8_t { kRequest, kResponse };

// What the server looks an invite up by; tells nothing about the secret.
// First 8 bytes of HKDF(secret, "Ginnel enrolment 1 id").
ByteArray<8> invite_id(const Secret<16>& secret);

// Seals `plain` as invite id || nonce || XChaCha20-Poly1305 under a key of the
// secret and the direction. Returns plain.size() + kEnrolOverhead.
// Errors: kFull, kRng.
Result<std::size_t> seal_enrolment(const Secret<16>& secret, Direction direction, Bytes plain,
                                   Rng& rng, MutBytes out);
// Opens it into `out` and returns the plain text's size, sealed.size() -
// kEnrolOverhead. `out` needs room for the tag too: sealed.size() bytes are
// always enough, 32 fewer are needed. Must not overlap `sealed`.
// Errors: kMalformed (size), kNotFound (another invite), kBadTag, kFull.
Result<std::size_t> open_enrolment(const Secret<16>& secret, Direction direction, Bytes sealed,
                                   MutBytes out);

// What `proof` signs: "Ginnel enrolment 1" || invite id || identity key ||
// registration id (BE32) || SHA-256(CSR) || the tunnel key, if there is one.
class EnrolmentProof {
 public:
  // REQUIRES: `tunnel_key` is empty or has 32 bytes.
  EnrolmentProof(const Secret<16>& secret, View<33> identity_key, std::uint32_t registration_id,
                 Bytes csr, Bytes tunnel_key);
  // 95 or 127 bytes, as long as this object lives.
  Bytes message() const { return Bytes(text_).first(size_); }

 private:
  ByteArray<18 + 8 + 33 + 4 + 32 + 32> text_{};
  std::size_t size_ = 0;
};

// What a device enrols: made on it, and kept there before it is sent.
struct EnrolmentKeys {
  const Secret<32>& identity;         // X25519 private key, clamped
  std::uint32_t registration_id = 0;  // 1 to 16380
  Bytes csr{};                        // DER, at most kMaxCsrSize
  const Secret<32>& tunnel;           // X25519 private key, clamped
  std::uint32_t max_contacts = 0;     // in the answer; 0: kMaxContactsPerPage
};

// Largest sealed EnrolRequest.
inline constexpr std::size_t kMaxEnrolRequestSize = kMaxCsrSize + 256;

// Writes the sealed request for enrolment, its proof signed. `scratch` and `out`
// do not overlap; kMaxEnrolRequestSize bytes of each are always enough.
// Errors: kFull, kRng.
Result<std::size_t> seal_enrol_request(const Secret<16>& secret, const EnrolmentKeys& keys,
                                       Rng& rng, MutBytes scratch, MutBytes out);

}  // namespace core::api
#endif  // CORE_API_ENROLMENT_H_
