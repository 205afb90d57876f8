// The key schedules of X3DH and PQXDH, of an independent implementation that
// talks to libsignal. Vectors: test/vectors/signal/handshake.json.
#include <gtest/gtest.h>

#include "core/crypto/hmac.h"
#include "core/e2e/two_peers_test.h"
#include "test/vectors.h"

namespace core::e2e {
namespace {

using nlohmann::json;
using test::hex;
using test::hex_array;
using test::to_hex;

template <class Key>
Key our_key(const json& pair) {
  return Key(hex_array<32>(pair["priv"]), hex_array<33>(pair["pub"]));
}

// A PreKeyMessage with these keys around some inner message.
Buffer first_message(const json& v) {
  const auto base_key = hex_array<33>(v["alice_base"]["pub"]);
  const auto identity = hex_array<33>(v["alice_identity"]["pub"]);
  const auto ratchet_key = hex_array<33>(v["alice_first_ratchet"]["pub"]);
  Buffer ciphertext;
  if (v["version"] == 4) ciphertext = hex(v["kyber_ct"]);
  PendingHandshake handshake;
  if (!v["bob_one_time_prekey"].is_null()) handshake.pre_key_id = 1;
  copy(ciphertext, handshake.kem_ciphertext);
  const PreKeyHeader around{.version = v["version"],
                            .base_key = base_key,
                            .identity_key = identity,
                            .handshake = handshake};
  const SignalHeader header{.version = v["version"], .ratchet_key = ratchet_key};
  Buffer out(4096);
  std::size_t size = 0;
  const auto inner = encode_pre_key_message(around, signal_message_size(header, 0), out, size);
  const Secret<32> seed;
  CHECK(seal_signal_message(header, MessageKeys(seed, {}), {identity, identity}, {}, *inner).ok());
  out.resize(size);
  return out;
}

TEST(Agreement, BobDerivesTheKeysOfTheVectors) {
  const auto file = test::load_vectors("signal/handshake.json");
  int pqxdh = 0;
  for (const auto& v : file["vectors"]) {
    const auto wire = first_message(v);
    const auto message = PreKeyMessage::parse(wire);
    ASSERT_TRUE(message.ok());
    const auto identity = our_key<OurIdentity>(v["bob_identity"]);
    const auto signed_pre_key = our_key<OurSignedPreKey>(v["bob_signed_prekey"]);
    std::optional<OurOneTimePreKey> one_time;
    if (!v["bob_one_time_prekey"].is_null())
      one_time = our_key<OurOneTimePreKey>(v["bob_one_time_prekey"]);
    Buffer kem;
    if (v["version"] == 4) kem = hex(v["bob_kyber_sk"]);
    const OurPreKeys keys{
        .signed_pre_key = signed_pre_key, .one_time = one_time ? &*one_time : nullptr, .kem = kem};
    Agreement agreed;
    ASSERT_TRUE(agree_as_responder(identity, keys, *message, Peer::work(), agreed).ok());
    EXPECT_EQ(to_hex(agreed.root_key()), v["root_key"]);
    EXPECT_EQ(to_hex(agreed.chain_key()), v["chain_key"]);
    if (v["version"] == 4) {
      EXPECT_EQ(to_hex(agreed.spqr_auth_key()), v["spqr_auth_key"]);
      ++pqxdh;
    }
  }
  EXPECT_EQ(pqxdh, 2);
}

// Alice's own part needs no KEM vector in version 3; in version 4 the first
// message in conversation_test.cc shows it.
TEST(Agreement, AliceDerivesTheKeysOfTheVersion3Vectors) {
  const auto file = test::load_vectors("signal/handshake.json");
  int x3dh = 0;
  for (const auto& v : file["vectors"]) {
    if (v["version"] != 3) continue;
    ++x3dh;
    const auto identity = our_key<OurIdentity>(v["alice_identity"]);
    const auto base_key = our_key<OurBaseKey>(v["alice_base"]);
    const auto theirs = hex_array<33>(v["bob_identity"]["pub"]);
    const auto signed_key = hex_array<33>(v["bob_signed_prekey"]["pub"]);
    const ByteArray<64> signature{};
    prekey::Bundle bundle{.identity_key = theirs,
                          .one_time = std::nullopt,
                          .signed_pre_key = {1, signed_key, signature},
                          .kem = std::nullopt};
    ByteArray<33> one_time{};
    if (!v["bob_one_time_prekey"].is_null()) {
      one_time = hex_array<33>(v["bob_one_time_prekey"]["pub"]);
      bundle.one_time = prekey::OneTimePreKey{2, one_time};
    }
    ByteArray<1569> ciphertext{};
    const ByteArray<32> random{};
    Agreement agreed;
    ASSERT_TRUE(
        agree_as_initiator(identity, base_key, bundle, random, ciphertext, Peer::work(), agreed)
            .ok());
    EXPECT_EQ(to_hex(agreed.root_key()), v["root_key"]);
    EXPECT_EQ(to_hex(agreed.chain_key()), v["chain_key"]);
    EXPECT_EQ(ciphertext, ByteArray<1569>{});
  }
  EXPECT_EQ(x3dh, 2);
}

TEST(Ratchet, StartsAliceAsTheVectorsSay) {
  const auto file = test::load_vectors("signal/handshake.json");
  for (const auto& v : file["vectors"]) {
    const auto skipped = std::make_unique<SkippedKeys>();
    const auto theirs = TheirRatchetKey::parse(hex_array<33>(v["bob_signed_prekey"]["pub"]));
    Ratchet ratchet;
    ASSERT_TRUE(ratchet
                    .start_initiator(hex_array<32>(v["root_key"]), hex_array<32>(v["chain_key"]),
                                     *theirs, our_key<OurRatchetKey>(v["alice_first_ratchet"]),
                                     *skipped)
                    .ok());
    EXPECT_EQ(to_hex(ratchet.test_only_root_key()), v["alice_root_after_first_ratchet"]);
    EXPECT_EQ(to_hex(ratchet.test_only_sending_chain().key), v["alice_sending_chain_key"]);
    EXPECT_EQ(to_hex(ratchet.ratchet_key()), v["alice_first_ratchet"]["pub"]);
  }
}

TEST(Agreement, NamesTheKeyThatIsMissing) {
  Peer alice(1), bob(2);
  ASSERT_TRUE(alice.initiate(bob).ok());
  const auto wire = alice.send(bob, "hello");
  const auto message = PreKeyMessage::parse(wire.bytes);
  ASSERT_TRUE(message.ok());
  const auto error_with = [&](const OurPreKeys& keys) {
    Agreement agreed;
    const auto done = agree_as_responder(bob.identity, keys, *message, Peer::work(), agreed);
    return done ? Error::kRefused : done.error();
  };
  auto keys = bob.keys();
  keys.one_time = nullptr;
  EXPECT_EQ(error_with(keys), Error::kNotFound);
  keys.one_time = &bob.one_time;
  keys.kem = {};
  EXPECT_EQ(error_with(keys), Error::kNotFound);
  keys.kem = Bytes(bob.kem_seed).first(63);
  EXPECT_EQ(error_with(keys), Error::kMalformed);
  EXPECT_EQ(error_with(bob.keys()), Error::kRefused);  // that is: it agreed
}

// u of the points of small order, and of points outside the prime-order
// subgroup or above the prime. Origin: RFC 7748's curve; x25519.json.
TEST(Agreement, RefusesBaseKeysThatAreNotCanonicalOrNotOfPrimeOrder) {
  Peer alice(1), bob(2);
  ASSERT_TRUE(alice.initiate(bob).ok());
  const auto wire = alice.send(bob, "hello");
  const auto message = PreKeyMessage::parse(wire.bytes);
  ASSERT_TRUE(message.ok());
  const auto good = to_array(View<33>(message->base_key.serialized()));
  const auto error_with = [&](const PublicKey& base_key) {
    auto other = *message;
    other.base_key = *TheirBaseKey::parse(base_key);
    Agreement agreed;
    const auto done = agree_as_responder(bob.identity, bob.keys(), other, Peer::work(), agreed);
    return done ? Error::kRefused : done.error();
  };
  EXPECT_EQ(error_with(good), Error::kRefused);  // that is: it agreed
  auto high_bit = good;
  high_bit[32] |= 0x80;
  EXPECT_EQ(error_with(high_bit), Error::kBadKey);
  for (const auto* u : {
           "0000000000000000000000000000000000000000000000000000000000000000",
           "0100000000000000000000000000000000000000000000000000000000000000",
           "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // p - 1
           "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // p
           "f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",  // p + 9
           "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",  // order 8
       })
    EXPECT_EQ(error_with(serialized(hex_array<32>(std::string_view(u)))), Error::kBadKey) << u;
}

TEST(Agreement, RefusesKeysOfLowOrderInABundle) {
  Peer alice(1), bob(2);
  PublicKey low{};
  low[0] = 0x05;
  ByteArray<64> signature = *sign_pre_key(bob.identity, low, bob.rng);
  auto bundle = bob.bundle();
  bundle.signed_pre_key = {12, low, signature};
  EXPECT_EQ(alice.initiate(bob, bundle).error(), Error::kBadKey);
  bundle = bob.bundle();
  bundle.one_time = prekey::OneTimePreKey{11, low};
  EXPECT_EQ(alice.initiate(bob, bundle).error(), Error::kBadKey);
  EXPECT_FALSE(alice.record->has_current());
}

}  // namespace
}  // namespace core::e2e
