// Known answers: test/vectors/signal/mlkem*.json (ML-KEM, [FIPS203]) and
// kyber1024_r3.json (keys and ciphertexts of libsignal).
#include "core/crypto/mlkem.h"

#include <gtest/gtest.h>

#include "core/crypto/kyber.h"
#include "core/crypto/sha3.h"
#include "test/no_heap.h"
#include "test/vectors.h"

namespace core::crypto {
namespace {

using test::hex;
using test::hex_array;
using test::to_hex;

bool all_zero(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; });
}

bool is_wiped(const MlKemWork& work) {
  return all_zero({reinterpret_cast<const std::uint8_t*>(&work), sizeof(work)});
}

template <class Kem>
class MlKemTest : public testing::Test {
 protected:
  static nlohmann::json vectors() {
    const auto file = test::load_vectors(Kem::kPublicKeySize == 1184 ? "signal/mlkem768.json"
                                                                     : "signal/mlkem1024.json");
    EXPECT_EQ(file["vectors"].size(), 3u);
    return file["vectors"];
  }
  static ByteArray<64> seed(std::uint8_t number) { return {number, 1, 2, 3}; }

  MlKemWork work_;
  ByteArray<Kem::kPublicKeySize> public_key_;
  ByteArray<Kem::kPrivateKeySize> private_key_;
  ByteArray<Kem::kCiphertextSize> ciphertext_;
};
using Kems = testing::Types<MlKem768, MlKem1024>;
TYPED_TEST_SUITE(MlKemTest, Kems);

TYPED_TEST(MlKemTest, MatchesTheKnownAnswers) {
  using Kem = TypeParam;
  for (const auto& vector : this->vectors()) {
    const auto seed = hex_array<64>(vector["seed_d_z"]);
    Kem::public_key(seed, this->public_key_, this->work_);
    EXPECT_EQ(to_hex(this->public_key_), vector["pk"].template get<std::string>());
    Kem::private_key(seed, this->private_key_, this->work_);
    EXPECT_EQ(to_hex(sha3_256(this->private_key_)),
              vector["sk_sha3_256"].template get<std::string>());

    const std::string shared = vector["ss"].template get<std::string>();
    const auto sent = Kem::encapsulate(this->public_key_, hex_array<32>(vector["m"]),
                                       this->ciphertext_, this->work_);
    EXPECT_EQ(to_hex(sent->view()), shared);
    EXPECT_EQ(to_hex(this->ciphertext_), vector["ct"].template get<std::string>());
    EXPECT_EQ(to_hex(Kem::decapsulate(seed, this->ciphertext_, this->work_).view()), shared);
    EXPECT_EQ(
        to_hex(
            Kem::decapsulate_expanded(this->private_key_, this->ciphertext_, this->work_)->view()),
        shared);

    ASSERT_EQ(vector["bad_ct_flip"].template get<std::string>(), "byte 5 ^= 1");
    this->ciphertext_[5] ^= 1;
    const std::string rejected = vector["bad_ss"].template get<std::string>();
    EXPECT_EQ(to_hex(Kem::decapsulate(seed, this->ciphertext_, this->work_).view()), rejected);
    EXPECT_EQ(
        to_hex(
            Kem::decapsulate_expanded(this->private_key_, this->ciphertext_, this->work_)->view()),
        rejected);
  }
}

TYPED_TEST(MlKemTest, AgreesForManyKeys) {
  using Kem = TypeParam;
  for (int i = 0; i < 100; ++i) {
    const auto seed = this->seed(static_cast<std::uint8_t>(i));
    Kem::public_key(seed, this->public_key_, this->work_);
    const auto sent = Kem::encapsulate(this->public_key_, View<64>(seed).template first<32>(),
                                       this->ciphertext_, this->work_);
    ASSERT_EQ(to_hex(sent->view()),
              to_hex(Kem::decapsulate(seed, this->ciphertext_, this->work_).view()));
  }
}

TYPED_TEST(MlKemTest, RejectsEveryChangedByteOfTheCiphertext) {
  using Kem = TypeParam;
  const auto seed = this->seed(1);
  Kem::private_key(seed, this->private_key_, this->work_);
  Kem::public_key(seed, this->public_key_, this->work_);
  const auto shared =
      Kem::encapsulate(this->public_key_, ByteArray<32>{}, this->ciphertext_, this->work_);
  for (std::size_t at = 0; at < this->ciphertext_.size(); ++at) {
    this->ciphertext_[at] ^= 0x80;
    const auto got = Kem::decapsulate_expanded(this->private_key_, this->ciphertext_, this->work_);
    EXPECT_NE(to_hex(got->view()), to_hex(shared->view())) << at;
    // SHAKE-256(z || ciphertext), z = 0.
    std::vector<std::uint8_t> rejected(32);
    rejected.insert(rejected.end(), this->ciphertext_.begin(), this->ciphertext_.end());
    ByteArray<32> expected;
    shake256(rejected, expected);
    EXPECT_EQ(to_hex(got->view()), to_hex(expected));
    this->ciphertext_[at] ^= 0x80;
  }
}

TYPED_TEST(MlKemTest, RefusesAPublicKeyThatIsNotReduced) {
  using Kem = TypeParam;
  Kem::public_key(this->seed(2), this->public_key_, this->work_);
  const auto good = this->public_key_;
  for (std::size_t i = 0; i < (Kem::kPublicKeySize - 32) / 3 * 2; i += 37) {
    for (const int value : {3329, 3330, 4095, 3328}) {
      this->public_key_ = good;
      auto* at = this->public_key_.data() + i / 2 * 3;
      if (i % 2 == 0) {
        at[0] = static_cast<std::uint8_t>(value);
        at[1] = static_cast<std::uint8_t>((at[1] & 0xf0) | value >> 8);
      } else {
        at[1] = static_cast<std::uint8_t>((at[1] & 0x0f) | value << 4);
        at[2] = static_cast<std::uint8_t>(value >> 4);
      }
      this->ciphertext_.fill(0xee);
      const auto result =
          Kem::encapsulate(this->public_key_, ByteArray<32>{}, this->ciphertext_, this->work_);
      EXPECT_EQ(result.ok(), value == 3328);
      if (!result.ok()) {
        EXPECT_EQ(result.error(), Error::kBadKey);
        EXPECT_TRUE(all_zero(this->ciphertext_));
      }
    }
  }
}

TYPED_TEST(MlKemTest, RefusesAPrivateKeyWithAnotherHash) {
  using Kem = TypeParam;
  Kem::private_key(this->seed(3), this->private_key_, this->work_);
  this->private_key_[Kem::kPrivateKeySize - 33] ^= 1;
  EXPECT_EQ(Kem::decapsulate_expanded(this->private_key_, this->ciphertext_, this->work_).error(),
            Error::kBadKey);
}

TYPED_TEST(MlKemTest, WipesItsWorkAndDoesNotUseTheHeap) {
  using Kem = TypeParam;
  const auto seed = this->seed(4);
  const test::HeapCount heap;
  Kem::public_key(seed, this->public_key_, this->work_);
  EXPECT_TRUE(is_wiped(this->work_));
  Kem::private_key(seed, this->private_key_, this->work_);
  EXPECT_TRUE(is_wiped(this->work_));
  (void)Kem::encapsulate(this->public_key_, ByteArray<32>{}, this->ciphertext_, this->work_);
  EXPECT_TRUE(is_wiped(this->work_));
  (void)Kem::decapsulate(seed, this->ciphertext_, this->work_);
  EXPECT_TRUE(is_wiped(this->work_));
  (void)Kem::decapsulate_expanded(this->private_key_, this->ciphertext_, this->work_);
  EXPECT_TRUE(is_wiped(this->work_));
  this->public_key_[0] = this->public_key_[1] = 0xff;
  (void)Kem::encapsulate(this->public_key_, ByteArray<32>{}, this->ciphertext_, this->work_);
  EXPECT_TRUE(is_wiped(this->work_));
  EXPECT_EQ(heap.count(), 0u);
}

TEST(Kyber1024, DecapsulatesWhatLibsignalMade) {
  const auto file = test::load_vectors("signal/kyber1024_r3.json");
  ASSERT_EQ(file["decaps"].size(), 4u);
  MlKemWork work;
  for (const auto& vector : file["decaps"]) {
    const auto secret = kyber1024_decapsulate_expanded(
        hex_array<3169>(vector["sk_serialized"]), hex_array<1569>(vector["ct_serialized"]), work);
    EXPECT_EQ(to_hex(secret->view()), vector["ss_kyber_r3"].get<std::string>());
    EXPECT_NE(to_hex(secret->view()), vector["kbar_mlkem"].get<std::string>());
  }
}

TEST(Kyber1024, EncapsulatesAsLibsignalDoes) {
  const auto file = test::load_vectors("signal/kyber1024_r3.json");
  ASSERT_EQ(file["encaps"].size(), 2u);
  MlKemWork work;
  ByteArray<1569> ciphertext;
  for (const auto& vector : file["encaps"]) {
    const auto secret = kyber1024_encapsulate(hex_array<1569>(vector["pk_serialized"]),
                                              hex_array<32>(vector["random32"]), ciphertext, work);
    EXPECT_EQ(to_hex(secret->view()), vector["ss_kyber_r3"].get<std::string>());
    EXPECT_EQ(to_hex(ciphertext), vector["ct_serialized"].get<std::string>());
  }
}

TEST(Kyber1024, AgreesFromASeedAndChecksTypeBytes) {
  MlKemWork work;
  const ByteArray<64> seed{7};
  ByteArray<1569> public_key, ciphertext;
  ByteArray<3169> private_key{};
  kyber1024_public_key(seed, public_key, work);
  EXPECT_EQ(public_key[0], 0x08);
  MlKem1024::private_key(seed, MutView<3169>(private_key).last<3168>(), work);
  private_key[0] = 0x08;
  const auto sent = kyber1024_encapsulate(public_key, ByteArray<32>{1}, ciphertext, work);
  const auto received = kyber1024_decapsulate(seed, ciphertext, work);
  EXPECT_EQ(to_hex(sent->view()), to_hex(received->view()));

  ciphertext[0] = 0x0a;
  EXPECT_EQ(kyber1024_decapsulate(seed, ciphertext, work).error(), Error::kBadKey);
  EXPECT_EQ(kyber1024_decapsulate_expanded(private_key, ciphertext, work).error(), Error::kBadKey);
  ciphertext[0] = 0x08;
  private_key[0] = 0x07;
  EXPECT_EQ(kyber1024_decapsulate_expanded(private_key, ciphertext, work).error(), Error::kBadKey);
  public_key[0] = 0x0a;
  EXPECT_EQ(kyber1024_encapsulate(public_key, ByteArray<32>{}, ciphertext, work).error(),
            Error::kBadKey);
  EXPECT_TRUE(all_zero(ciphertext));
  public_key[0] = 0x08;
  public_key[1] = public_key[2] = 0xff;
  ciphertext.fill(0xee);
  EXPECT_EQ(kyber1024_encapsulate(public_key, ByteArray<32>{}, ciphertext, work).error(),
            Error::kBadKey);
  EXPECT_TRUE(all_zero(ciphertext));
}

}  // namespace
}  // namespace core::crypto
