#include "core/e2e/agreement.h"

#include "core/crypto/hkdf.h"

namespace core::e2e {
namespace {

constexpr auto kX3dhLabel = label("WhisperText");
constexpr auto kPqxdhLabel = label("WhisperText_X25519_SHA-256_CRYSTALS-KYBER-1024");

// The input of the KDF: 32 bytes 0xff, then every shared secret in its order.
class KdfInput {
 public:
  KdfInput() { std::fill_n(bytes_.mut().begin(), 32, std::uint8_t{0xff}); }
  void add(const Secret<32>& secret) {
    copy(secret.view(), bytes_.mut().subspan(size_));
    size_ += 32;
  }
  // Adds what the pairs agree on. Errors: kBadKey (low order).
  Status add(std::span<const crypto::X25519Pair> pairs) {
    TRY(crypto::x25519(pairs, bytes_.mut().subspan(size_)));
    size_ += 32 * pairs.size();
    return {};
  }
  void derive(bool post_quantum, Agreement& out) const {
    const Bytes input = bytes_.view().first(size_);
    if (post_quantum)
      crypto::hkdf_sha256({}, input, kPqxdhLabel, out.keys.mut());
    else
      crypto::hkdf_sha256({}, input, kX3dhLabel, out.keys.mut().first<64>());
  }

 private:
  Secret<6 * 32> bytes_;
  std::size_t size_ = 32;
};

// The point of a key whose type byte prekey::verify() has checked.
View<32> point_of(View<kPublicKeySize> verified) { return verified.subspan<1>(); }

Result<Secret<32>> decapsulate(Bytes private_key, View<crypto::kKyber1024CiphertextSize> ciphertext,
                               crypto::MlKemWork& work) {
  switch (private_key.size()) {
    case 0: return Error::kNotFound;
    case crypto::kKemSeedSize:
      return crypto::kyber1024_decapsulate(private_key.first<crypto::kKemSeedSize>(), ciphertext,
                                           work);
    case crypto::kKyber1024PrivateKeySize:
      return crypto::kyber1024_decapsulate_expanded(
          private_key.first<crypto::kKyber1024PrivateKeySize>(), ciphertext, work);
    default: return Error::kMalformed;
  }
}

}  // namespace

Status agree_as_initiator(const OurIdentity& identity, const OurBaseKey& base_key,
                          const prekey::Bundle& bundle, View<32> kem_random,
                          MutView<crypto::kKyber1024CiphertextSize> kem_ciphertext,
                          crypto::MlKemWork& work, Agreement& out) {
  const auto theirs = point_of(bundle.identity_key);
  const auto signed_pre_key = point_of(bundle.signed_pre_key.public_key);
  // The last one counts with a one-time prekey.
  const std::array<crypto::X25519Pair, 4> pairs{
      {{identity.private_key(), signed_pre_key},
       {base_key.private_key(), theirs},
       {base_key.private_key(), signed_pre_key},
       {base_key.private_key(),
        bundle.one_time ? point_of(bundle.one_time->public_key) : signed_pre_key}}};
  KdfInput input;
  TRY(input.add(std::span(pairs).first(bundle.one_time ? 4 : 3)));
  if (bundle.kem) {
    input.add(TRY(
        crypto::kyber1024_encapsulate(bundle.kem->public_key, kem_random, kem_ciphertext, work)));
  }
  input.derive(bundle.kem.has_value(), out);
  return {};
}

Status agree_as_responder(const OurIdentity& identity, const OurPreKeys& keys,
                          const PreKeyMessage& message, crypto::MlKemWork& work, Agreement& out) {
  if (message.pre_key_id && keys.one_time == nullptr) return Error::kNotFound;
  const auto& base_key = message.base_key;
  if (!crypto::x25519_is_prime_order_var(base_key.point())) return Error::kBadKey;
  // The last one counts with a one-time prekey.
  const std::array<crypto::X25519Pair, 4> pairs{
      pair(keys.signed_pre_key, message.identity_key), pair(identity, base_key),
      pair(keys.signed_pre_key, base_key),
      message.pre_key_id ? pair(*keys.one_time, base_key) : pair(identity, base_key)};
  KdfInput input;
  TRY(input.add(std::span(pairs).first(message.pre_key_id ? 4 : 3)));
  if (message.version == kPqxdhVersion) {
    const auto ciphertext = message.kem_ciphertext.first<crypto::kKyber1024CiphertextSize>();
    input.add(TRY(decapsulate(keys.kem, ciphertext, work)));
  }
  input.derive(message.version == kPqxdhVersion, out);
  return {};
}

}  // namespace core::e2e
