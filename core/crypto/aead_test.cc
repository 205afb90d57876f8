// Known answers: [RFC8439] 2.8.2, [XChaCha] A.3.1.
#include "core/crypto/aead.h"

#include <gtest/gtest.h>

#include "test/no_heap.h"
#include "test/vectors.h"

namespace core::crypto {
namespace {

using test::hex;
using test::hex_array;
using test::to_hex;

constexpr auto kPlaintext = label(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
    "sunscreen would be it.");
const auto kKey = hex_array<32>("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
const auto kAd = hex("50515253c0c1c2c3c4c5c6c7");
const auto kNonce = hex_array<12>("070000004041424344454647");
const auto kLongNonce = hex_array<24>("404142434445464748494a4b4c4d4e4f5051525354555657");

// Both AEADs behind one shape.
struct ChaCha {
  static void seal(Bytes ad, MutBytes text) { chacha20_poly1305_seal(kKey, kNonce, ad, text); }
  static Result<std::size_t> open(Bytes ad, MutBytes text) {
    return chacha20_poly1305_open(kKey, kNonce, ad, text);
  }
  static constexpr const char* kCiphertext =
      "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
      "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
      "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
      "3ff4def08e4b7a9de576d26586cec64b6116"
      "1ae10b594f09e26a7e902ecbd0600691";
};

struct XChaCha {
  static void seal(Bytes ad, MutBytes text) { xchacha20_poly1305_seal(kKey, kLongNonce, ad, text); }
  static Result<std::size_t> open(Bytes ad, MutBytes text) {
    return xchacha20_poly1305_open(kKey, kLongNonce, ad, text);
  }
  static constexpr const char* kCiphertext =
      "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb"
      "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452"
      "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9"
      "21f9664c97637da9768812f615c68b13b52e"
      "c0875924c1c7987947deafd8780acf49";
};

template <class Aead>
class AeadTest : public testing::Test {
 protected:
  static std::vector<std::uint8_t> sealed() {
    std::vector<std::uint8_t> text(kPlaintext.begin(), kPlaintext.end());
    text.resize(text.size() + kAeadTagSize);
    Aead::seal(kAd, text);
    return text;
  }
};
using Aeads = testing::Types<ChaCha, XChaCha>;
TYPED_TEST_SUITE(AeadTest, Aeads);

bool all_zero(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; });
}

TYPED_TEST(AeadTest, MatchesItsKnownAnswer) {
  auto text = this->sealed();
  EXPECT_EQ(to_hex(text), TypeParam::kCiphertext);
  EXPECT_EQ(*TypeParam::open(kAd, text), kPlaintext.size());
  EXPECT_TRUE(equal_var(Bytes(text).first(kPlaintext.size()), kPlaintext));
}

TYPED_TEST(AeadTest, RefusesEveryFlippedByte) {
  for (std::size_t at = 0; at < kPlaintext.size() + kAeadTagSize; ++at) {
    auto text = this->sealed();
    text[at] ^= 0x10;
    EXPECT_EQ(TypeParam::open(kAd, text).error(), Error::kBadTag);
    EXPECT_TRUE(all_zero(text));
  }
}

TYPED_TEST(AeadTest, RefusesEveryTruncation) {
  for (std::size_t size = 0; size < kPlaintext.size() + kAeadTagSize; ++size) {
    auto text = this->sealed();
    const auto cut = MutBytes(text).first(size);
    EXPECT_EQ(TypeParam::open(kAd, cut).error(),
              size < kAeadTagSize ? Error::kMalformed : Error::kBadTag);
    EXPECT_TRUE(all_zero(cut));
  }
}

TYPED_TEST(AeadTest, RefusesOtherAssociatedData) {
  auto text = this->sealed();
  EXPECT_EQ(TypeParam::open({}, text).error(), Error::kBadTag);
}

TYPED_TEST(AeadTest, SealsAnEmptyText) {
  ByteArray<kAeadTagSize> text{};
  TypeParam::seal({}, text);
  EXPECT_EQ(*TypeParam::open({}, text), 0u);
}

TEST(ChaCha, CountsWithTheLastEightBytesOfTheNonce) {
  const auto nonce = hex_array<12>("000000000807060504030201");
  auto by_nonce = hex("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
  auto by_counter = by_nonce;
  chacha20_poly1305_seal(kKey, nonce, kAd, by_nonce);
  chacha20_poly1305_seal(kKey, std::uint64_t{0x0102030405060708}, kAd, by_counter);
  EXPECT_EQ(to_hex(by_counter), to_hex(by_nonce));
  EXPECT_EQ(chacha20_poly1305_open(kKey, std::uint64_t{0x0102030405060709}, kAd, by_nonce).error(),
            Error::kBadTag);
  EXPECT_TRUE(
      chacha20_poly1305_open(kKey, std::uint64_t{0x0102030405060708}, kAd, by_counter).ok());
}

TEST(ChaCha, SealsAndOpensBatchesAsOneByOne) {
  std::vector<std::vector<std::uint8_t>> texts, plain;
  std::vector<CountedText> batch;
  for (std::size_t i = 0; i < 21; ++i) {
    texts.emplace_back(16 + 97 * i, static_cast<std::uint8_t>(i));
  }
  plain = texts;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    batch.push_back({5 + i, texts[i]});
  }
  chacha20_poly1305_seal_many(kKey, batch);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto alone = plain[i];
    chacha20_poly1305_seal(kKey, batch[i].counter, {}, alone);
    EXPECT_EQ(texts[i], alone) << i;
  }
  texts[4][0] ^= 1;
  texts[20].back() ^= 1;
  batch[2].text = batch[2].text.first(15);
  const test::HeapCount heap;
  chacha20_poly1305_open_many(kKey, batch);
  EXPECT_EQ(heap.count(), 0u);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(batch[i].authentic, i != 2 && i != 4 && i != 20) << i;
    const auto size = texts[i].size() - kAeadTagSize;
    if (batch[i].authentic) {
      EXPECT_TRUE(equal_var(Bytes(texts[i]).first(size), Bytes(plain[i]).first(size))) << i;
    } else {
      EXPECT_TRUE(all_zero(batch[i].text)) << i;
    }
  }
}

TYPED_TEST(AeadTest, DoesNotUseTheHeap) {
  ByteArray<100> text{};
  const test::HeapCount heap;
  TypeParam::seal(text, text);
  (void)TypeParam::open({}, text);
  EXPECT_EQ(heap.count(), 0u);
}

}  // namespace
}  // namespace core::crypto
