// Known answers: test/vectors/signal/xeddsa.json, computed by libsignal.
#include "core/crypto/xeddsa.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include "core/crypto/curve25519_var.h"
#include "core/crypto/scalar25519.h"
#include "core/crypto/sha2.h"
#include "core/crypto/x25519.h"
#include "test/no_heap.h"
#include "test/vectors.h"

namespace core::crypto {
namespace {

using test::hex;
using test::hex_array;
using test::to_hex;

ByteArray<32> signal_key(const nlohmann::json& text) {
  return to_array(View<33>(hex_array<33>(text)).template last<32>());
}

// A key, a message and its signature.
struct Signed {
  ByteArray<32> public_key;
  ByteArray<9> message = label("a message");
  ByteArray<64> signature;
};

Signed signed_by(std::uint8_t seed) {
  Signed out;
  const auto key = x25519_private(View<32>(ByteArray<32>{seed}));
  out.public_key = x25519_public(key);
  out.signature = xeddsa_sign(key, out.message, ByteArray<64>{seed, 1});
  return out;
}

TEST(XEdDsa, VerifiesWhatLibsignalVerifiesAndNothingElse) {
  const auto file = test::load_vectors("signal/xeddsa.json");
  ASSERT_EQ(file["verify"].size(), 60u);
  for (const auto& vector : file["verify"]) {
    const auto status =
        xeddsa_verify(signal_key(vector["pub"]), hex(vector["msg"]), hex_array<64>(vector["sig"]));
    EXPECT_EQ(status.ok(), vector["valid"].get<bool>()) << vector.dump();
  }
}

TEST(XEdDsa, SignsAsLibsignalDoes) {
  const auto file = test::load_vectors("signal/xeddsa.json");
  ASSERT_EQ(file["sign"].size(), 12u);
  for (const auto& vector : file["sign"]) {
    const Secret<32> key(hex_array<32>(vector["priv"]));
    EXPECT_EQ(to_hex(x25519_public(key)), to_hex(signal_key(vector["pub"])));
    const auto signature = xeddsa_sign(key, hex(vector["msg"]), hex_array<64>(vector["random64"]));
    EXPECT_EQ(to_hex(signature), vector["sig"].get<std::string>());
  }
}

TEST(XEdDsa, SignsWithEitherSignAndVerifiesBoth) {
  int set = 0;
  for (int seed = 0; seed < 32; ++seed) {
    const auto s = signed_by(static_cast<std::uint8_t>(seed));
    EXPECT_TRUE(xeddsa_verify(s.public_key, s.message, s.signature).ok());
    set += s.signature[63] >> 7;
  }
  EXPECT_GT(set, 0);
  EXPECT_LT(set, 32);
}

TEST(XEdDsa, RefusesEveryFlippedBit) {
  const auto s = signed_by(7);
  for (std::size_t bit = 0; bit < 512; ++bit) {
    auto signature = s.signature;
    signature[bit / 8] = static_cast<std::uint8_t>(signature[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(xeddsa_verify(s.public_key, s.message, signature).error(), Error::kBadTag) << bit;
  }
  for (std::size_t bit = 0; bit < 255; ++bit) {
    auto key = s.public_key;
    key[bit / 8] = static_cast<std::uint8_t>(key[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(xeddsa_verify(key, s.message, s.signature).ok()) << bit;
  }
  EXPECT_FALSE(xeddsa_verify(s.public_key, Bytes(s.message).first(8), s.signature).ok());
}

TEST(XEdDsa, VerifiesSeveralSignaturesByOneKeyAsOneByOne) {
  const auto s = signed_by(7);
  const auto key = x25519_private(View<32>(ByteArray<32>{7}));
  const ByteArray<3> other_message{1, 2, 3};
  const auto other = xeddsa_sign(key, other_message, ByteArray<64>{9});
  auto with_other_sign = other;
  with_other_sign[63] ^= 0x80;
  const SignedMessage first{s.message, s.signature}, second{other_message, other};
  const SignedMessage wrong{s.message, other}, wrong_sign{other_message, with_other_sign};
  const auto verify = [&](std::initializer_list<SignedMessage> all) {
    return xeddsa_verify(s.public_key, std::span(all.begin(), all.size())).ok();
  };
  EXPECT_TRUE(verify({first, second}));
  EXPECT_TRUE(verify({second, first, first}));
  EXPECT_FALSE(verify({first, wrong}));
  EXPECT_FALSE(verify({wrong, first}));
  EXPECT_FALSE(verify({first, wrong_sign}));
  EXPECT_FALSE(verify({wrong_sign, second}));
}

TEST(XEdDsa, RefusesTheKeyThatHasNoEdwardsPoint) {
  ByteArray<32> minus_one;  // u = p - 1
  minus_one.fill(0xff);
  minus_one[0] = 0xec;
  minus_one[31] = 0x7f;
  EXPECT_EQ(edwards::from_u_var(minus_one).error(), Error::kBadKey);
  EXPECT_EQ(edwards::from_u_var(ByteArray<32>{}).error(), Error::kBadKey);
  EXPECT_EQ(edwards::from_u_var(ByteArray<32>{2}).error(), Error::kBadKey);  // on the twist
  const auto s = signed_by(1);
  EXPECT_EQ(xeddsa_verify(minus_one, s.message, s.signature).error(), Error::kBadTag);
  // All zeros verify nothing, whatever the key.
  for (int u = 0; u < 16; ++u) {
    const ByteArray<32> key{static_cast<std::uint8_t>(u)};
    EXPECT_FALSE(xeddsa_verify(key, s.message, ByteArray<64>{}).ok());
    EXPECT_FALSE(xeddsa_verify(key, {}, ByteArray<64>{1}).ok());
  }
}

TEST(Edwards, MapsTheBasePointToTheBasePoint) {
  const auto point = edwards::from_u_var(ByteArray<32>{9});
  EXPECT_EQ(to_hex(edwards::encode(*point)),
            "5866666666666666666666666666666666666666666666666666666666666666");
  EXPECT_EQ(to_hex(edwards::to_u(*point)), to_hex(ByteArray<32>{9}));
  EXPECT_EQ(edwards::encode(edwards::negative(*point))[31], 0xe6);
}

// libsodium is the oracle: every digit in every window, and the extremes.
TEST(Edwards, MultipliesTheBasePointAsLibsodiumDoes) {
  const auto check = [](const ByteArray<32>& scalar) {
    edwards::Point point, one;
    edwards::multiply_base(scalar, point);
    edwards::multiply_base(ByteArray<32>{1}, one);
    const auto [encoded, base] = edwards::encode_two(point, one);
    ByteArray<32> expected;
    if (crypto_scalarmult_ed25519_base_noclamp(expected.data(), scalar.data()) == 0) {
      EXPECT_EQ(to_hex(encoded), to_hex(expected)) << to_hex(scalar);
    }
    EXPECT_EQ(to_hex(base), "5866666666666666666666666666666666666666666666666666666666666666");
    // u and y agree about the same point.
    const auto even = edwards::from_u_var(edwards::to_u(point));
    const auto from_u = encoded[31] >> 7 != 0 ? edwards::negative(*even) : *even;
    EXPECT_EQ(to_hex(edwards::encode(from_u)), to_hex(encoded));
  };
  for (std::size_t place = 0; place < 64; ++place) {
    for (int digit = 1; digit < 16; ++digit) {
      if (place == 63 && digit > 7) continue;  // 2^255 and above
      ByteArray<32> scalar{};
      scalar[place / 2] = static_cast<std::uint8_t>(digit << (4 * (place % 2)));
      check(scalar);
    }
  }
  ByteArray<32> scalar;
  scalar.fill(0xff);
  scalar[31] = 0x7f;
  check(scalar);
  for (int i = 0; i < 200; ++i) {
    scalar = sha256(scalar);
    scalar[31] &= 0x7f;
    check(scalar);
  }
}

// Scalars below 2^253: extremes, and as many as wanted.
std::vector<ByteArray<32>> scalars(std::size_t count) {
  ByteArray<32> most, order, one_less;
  most.fill(0xff);
  most[31] = 0x1f;
  order = hex_array<32>("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  one_less = order;
  --one_less[0];
  std::vector<ByteArray<32>> out{
      ByteArray<32>{}, ByteArray<32>{1}, ByteArray<32>{15}, ByteArray<32>{16}, most,
      order,           one_less};
  while (out.size() < count) {
    out.push_back(sha256(out.back()));
    out.back()[31] &= 0x1f;
  }
  return out;
}

TEST(Edwards, MultipliesPublicPointsAsLibsodiumDoes) {
  const auto numbers = scalars(60);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto& a = numbers[i];
    const auto& b = numbers[(i * 7 + 3) % numbers.size()];
    const auto key = x25519_public(x25519_private(View<32>(sha256(a))));
    const auto even = edwards::from_u_var(key);
    ASSERT_TRUE(even.ok());
    const auto point = i % 2 == 0 ? *even : edwards::negative(*even);
    edwards::Point out;
    edwards::multiply_subtract_var(b, a, point, out);

    // libsodium calls a neutral product an error, and leaves zeros: not an encoding.
    const ByteArray<32> encoded = edwards::encode(point), neutral{1};
    ByteArray<32> product, of_base, expected;
    if (crypto_scalarmult_ed25519_noclamp(product.data(), a.data(), encoded.data()) != 0)
      product = neutral;
    if (crypto_scalarmult_ed25519_base_noclamp(of_base.data(), b.data()) != 0) of_base = neutral;
    ASSERT_EQ(crypto_core_ed25519_sub(expected.data(), of_base.data(), product.data()), 0);
    EXPECT_EQ(to_hex(edwards::encode(out)), to_hex(expected)) << to_hex(a) << ' ' << to_hex(b);
  }
}

TEST(Scalar25519, ComputesAsLibsodiumDoes) {
  std::vector<ByteArray<32>> numbers = scalars(100);
  ByteArray<32> ones;
  ones.fill(0xff);
  numbers.push_back(ones);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto& a = numbers[i];
    const auto& b = numbers[(i * 13 + 1) % numbers.size()];
    const auto& c = numbers[(i * 29 + 2) % numbers.size()];
    ByteArray<64> wide{}, narrow{};
    copy(a, wide);
    copy(b, MutBytes(wide).last<32>());
    copy(a, narrow);
    ByteArray<32> expected;
    crypto_core_ed25519_scalar_reduce(expected.data(), wide.data());
    EXPECT_EQ(to_hex(scalar25519::reduce(View<64>(wide)).view()), to_hex(expected)) << to_hex(wide);
    crypto_core_ed25519_scalar_reduce(expected.data(), narrow.data());
    const auto reduced_a = scalar25519::reduce(View<32>(a));
    EXPECT_EQ(to_hex(reduced_a.view()), to_hex(expected)) << to_hex(a);
    const auto reduced_b = scalar25519::reduce(View<32>(b)),
               reduced_c = scalar25519::reduce(View<32>(c));
    ByteArray<32> product;
    crypto_core_ed25519_scalar_mul(product.data(), reduced_a.view().data(),
                                   reduced_b.view().data());
    crypto_core_ed25519_scalar_add(expected.data(), product.data(), reduced_c.view().data());
    EXPECT_EQ(
        to_hex(
            scalar25519::multiply_add(reduced_a.view(), reduced_b.view(), reduced_c.view()).view()),
        to_hex(expected));
  }
}

TEST(Edwards, ZeroTimesTheBasePointIsNeutral) {
  edwards::Point zero;
  edwards::multiply_base(ByteArray<32>{}, zero);
  EXPECT_EQ(edwards::encode_two(zero, zero)[1], ByteArray<32>{1});
}

TEST(XEdDsa, DoesNotUseTheHeap) {
  const auto key = x25519_private(View<32>(ByteArray<32>{3}));
  const auto ours = x25519_public(key);
  const test::HeapCount heap;
  const auto signature = xeddsa_sign(key, ours, ByteArray<64>{1});
  EXPECT_TRUE(xeddsa_verify(ours, ours, signature).ok());
  EXPECT_EQ(heap.count(), 0u);
}

}  // namespace
}  // namespace core::crypto
