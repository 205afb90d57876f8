#include "core/api/enrolment.h"

#include "core/base/writer.h"
#include "core/crypto/aead.h"
#include "core/crypto/hkdf.h"
#include "core/crypto/sha2.h"
#include "core/crypto/x25519.h"
#include "core/crypto/xeddsa.h"

namespace core::api {
namespace {

constexpr std::size_t kIdSize = 8;
constexpr std::size_t kNonceSize = 24;
static_assert(kIdSize + kNonceSize + crypto::kAeadTagSize == kEnrolOverhead);

Secret<32> key_of(const Secret<16>& secret, Direction direction) {
  constexpr auto kRequest = label("Ginnel enrolment 1 request");
  constexpr auto kResponse = label("Ginnel enrolment 1 response");
  const Bytes info = direction == Direction::kRequest ? Bytes(kRequest) : Bytes(kResponse);
  return crypto::hkdf_sha256<32>({}, secret.view(), info);
}

}  // namespace

ByteArray<8> invite_id(const Secret<16>& secret) {
  ByteArray<kIdSize> id;
  crypto::hkdf_sha256({}, secret.view(), label("Ginnel enrolment 1 id"), id);
  return id;
}

Result<std::size_t> seal_enrolment(const Secret<16>& secret, Direction direction, Bytes plain,
                                   Rng& rng, MutBytes out) {
  wipe(out);
  if (out.size() < kEnrolOverhead || out.size() - kEnrolOverhead < plain.size()) {
    return Error::kFull;
  }
  const auto id = invite_id(secret);
  const auto nonce = TRY(rng.draw<kNonceSize>());
  const std::size_t size = plain.size() + kEnrolOverhead;
  copy(id, out);
  copy(nonce.view(), out.subspan(kIdSize));
  const MutBytes text = out.first(size).subspan(kIdSize + kNonceSize);
  copy(plain, text);
  crypto::xchacha20_poly1305_seal(key_of(secret, direction).view(), nonce.view(), id, text);
  return size;
}

Result<std::size_t> open_enrolment(const Secret<16>& secret, Direction direction, Bytes sealed,
                                   MutBytes out) {
  wipe(out);
  if (sealed.size() < kEnrolOverhead) return Error::kMalformed;
  const auto id = sealed.first<kIdSize>();
  const auto nonce = sealed.subspan(kIdSize).first<kNonceSize>();
  const Bytes text = sealed.subspan(kIdSize + kNonceSize);
  if (!equal_var(id, invite_id(secret))) return Error::kNotFound;
  if (out.size() < text.size()) return Error::kFull;
  copy(text, out);
  return crypto::xchacha20_poly1305_open(key_of(secret, direction).view(), nonce, id,
                                         out.first(text.size()));
}

EnrolmentProof::EnrolmentProof(const Secret<16>& secret, View<33> identity_key,
                               std::uint32_t registration_id, Bytes csr, Bytes tunnel_key) {
  CHECK(tunnel_key.empty() || tunnel_key.size() == 32);
  Writer writer(text_);
  writer.bytes(label("Ginnel enrolment 1"));
  writer.bytes(invite_id(secret));
  writer.bytes(identity_key);
  writer.u32_be(registration_id);
  writer.bytes(crypto::sha256(csr));
  writer.bytes(tunnel_key);
  CHECK(writer.ok());
  size_ = writer.size();
}

Result<std::size_t> seal_enrol_request(const Secret<16>& secret, const EnrolmentKeys& keys,
                                       Rng& rng, MutBytes scratch, MutBytes out) {
  ByteArray<33> identity_key{0x05};
  copy(crypto::x25519_public(keys.identity), MutBytes(identity_key).subspan(1));
  const auto tunnel_key = crypto::x25519_public(keys.tunnel);
  const EnrolmentProof proven(secret, identity_key, keys.registration_id, keys.csr, tunnel_key);
  const auto proof = TRY(crypto::xeddsa_sign(keys.identity, proven.message(), rng));
  const EnrolRequestView request{.identity_key = identity_key,
                                 .registration_id = keys.registration_id,
                                 .csr = keys.csr,
                                 .proof = proof,
                                 .tunnel_key = tunnel_key,
                                 .max_contacts = keys.max_contacts};
  const auto size = TRY(request.encode(scratch));
  return seal_enrolment(secret, Direction::kRequest, Bytes(scratch).first(size), rng, out);
}

}  // namespace core::api
