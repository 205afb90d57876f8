#include "core/crypto/kyber.h"

#include "core/crypto/sha3.h"

namespace core::crypto {
namespace {

// The shared secret of round 3 from that of ML-KEM:
// SHAKE-256(K || SHA3-256(ciphertext)).
Secret<32> round_3_secret(const Secret<32>& secret, View<MlKem1024::kCiphertextSize> ciphertext) {
  Shake shake(Shake::Strength::k256);
  shake.absorb(secret.view());
  shake.absorb(sha3_256(ciphertext));
  Secret<32> out;
  shake.squeeze(out.mut());
  return out;
}

}  // namespace

void kyber1024_public_key(View<64> seed, MutView<kKyber1024PublicKeySize> public_key,
                          MlKemWork& work) {
  public_key[0] = kKyber1024Type;
  MlKem1024::public_key(seed, public_key.subspan<1>(), work);
}

Result<Secret<32>> kyber1024_encapsulate(View<kKyber1024PublicKeySize> public_key, View<32> random,
                                         MutView<kKyber1024CiphertextSize> ciphertext,
                                         MlKemWork& work) {
  if (public_key[0] != kKyber1024Type) {
    wipe(ciphertext);
    return Error::kBadKey;
  }
  ByteArray<32> digest = sha3_256(random);
  const Secret<32> message{View<32>(digest)};
  wipe(digest);
  ciphertext[0] = 0;
  const auto bare = ciphertext.subspan<1>();
  const auto secret =
      TRY(MlKem1024::encapsulate(public_key.subspan<1>(), message.view(), bare, work));
  ciphertext[0] = kKyber1024Type;
  return round_3_secret(secret, bare);
}

Result<Secret<32>> kyber1024_decapsulate(View<64> seed, View<kKyber1024CiphertextSize> ciphertext,
                                         MlKemWork& work) {
  if (ciphertext[0] != kKyber1024Type) return Error::kBadKey;
  const auto bare = ciphertext.subspan<1>();
  return round_3_secret(MlKem1024::decapsulate(seed, bare, work), bare);
}

Result<Secret<32>> kyber1024_decapsulate_expanded(View<kKyber1024PrivateKeySize> private_key,
                                                  View<kKyber1024CiphertextSize> ciphertext,
                                                  MlKemWork& work) {
  if (private_key[0] != kKyber1024Type || ciphertext[0] != kKyber1024Type) return Error::kBadKey;
  const auto bare = ciphertext.subspan<1>();
  const auto secret = TRY(MlKem1024::decapsulate_expanded(private_key.subspan<1>(), bare, work));
  return round_3_secret(secret, bare);
}

}  // namespace core::crypto
