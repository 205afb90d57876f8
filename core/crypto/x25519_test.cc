// Known answers: [RFC7748] 5.2, 6.1, and test/vectors/signal/x25519.json,
// computed by libsignal.
#include "core/crypto/x25519.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include "core/crypto/field25519.h"
#include "core/crypto/sha2.h"
#include "test/no_heap.h"
#include "test/vectors.h"

namespace core::crypto {
namespace {

using test::hex;
using test::hex_array;
using test::to_hex;

Secret<32> secret(std::string_view text) { return Secret<32>(hex_array<32>(text)); }

// Vector files carry public keys as Signal writes them: type byte 5 in front.
ByteArray<32> signal_key(const nlohmann::json& text) {
  const auto bytes = hex_array<33>(text);
  EXPECT_EQ(bytes[0], 5);
  return to_array(View<33>(bytes).template last<32>());
}

TEST(X25519, MatchesRfc7748) {
  EXPECT_EQ(
      to_hex(
          x25519(secret("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
                 hex_array<32>("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"))
              ->view()),
      "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
  // Bit 255 of this public key is set, and ignored.
  EXPECT_EQ(
      to_hex(
          x25519(secret("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"),
                 hex_array<32>("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493"))
              ->view()),
      "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
}

TEST(X25519, MatchesRfc7748DiffieHellman) {
  const auto alice = secret("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  const auto bob = secret("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  EXPECT_EQ(to_hex(x25519_public(alice)),
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  EXPECT_EQ(to_hex(x25519_public(bob)),
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  const std::string shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  EXPECT_EQ(to_hex(x25519(alice, x25519_public(bob))->view()), shared);
  EXPECT_EQ(to_hex(x25519(bob, x25519_public(alice))->view()), shared);
}

TEST(X25519, MatchesRfc7748AfterAThousandRounds) {
  ByteArray<32> k{9}, u{9};
  for (int i = 1; i <= 1000; ++i) {
    const auto next = to_array(x25519(Secret<32>(k), u)->view());
    u = k;
    k = next;
    if (i == 1) {
      EXPECT_EQ(to_hex(k), "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
    }
  }
  EXPECT_EQ(to_hex(k), "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
}

TEST(X25519, MatchesLibsignal) {
  const auto file = test::load_vectors("signal/x25519.json");
  ASSERT_EQ(file["agree"].size(), 10u);
  for (const auto& vector : file["agree"]) {
    const auto result =
        x25519(Secret<32>(hex_array<32>(vector["priv"])), signal_key(vector["pub"]));
    EXPECT_EQ(to_hex(result->view()), vector["shared"].get<std::string>());
    EXPECT_TRUE(x25519_is_prime_order_var(signal_key(vector["pub"])));
  }
}

// libsodium is the oracle: points on the curve and on its twist, canonical or
// not, and extreme scalars.
TEST(X25519, MatchesLibsodium) {
  ByteArray<32> scalar{}, point;
  point.fill(0xff);
  for (int i = 0; i < 500; ++i) {
    ByteArray<32> expected;
    ASSERT_EQ(crypto_scalarmult_curve25519(expected.data(), scalar.data(), point.data()), 0);
    EXPECT_EQ(to_hex(x25519(Secret<32>(scalar), point)->view()), to_hex(expected));
    EXPECT_EQ(crypto_scalarmult_curve25519_base(expected.data(), scalar.data()), 0);
    EXPECT_EQ(to_hex(x25519_public(Secret<32>(scalar))), to_hex(expected));
    scalar = sha256(point);
    point = sha256(expected);
    if (i % 10 == 0) scalar.fill(static_cast<std::uint8_t>(i / 10));
    if (i % 7 == 0) point.fill(static_cast<std::uint8_t>(255 - i / 7));
  }
}

TEST(X25519, RefusesPointsOfLowOrder) {
  const auto file = test::load_vectors("signal/x25519.json");
  ASSERT_EQ(file["low_order"].size(), 4u);
  std::vector<ByteArray<32>> points;
  for (const auto& vector : file["low_order"]) points.push_back(signal_key(vector["pub"]));
  // The other point of order 8, and p and p + 1, which are 0 and 1 again.
  for (const char* text : {"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
                           "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
                           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
                           "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    points.push_back(hex_array<32>(text));
  }
  for (const auto& point : points) {
    EXPECT_EQ(
        x25519(secret("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"), point)
            .error(),
        Error::kBadKey);
    EXPECT_FALSE(x25519_is_prime_order_var(point));
  }
}

TEST(X25519, AgreesOnSeveralAsOneByOne) {
  std::vector<Secret<32>> ours;
  std::vector<ByteArray<32>> theirs;
  for (std::uint8_t i = 0; i < kMaxX25519Pairs; ++i) {
    ours.push_back(x25519_private(View<32>(sha256(ByteArray<2>{1, i}))));
    theirs.push_back(sha256(ByteArray<2>{2, i}));
  }
  for (std::size_t count = 0; count <= kMaxX25519Pairs; ++count) {
    std::vector<X25519Pair> pairs;
    std::vector<std::uint8_t> expected;
    for (std::size_t i = 0; i < count; ++i) {
      pairs.push_back({ours[i], theirs[i]});
      const auto secret = *x25519(ours[i], theirs[i]);
      expected.insert(expected.end(), secret.view().begin(), secret.view().end());
    }
    std::vector<std::uint8_t> secrets(32 * count);
    EXPECT_TRUE(x25519(pairs, secrets).ok());
    EXPECT_EQ(to_hex(secrets), to_hex(expected));
    // One of low order spoils them all.
    for (std::size_t bad = 0; bad < count; ++bad) {
      std::vector<X25519Pair> worse;
      const ByteArray<32> low_order{1};
      for (std::size_t i = 0; i < count; ++i) {
        worse.push_back({ours[i], i == bad ? low_order : theirs[i]});
      }
      secrets = expected;
      EXPECT_EQ(x25519(worse, secrets).error(), Error::kBadKey);
      EXPECT_EQ(to_hex(secrets), std::string(64 * count, '0'));
    }
  }
}

TEST(X25519, PrimeOrderIsCheckedToTheLastDetail) {
  ByteArray<32> base{9};
  EXPECT_TRUE(x25519_is_prime_order_var(base));
  base[31] = 0x80;  // bit 255
  EXPECT_FALSE(x25519_is_prime_order_var(base));
  ByteArray<32> shifted;  // 2^255 - 10 is 9 again, not reduced
  shifted.fill(0xff);
  shifted[0] = 0xf6;
  shifted[31] = 0x7f;
  EXPECT_FALSE(x25519_is_prime_order_var(shifted));
  EXPECT_FALSE(x25519_is_prime_order_var(ByteArray<32>{2}));  // on the twist
  // The base point plus the point of order 2 is u = 1 / 9: on the curve, but
  // of twice the order.
  using namespace field25519;
  EXPECT_FALSE(x25519_is_prime_order_var(to_bytes(invert(from_bytes(ByteArray<32>{9})))));
  // Every small u: half are on the twist, an eighth of the rest is in the subgroup.
  int good = 0;
  for (int u = 0; u < 256; ++u) {
    good += x25519_is_prime_order_var(ByteArray<32>{static_cast<std::uint8_t>(u)});
  }
  EXPECT_GT(good, 4);
  EXPECT_LT(good, 32);
}

// Every point there is of small order, added to points of every order.
TEST(X25519, PrimeOrderIsWhatLibsodiumCallsIt) {
  ByteArray<32> torsion =
      hex_array<32>("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a");
  int good = 0;
  for (int i = 0; i < 400; ++i) {
    ByteArray<32> point, of_order_8;
    const auto seed =
        sha256(ByteArray<2>{static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8)});
    ASSERT_EQ(crypto_core_ed25519_from_uniform(point.data(), seed.data()), 0);
    for (int k = 0; k < i % 8; ++k) {
      ASSERT_EQ(crypto_core_ed25519_add(of_order_8.data(), point.data(), torsion.data()), 0);
      point = of_order_8;
    }
    ByteArray<32> u;
    // u = (1 + y) / (1 - y)
    using namespace field25519;
    ByteArray<32> y = point;
    y[31] &= 0x7f;
    const Element one = kOne, element = from_bytes(y);
    u = to_bytes(multiply(tight(add(one, element)), invert(tight(subtract(one, element)))));
    EXPECT_EQ(x25519_is_prime_order_var(u), i % 8 == 0) << i;
    EXPECT_EQ(crypto_core_ed25519_is_valid_point(point.data()), i % 8 == 0) << i;
    good += x25519_is_prime_order_var(seed);
  }
  EXPECT_LT(good, 60);  // a sixteenth of all u
}

TEST(X25519, ClampsPrivateKeys) {
  ByteArray<32> ones;
  ones.fill(0xff);
  EXPECT_EQ(to_hex(x25519_private(View<32>(ones)).view()),
            "f8ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
  EXPECT_EQ(to_hex(x25519_private(View<32>(ByteArray<32>{})).view()),
            "0000000000000000000000000000000000000000000000000000000000000040");
}

class FailingRng final : public Rng {
 public:
  Status fill(MutBytes out) override {
    wipe(out);
    return Error::kRng;
  }
};

TEST(X25519, FailsWithItsRandomSource) {
  FailingRng rng;
  EXPECT_EQ(x25519_private(rng).error(), Error::kRng);
}

TEST(X25519, DoesNotUseTheHeap) {
  const auto key = secret("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
  const test::HeapCount heap;
  const auto ours = x25519_public(key);
  (void)x25519(key, ours);
  (void)x25519_is_prime_order_var(ours);
  EXPECT_EQ(heap.count(), 0u);
}

}  // namespace
}  // namespace core::crypto
