// Known answers: [FIPS180] examples, [RFC4231] 4, [RFC5869] A, and HKDF as
// libsignal computes it (test/vectors/signal/hkdf.json).
#include "core/crypto/sha2.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include "core/crypto/hkdf.h"
#include "core/crypto/hmac.h"
#include "test/no_heap.h"
#include "test/vectors.h"

namespace core::crypto {
namespace {

using test::hex;
using test::to_hex;

ByteArray<3> abc() { return label("abc"); }

TEST(Sha2, MatchesTheExamplesOfTheStandard) {
  EXPECT_EQ(to_hex(sha256({})), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256(abc())),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256(label("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(to_hex(sha512(abc())),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
  EXPECT_EQ(to_hex(sha256(std::vector<std::uint8_t>(1000000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  EXPECT_EQ(to_hex(sha512(std::vector<std::uint8_t>(1000000, 'a'))),
            "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
            "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b");
}

TEST(Sha2, AgreesWithLibsodiumForEveryLength) {
  std::vector<std::uint8_t> message;
  for (std::size_t size = 0; size <= 300; ++size) {
    ByteArray<32> expected_256;
    ByteArray<64> expected_512;
    crypto_hash_sha256(expected_256.data(), message.data(), size);
    crypto_hash_sha512(expected_512.data(), message.data(), size);
    EXPECT_EQ(to_hex(sha256(message)), to_hex(expected_256)) << size;
    EXPECT_EQ(to_hex(sha512(message)), to_hex(expected_512)) << size;
    message.push_back(static_cast<std::uint8_t>(size * 7 + 1));
  }
}

TEST(Sha2, PartsEqualTheWhole) {
  std::vector<std::uint8_t> message(300);
  for (std::size_t i = 0; i < message.size(); ++i) message[i] = static_cast<std::uint8_t>(i * 7);
  for (std::size_t cut = 0; cut <= message.size(); ++cut) {
    const std::array<Bytes, 3> parts{Bytes(message).first(cut), Bytes(),
                                     Bytes(message).subspan(cut)};
    EXPECT_EQ(sha512(parts), sha512(message));
  }
}

TEST(Hmac, MatchesRfc4231) {
  const auto mac = [](const std::vector<std::uint8_t>& key, const std::vector<std::uint8_t>& text) {
    return to_hex(hmac_sha256(key, {text}).view());
  };
  const std::vector<std::uint8_t> long_key(131, 0xaa);
  EXPECT_EQ(mac(std::vector<std::uint8_t>(20, 0x0b), hex("4869205468657265")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(mac(hex("4a656665"), hex("7768617420646f2079612077616e7420666f72206e6f7468696e673f")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(mac(std::vector<std::uint8_t>(20, 0xaa), std::vector<std::uint8_t>(50, 0xdd)),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  EXPECT_EQ(mac(hex("0102030405060708090a0b0c0d0e0f10111213141516171819"),
                std::vector<std::uint8_t>(50, 0xcd)),
            "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b");
  const auto text = label("Test Using Larger Than Block-Size Key - Hash Key First");
  EXPECT_EQ(mac(long_key, {text.begin(), text.end()}),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Hmac, PartsEqualTheWholeAndTheKeyStays) {
  const ByteArray<32> key{1, 2, 3};
  const ByteArray<70> text{9, 8, 7};
  const auto whole = hmac_sha256(key, {text});
  const auto parts = hmac_sha256(key, {Bytes(text).first(20), Bytes(), Bytes(text).subspan(20)});
  EXPECT_EQ(to_hex(whole.view()), to_hex(parts.view()));
  HmacSha256 hmac(key);
  for (int i = 0; i < 3; ++i) {
    hmac.update(text);
    ByteArray<32> out;
    hmac.finish(out);
    EXPECT_EQ(to_hex(out), to_hex(whole.view()));
  }
}

TEST(Hkdf, MatchesRfc5869) {
  const auto ikm = hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
  EXPECT_EQ(
      to_hex(hkdf_sha256<42>(hex("000102030405060708090a0b0c"), ikm, hex("f0f1f2f3f4f5f6f7f8f9"))
                 .view()),
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  EXPECT_EQ(to_hex(hkdf_sha256<42>({}, ikm, {}).view()),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}

TEST(Hkdf, MatchesLibsignal) {
  const auto file = test::load_vectors("signal/hkdf.json");
  ASSERT_EQ(file["vectors"].size(), 6u);
  for (const auto& vector : file["vectors"]) {
    const auto salt = vector["salt"].is_null() ? std::vector<std::uint8_t>() : hex(vector["salt"]);
    std::vector<std::uint8_t> out(vector["length"].get<std::size_t>());
    hkdf_sha256(salt, hex(vector["ikm"]), hex(vector["info"]), out);
    EXPECT_EQ(to_hex(out), vector["okm"].get<std::string>());
  }
}

TEST(Hkdf, TheLongestOutputStartsAsTheShorter) {
  const ByteArray<32> ikm{5};
  std::vector<std::uint8_t> longest(255 * 32), shorter(100);
  hkdf_sha256({}, ikm, {}, longest);
  hkdf_sha256({}, ikm, {}, shorter);
  EXPECT_TRUE(equal_var(Bytes(longest).first(100), shorter));
  longest.resize(255 * 32 + 1);
  EXPECT_DEATH(hkdf_sha256({}, ikm, {}, longest), "");
}

TEST(Hashes, DoNotUseTheHeap) {
  const ByteArray<200> text{};
  ByteArray<100> out;
  const test::HeapCount heap;
  (void)sha256(text);
  (void)sha512(text);
  (void)hmac_sha256(text, {text, text});
  hkdf_sha256(text, text, text, out);
  EXPECT_EQ(heap.count(), 0u);
}

}  // namespace
}  // namespace core::crypto
