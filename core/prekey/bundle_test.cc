#include "core/prekey/bundle.h"

#include <gtest/gtest.h>

#include "core/crypto/x25519.h"
#include "test/vectors.h"

namespace core::prekey {
namespace {

using test::hex_array;

// The bundle of a real libsignal device.
// Vector: test/vectors/signal/conversation_v4_as_alice.json.
struct Vector {
  nlohmann::json b = test::load_vectors("signal/conversation_v4_as_alice.json")["bundle"];
  ByteArray<33> identity = hex_array<33>(b["identityKey"]), one_time = hex_array<33>(b["preKey"]),
                signed_key = hex_array<33>(b["signedPreKey"]);
  ByteArray<64> signed_signature = hex_array<64>(b["signedPreKeySignature"]),
                kem_signature = hex_array<64>(b["kyberPreKeySignature"]);
  ByteArray<1569> kem = hex_array<1569>(b["kyberPreKey"]);

  Status verify() const {
    return prekey::verify(Bundle{.identity_key = identity,
                                 .one_time = OneTimePreKey{1, one_time},
                                 .signed_pre_key = {2, signed_key, signed_signature},
                                 .kem = KemPreKey{3, kem, kem_signature}});
  }
};

TEST(Bundle, VerifiesARealOne) { EXPECT_TRUE(Vector().verify().ok()); }

TEST(Bundle, RefusesAWrongTypeByte) {
  for (const auto key : {&Vector::identity, &Vector::one_time, &Vector::signed_key}) {
    Vector v;
    (v.*key)[0] = 0x08;
    EXPECT_EQ(v.verify().error(), Error::kBadKey);
  }
  for (const int type : {0x05, 0x07, 0x0a}) {
    Vector v;
    v.kem[0] = static_cast<std::uint8_t>(type);
    EXPECT_EQ(v.verify().error(), Error::kBadKey);
  }
}

TEST(Bundle, RefusesAChangedKeyOrSignature) {
  for (const std::size_t at : {1u, 16u, 32u}) {
    Vector v;
    v.signed_key[at] ^= 1;
    EXPECT_EQ(v.verify().error(), Error::kBadTag);
    v = Vector();
    v.kem[at] ^= 1;
    EXPECT_EQ(v.verify().error(), Error::kBadTag);
    v = Vector();
    v.signed_signature[at] ^= 1;
    EXPECT_EQ(v.verify().error(), Error::kBadTag);
    v = Vector();
    v.kem_signature[at] ^= 1;
    EXPECT_EQ(v.verify().error(), Error::kBadTag);
    v = Vector();
    v.identity[at] ^= 1;
    EXPECT_EQ(v.verify().error(), Error::kBadTag);
  }
  Vector v;
  std::swap(v.signed_signature, v.kem_signature);
  EXPECT_EQ(v.verify().error(), Error::kBadTag);
}

TEST(Bundle, DoesWithoutOneTimeKeyAndWithoutKem) {
  const Vector v;
  Bundle bundle{.identity_key = v.identity,
                .one_time = std::nullopt,
                .signed_pre_key = {2, v.signed_key, v.signed_signature},
                .kem = std::nullopt};
  EXPECT_TRUE(verify(bundle).ok());
}

}  // namespace
}  // namespace core::prekey
