// Conversations with real libsignal clients, recorded: version 3 with 0.72.1,
// version 4 with 0.103.0. Vectors: test/vectors/signal/conversation_*.json.
#include <gtest/gtest.h>

#include "core/e2e/two_peers_test.h"
#include "test/vectors.h"

namespace core::e2e {
namespace {

using nlohmann::json;
using test::hex;
using test::hex_array;

ScriptedRng script(const json& draws) {
  ScriptedRng rng;
  for (const auto& draw : draws) rng.add(hex(draw["value"]));
  return rng;
}

template <class Key>
Key our_key(const json& pair) {
  return Key(hex_array<32>(pair["priv"]), hex_array<33>(pair["pub"]));
}

// Bob's keys, as the files give them.
struct Bob {
  explicit Bob(const json& file)
      : identity(our_key<OurIdentity>(file["bob"]["identity"])),
        signed_pre_key(our_key<OurSignedPreKey>(file["bob"]["signed_prekey"])),
        alice(hex_array<33>(file["alice"]["identity_pub"])) {
    const auto& one_time_key = file["bob"]["one_time_prekey"];
    if (!one_time_key.is_null()) one_time = our_key<OurOneTimePreKey>(one_time_key);
    const auto& kem_key = file["bob"]["kyber_prekey"];
    if (!kem_key.is_null()) kem = hex(kem_key["sk"]);
  }
  OurPreKeys keys() const {
    return {
        .signed_pre_key = signed_pre_key, .one_time = one_time ? &*one_time : nullptr, .kem = kem};
  }
  Parties parties() const { return {.ours = identity.public_key(), .theirs = alice}; }

  OurIdentity identity;
  OurSignedPreKey signed_pre_key;
  std::optional<OurOneTimePreKey> one_time;
  Buffer kem;
  PublicKey alice;
};

class Version3 : public testing::TestWithParam<const char*> {};

TEST_P(Version3, DecryptsAllOfAliceAndRepeatsAllOfBob) {
  const auto file = test::load_vectors(GetParam());
  const Bob bob(file);
  const auto keys = bob.keys();
  const auto parties = bob.parties();
  auto record = std::make_unique<SessionRecord>();
  for (const auto& event : file["events"]) {
    const auto wire = hex(event["wire"]);
    const auto text = hex(event["plaintext"]);
    auto rng = script(event["bob_random"]);
    Buffer out(wire.size() + encrypted_size(text.size()));
    std::size_t size = 0;
    if (event["from"] == "bob") {
      const auto sealed = record->encrypt(parties, text, {}, out);
      ASSERT_TRUE(sealed.ok());
      ASSERT_EQ(static_cast<int>(sealed->type), event["type"]);
      out.resize(sealed->size);
      ASSERT_EQ(out, wire);
    } else {
      if (event["type"] == 3) {
        const auto message = PreKeyMessage::parse(wire);
        ASSERT_TRUE(message.ok());
        EXPECT_EQ(message->registration_id, file["alice"]["registration_id"]);
        const bool known = record->knows_base_key(*message);
        const auto opened = record->decrypt_prekey({.identity = bob.identity,
                                                    .parties = parties,
                                                    .message = *message,
                                                    .keys = known ? nullptr : &keys},
                                                   rng, Peer::work(), out);
        ASSERT_TRUE(opened.ok());
        EXPECT_EQ(opened->new_session, !known);
        size = opened->size;
      } else {
        const auto message = SignalMessage::parse(wire);
        ASSERT_TRUE(message.ok());
        const auto opened = record->decrypt_whisper(parties, *message, rng, out);
        ASSERT_TRUE(opened.ok());
        size = *opened;
      }
      out.resize(size);
      ASSERT_EQ(out, text);
    }
    EXPECT_TRUE(rng.empty());  // all of it was used
  }
}

INSTANTIATE_TEST_SUITE_P(Recorded, Version3,
                         testing::Values("signal/conversation_v3_oneway.json",
                                         "signal/conversation_v3_pingpong.json"));

// Version 4 as libsignal speaks it today mixes a key of the post-quantum
// ratchet into every message key. Here that key comes from the file; all the
// rest is ours.
class Version4 : public testing::TestWithParam<const char*> {};

TEST_P(Version4, FindsEverySeedAndOpensEveryMessageWithTheGivenSalt) {
  const auto file = test::load_vectors(GetParam());
  const Bob bob(file);
  SkippedKeys& skipped = *new SkippedKeys;  // 80 KB
  const std::unique_ptr<SkippedKeys> owner(&skipped);
  std::optional<Ratchet> ratchet;
  const Route route{.sender = bob.alice, .receiver = bob.identity.public_key()};
  for (const auto& event : file["events"]) {
    const auto wire = hex(event["wire"]);
    Bytes inner = wire;
    if (event["from"] == "bob") {
      const auto message = SignalMessage::parse(wire);
      ASSERT_TRUE(message.ok());
      auto next = ratchet->next();
      ASSERT_TRUE(next.ok());
      EXPECT_EQ(message->counter, next->counter);
      EXPECT_EQ(message->previous_counter, next->previous_counter);
      EXPECT_TRUE(equal_var(message->ratchet_key.serialized(), ratchet->ratchet_key()));
      ratchet->sent(*std::move(next));
      continue;
    }
    if (event["type"] == 3) {
      const auto message = PreKeyMessage::parse(wire);
      ASSERT_TRUE(message.ok());
      inner = Bytes(message->message.authenticated.data(),
                    message->message.authenticated.size() + kMessageMacSize);
      if (!ratchet) {
        auto agreed = agree_as_responder(bob.identity, bob.keys(), *message, Peer::work());
        ASSERT_TRUE(agreed.ok());
        ratchet = Ratchet::responder(std::move(agreed->root_key), std::move(agreed->chain_key),
                                     our_key<OurRatchetKey>(file["bob"]["signed_prekey"]));
      }
    }
    const auto message = SignalMessage::parse(inner);
    ASSERT_TRUE(message.ok());
    EXPECT_FALSE(message->pq_ratchet.empty());
    auto incoming = ratchet->prepare(message->ratchet_key, message->counter, skipped);
    ASSERT_TRUE(incoming.ok());
    const auto& expected = event["keys"];
    EXPECT_EQ(test::to_hex(incoming->seed.view()), expected["message_key_seed"]);
    const MessageKeys keys(incoming->seed, hex(expected["spqr_key"]));
    EXPECT_EQ(test::to_hex(keys.cipher_key()), expected["cipher_key"]);
    EXPECT_EQ(test::to_hex(keys.mac_key()), expected["mac_key"]);
    EXPECT_EQ(test::to_hex(keys.iv()), expected["iv"]);
    Buffer out(message->ciphertext.size());
    const auto size = message->open(keys, route, out);
    ASSERT_TRUE(size.ok());
    out.resize(*size);
    EXPECT_EQ(out, hex(event["plaintext"]));
    auto rng = script(event["bob_random"]);
    ASSERT_TRUE(ratchet->commit(*std::move(incoming), rng, skipped).ok());
    EXPECT_TRUE(rng.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Recorded, Version4,
                         testing::Values("signal/conversation_v4_oneway.json",
                                         "signal/conversation_v4_oneway_no_opk.json",
                                         "signal/conversation_v4_pingpong.json",
                                         "signal/conversation_v4_uuid_addresses.json"));

// Our first message to a real Bob: the handshake's half byte for byte.
TEST(Version4, MakesTheHandshakeOfTheNamedRandomness) {
  const auto file = test::load_vectors("signal/conversation_v4_as_alice.json");
  const auto identity = our_key<OurIdentity>(file["alice"]["identity"]);
  const auto& b = file["bundle"];
  const auto identity_key = hex_array<33>(b["identityKey"]);
  const auto one_time = hex_array<33>(b["preKey"]);
  const auto signed_key = hex_array<33>(b["signedPreKey"]);
  const auto signed_signature = hex_array<64>(b["signedPreKeySignature"]);
  const auto kem_key = hex_array<1569>(b["kyberPreKey"]);
  const auto kem_signature = hex_array<64>(b["kyberPreKeySignature"]);
  const prekey::Bundle bundle{.registration_id = b["registrationId"],
                              .device_id = b["deviceId"],
                              .identity_key = identity_key,
                              .one_time = prekey::OneTimePreKey{b["preKeyId"], one_time},
                              .signed_pre_key = {b["signedPreKeyId"], signed_key, signed_signature},
                              .kem = prekey::KemPreKey{b["kyberPreKeyId"], kem_key, kem_signature}};
  ASSERT_TRUE(prekey::verify(bundle).ok());

  auto rng = script(file["alice_initial_random"]);
  auto record = std::make_unique<SessionRecord>();
  const std::uint32_t registration_id = file["alice"]["registration_id"];
  ASSERT_TRUE(record
                  ->initiate({.identity = identity,
                              .theirs = identity_key,
                              .bundle = bundle,
                              .our_registration_id = registration_id},
                             {}, rng, Peer::work())
                  .ok());
  EXPECT_TRUE(rng.empty());

  const auto wire = hex(file["events"][0]["wire"]);
  const auto theirs = PreKeyMessage::parse(wire);
  ASSERT_TRUE(theirs.ok());
  Buffer out(encrypted_size(5));
  const auto sealed = record->encrypt({.ours = identity.public_key(), .theirs = identity_key},
                                      hex(file["events"][0]["plaintext"]), {}, out);
  ASSERT_TRUE(sealed.ok());
  const auto ours = PreKeyMessage::parse(Bytes(out).first(sealed->size));
  ASSERT_TRUE(ours.ok());
  EXPECT_TRUE(equal_var(ours->base_key.serialized(), theirs->base_key.serialized()));
  EXPECT_TRUE(
      equal_var(ours->message.ratchet_key.serialized(), theirs->message.ratchet_key.serialized()));
  EXPECT_TRUE(equal_var(ours->kem_ciphertext, theirs->kem_ciphertext));
  EXPECT_EQ(ours->pre_key_id, theirs->pre_key_id);
  EXPECT_EQ(ours->registration_id, theirs->registration_id);
  EXPECT_EQ(ours->signed_pre_key_id, theirs->signed_pre_key_id);
  EXPECT_EQ(ours->kem_pre_key_id, theirs->kem_pre_key_id);
  // All but the ciphertext, the missing field 5 and the MAC is the same.
  const auto end = static_cast<std::size_t>(theirs->message.ciphertext.data() - wire.data());
  const auto our_end = static_cast<std::size_t>(ours->message.ciphertext.data() - out.data());
  EXPECT_EQ(end, our_end);
}

// Two devices named by service ids put both names under the MAC.
TEST(SignalMessage, RefusesAddressesThatWeDoNotExpect) {
  const auto file = test::load_vectors("signal/conversation_v4_uuid_addresses.json");
  const auto wire = hex(file["events"][0]["wire"]);
  const auto message = PreKeyMessage::parse(wire);
  ASSERT_TRUE(message.ok());
  const auto service_id = [](std::string name) {
    name.resize(name.find('.'));
    std::erase(name, '-');
    return "00" + name + "01";  // an account's id, device 1
  };
  EXPECT_EQ(test::to_hex(message->message.addresses),
            service_id(file["alice_address"]) + service_id(file["bob_address"]));
}

}  // namespace
}  // namespace core::e2e
