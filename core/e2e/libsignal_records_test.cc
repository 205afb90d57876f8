// Keys as libsignal stores them: they are read here only to check that both
// sides mean the same by a key pair and by a signature.
#include <gtest/gtest.h>

#include "core/base/protobuf.h"
#include "core/crypto/xeddsa.h"
#include "core/e2e/two_peers_test.h"
#include "test/vectors.h"

namespace core::e2e {
namespace {

// The bytes fields of {1 id, 2 public, 3 private, 4 signature}, or of the
// identity's {1 public, 2 private}.
Buffer field(const Buffer& record, std::uint32_t number) {
  ProtobufReader in(record);
  Buffer out;
  while (const auto* f = in.next()) {
    if (f->number == number) out.assign(f->bytes.begin(), f->bytes.end());
  }
  EXPECT_TRUE(in.ok());
  return out;
}

TEST(LibsignalRecords, HoldKeysAndSignaturesThatAreOursToo) {
  const auto v = test::load_vectors("signal/records.json");
  const auto get = [&v](const char* name) { return test::hex(v[name].get<std::string>()); };
  const auto identity_record = get("identity_key_pair");
  const auto identity_private = field(identity_record, 2);
  const OurIdentity identity{View<32>(identity_private)};
  EXPECT_EQ(field(identity_record, 1), get("identity_pub"));
  EXPECT_EQ(identity_private, get("identity_priv"));
  EXPECT_TRUE(equal_var(identity.public_key(), get("identity_pub")));

  for (const char* name : {"pre_key_record", "signed_pre_key_record"}) {
    const auto record = get(name);
    const auto private_key = field(record, 3);
    const OurSignedPreKey pair{View<32>(private_key)};
    EXPECT_TRUE(equal_var(pair.public_key(), field(record, 2))) << name;
  }
  const auto signed_record = get("signed_pre_key_record"), kem_record = get("kyber_pre_key_record");
  const auto signed_public = field(signed_record, 2), signed_by = field(signed_record, 4);
  const prekey::SignedPreKey key{1, View<33>(signed_public), View<64>(signed_by)};
  EXPECT_TRUE(prekey::verify(identity.public_key(), key).ok());

  const auto kem_public = field(kem_record, 2), kem_private = field(kem_record, 3),
             kem_signed = field(kem_record, 4);
  const prekey::KemPreKey kem{1, View<1569>(kem_public), View<64>(kem_signed)};
  EXPECT_TRUE(prekey::verify(identity.public_key(), kem).ok());
  ByteArray<crypto::kKyber1024CiphertextSize> ciphertext{};
  const ByteArray<32> random{7};
  const auto sent = crypto::kyber1024_encapsulate(kem.public_key, random, ciphertext, Peer::work());
  const auto got = crypto::kyber1024_decapsulate_expanded(
      View<crypto::kKyber1024PrivateKeySize>(kem_private), ciphertext, Peer::work());
  ASSERT_TRUE(sent.ok() && got.ok());
  EXPECT_TRUE(equal_var(sent->view(), got->view()));

  const auto& alternate = v["alternate_identity"];
  Buffer text(32, 0xff);
  const auto other = test::hex(alternate["other_pub"].get<std::string>());
  for (const char c : std::string_view("Signal_PNI_Signature")) {
    text.push_back(static_cast<std::uint8_t>(c));
  }
  text.insert(text.end(), other.begin(), other.end());
  const auto signer = test::hex(alternate["signer_pub"].get<std::string>());
  const auto signature = test::hex(alternate["signature"].get<std::string>());
  EXPECT_TRUE(crypto::xeddsa_verify(View<33>(signer).last<32>(), text, View<64>(signature)).ok());
  text[40] ^= 1;
  EXPECT_FALSE(crypto::xeddsa_verify(View<33>(signer).last<32>(), text, View<64>(signature)).ok());
}

}  // namespace
}  // namespace core::e2e
