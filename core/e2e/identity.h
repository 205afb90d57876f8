// Keys of the end-to-end protocol. Whose a key is and what it is for are part
// of its type, so that two of them cannot be exchanged by mistake.
// Spec: docs/spec/end-to-end.md keys.
#ifndef CORE_E2E_IDENTITY_H_
#define CORE_E2E_IDENTITY_H_

#include "core/base/codec.h"
#include "core/crypto/x25519.h"
#include "core/prekey/bundle.h"

namespace core::e2e {

// A serialized public key: 0x05 and the 32 bytes of u.
using PublicKey = ByteArray<prekey::kCurveKeySize>;
inline constexpr std::size_t kPublicKeySize = prekey::kCurveKeySize;

// The serialized public key. Constant time.
PublicKey public_key_of(const Secret<32>& private_key);

// A key pair of ours. Move-only; the private half wipes itself.
template <class Use>
class OurKey {
 public:
  // No key: all zeros, fit only to be assigned to.
  OurKey() = default;
  // Clamps the 32 bytes and computes the public key. Constant time.
  explicit OurKey(View<32> private_key)
      : private_(crypto::x25519_private(private_key)), public_(public_key_of(private_)) {}
  // A pair that was stored together; saves the computation.
  // REQUIRES: they belong together.
  OurKey(View<32> private_key, View<kPublicKeySize> public_key)
      : private_(crypto::x25519_private(private_key)), public_(to_array(public_key)) {}

  OurKey clone() const { return as<Use>(); }
  // The same pair in another use.
  template <class Other>
  OurKey<Other> as() const {
    return OurKey<Other>(private_.view(), public_);
  }
  // Live as long as this object.
  const Secret<32>& private_key() const { return private_; }
  View<kPublicKeySize> public_key() const { return public_; }

 private:
  Secret<32> private_;
  PublicKey public_{};
};

// A public key of the other side.
template <class Use>
class TheirKey {
 public:
  TheirKey() = default;
  // REQUIRES: the type byte has been checked.
  explicit TheirKey(View<kPublicKeySize> serialized) : serialized_(to_array(serialized)) {}
  // Errors: kBadKey if the type byte is not 0x05.
  static Result<TheirKey> parse(View<kPublicKeySize> serialized) {
    if (serialized[0] != prekey::kCurveKeyType) return Error::kBadKey;
    return TheirKey(serialized);
  }
  // Live as long as this object.
  View<kPublicKeySize> serialized() const { return serialized_; }
  View<32> point() const { return View<kPublicKeySize>(serialized_).subspan<1>(); }
  void exchange(Codec& codec) {
    codec.bytes(serialized_);
    codec.require(serialized_[0] == prekey::kCurveKeyType);
  }

 private:
  PublicKey serialized_{};
};

using OurIdentity = OurKey<struct IdentityUse>;
using OurBaseKey = OurKey<struct BaseUse>;
using OurSignedPreKey = OurKey<struct SignedPreKeyUse>;
using OurOneTimePreKey = OurKey<struct OneTimePreKeyUse>;
using OurRatchetKey = OurKey<struct RatchetUse>;

using TheirIdentity = TheirKey<struct IdentityUse>;
using TheirBaseKey = TheirKey<struct BaseUse>;
using TheirSignedPreKey = TheirKey<struct SignedPreKeyUse>;
using TheirOneTimePreKey = TheirKey<struct OneTimePreKeyUse>;
using TheirRatchetKey = TheirKey<struct RatchetUse>;

// A key of ours and one of theirs, for crypto::x25519().
template <class Ours, class Theirs>
crypto::X25519Pair pair(const OurKey<Ours>& ours, const TheirKey<Theirs>& theirs) {
  return {ours.private_key(), theirs.point()};
}

// Signs a serialized prekey, type byte included, for prekey::verify().
// Errors: kRng.
Result<ByteArray<64>> sign_pre_key(const OurIdentity& identity, Bytes public_key, Rng& rng);

// Who talks to whom: the serialized identity keys that every MAC covers.
struct Parties {
  View<kPublicKeySize> ours;
  View<kPublicKeySize> theirs;
  // What field 6 of a received message must hold, 36 bytes, if both devices
  // are named by service ids. Empty: a message that has the field is refused.
  Bytes addresses = {};
};

}  // namespace core::e2e
#endif  // CORE_E2E_IDENTITY_H_
