// Known answers: [SP800-38A] F.2.5.
#include "core/crypto/aes_cbc.h"

#include <gtest/gtest.h>

#include "core/crypto/aes256_cbc.h"
#include "test/no_heap.h"
#include "test/vectors.h"

namespace core::crypto {
namespace {

using test::hex;
using test::hex_array;
using test::to_hex;

const auto kKey = hex_array<32>("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
const auto kIv = hex_array<16>("000102030405060708090a0b0c0d0e0f");

bool all_zero(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b == 0; });
}

std::vector<std::uint8_t> sample(std::size_t size) {
  std::vector<std::uint8_t> out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i * 11 + 3);
  return out;
}

TEST(AesCbc, MatchesSp80038a) {
  const auto plaintext =
      hex("6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51"
          "30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710");
  std::vector<std::uint8_t> out(80);
  EXPECT_EQ(*aes256_cbc_encrypt(kKey, kIv, plaintext, out), 80u);
  EXPECT_EQ(to_hex(Bytes(out).first(64)),
            "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
            "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b");
}

TEST(AesCbc, RoundTripsEverySizeInPlaceAndApart) {
  for (std::size_t size = 0; size <= 300; ++size) {
    const auto plaintext = sample(size);
    std::vector<std::uint8_t> apart(aes256_cbc_size(size)), in_place(plaintext);
    ASSERT_GT(apart.size(), size);
    in_place.resize(apart.size());
    ASSERT_EQ(*aes256_cbc_encrypt(kKey, kIv, plaintext, apart), apart.size());
    ASSERT_EQ(*aes256_cbc_encrypt(kKey, kIv, Bytes(in_place).first(size), in_place), apart.size());
    ASSERT_EQ(apart, in_place);

    std::vector<std::uint8_t> out(apart.size());
    ASSERT_EQ(*aes256_cbc_decrypt(kKey, kIv, apart, out), size);
    ASSERT_TRUE(equal_var(Bytes(out).first(size), plaintext));
    ASSERT_TRUE(all_zero(Bytes(out).subspan(size)));  // no padding is left behind
    ASSERT_EQ(*aes256_cbc_decrypt(kKey, kIv, in_place, in_place), size);
    ASSERT_EQ(in_place, out);
  }
}

TEST(AesCbc, RefusesBadSizes) {
  std::vector<std::uint8_t> out(64, 0xee);
  for (std::size_t size = 0; size <= 48; ++size) {
    std::fill(out.begin(), out.end(), 0xee);
    const auto result = aes256_cbc_decrypt(kKey, kIv, sample(size), out);
    if (size == 0 || size % 16 != 0) {
      EXPECT_EQ(result.error(), Error::kMalformed);
      EXPECT_TRUE(all_zero(out));
    }
  }
}

TEST(AesCbc, RefusesAnOutputThatIsTooSmall) {
  std::vector<std::uint8_t> out(31, 0xee);
  EXPECT_EQ(aes256_cbc_encrypt(kKey, kIv, sample(16), out).error(), Error::kFull);
  EXPECT_TRUE(all_zero(out));
  std::fill(out.begin(), out.end(), 0xee);
  EXPECT_EQ(aes256_cbc_decrypt(kKey, kIv, sample(32), out).error(), Error::kFull);
  EXPECT_TRUE(all_zero(out));
}

// Flipping bits of the block before the last flips those of the padding.
TEST(AesCbc, ChecksAllOfThePadding) {
  for (std::size_t size = 16; size < 32; ++size) {
    std::vector<std::uint8_t> ciphertext(32);
    ASSERT_TRUE(aes256_cbc_encrypt(kKey, kIv, sample(size), ciphertext).ok());
    for (std::size_t at = 0; at < 16; ++at) {
      for (int flip = 1; flip < 256; ++flip) {
        auto changed = ciphertext;
        changed[at] = static_cast<std::uint8_t>(changed[at] ^ flip);
        const int padding = static_cast<int>(32 - size);
        const int last = at == 15 ? padding ^ flip : padding;
        std::vector<std::uint8_t> out(32, 0xee);
        const auto result = aes256_cbc_decrypt(kKey, kIv, changed, out);
        if (16 + at < size && at != 15) {
          EXPECT_EQ(*result, size);  // no padding there
        } else if (last == 1 && at == 15) {
          EXPECT_EQ(*result, 31u);  // became another right padding
        } else if (!result.ok()) {
          EXPECT_EQ(result.error(), Error::kBadTag);
          EXPECT_TRUE(all_zero(out));
        } else {
          ADD_FAILURE() << "size " << size << " at " << at << " flip " << flip;
        }
      }
    }
  }
}

TEST(AesCbc, ThePortableCodeDoesTheSame) {
  for (std::size_t size = 0; size < 300; size += 7) {
    auto key = kKey;
    key[size % 32] = static_cast<std::uint8_t>(size);
    std::vector<std::uint8_t> expected(aes256_cbc_size(size)), portable = sample(size);
    ASSERT_TRUE(aes256_cbc_encrypt(key, kIv, portable, expected).ok());
    portable.resize(expected.size(), static_cast<std::uint8_t>(expected.size() - size));
    const auto plaintext = portable;
    aes256::cbc_encrypt_portable(key, kIv, portable);
    EXPECT_EQ(portable, expected);
    aes256::cbc_decrypt_portable(key, kIv, portable);
    EXPECT_EQ(portable, plaintext);
  }
}

TEST(AesCbc, DoesNotUseTheHeap) {
  ByteArray<112> text{};
  const test::HeapCount heap;
  EXPECT_TRUE(aes256_cbc_encrypt(kKey, kIv, Bytes(text).first(100), text).ok());
  EXPECT_TRUE(aes256_cbc_decrypt(kKey, kIv, text, text).ok());
  EXPECT_EQ(heap.count(), 0u);
}

}  // namespace
}  // namespace core::crypto
