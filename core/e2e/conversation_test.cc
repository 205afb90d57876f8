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

// Devices named by service ids put both names under the MAC: kind, UUID and
// device, the sender's first.
Buffer addresses(const json& file) {
  const auto service_id = [](std::string name) {
    name.resize(name.find('.'));
    std::erase(name, '-');
    return "00" + name + "01";  // an account's id, device 1
  };
  const std::string alice = file["alice_address"], bob = file["bob_address"];
  if (alice.size() < 36) return {};
  return hex(service_id(alice) + service_id(bob));
}

// What a process keeps that ends and starts again.
void restart(std::unique_ptr<SessionRecord>& record) {
  Buffer stored(SessionRecord::kMaxSerializedSize);
  const auto size = record->serialize(stored);
  ASSERT_TRUE(size.ok());
  record = std::make_unique<SessionRecord>();
  ASSERT_TRUE(SessionRecord::parse(Bytes(stored).first(*size), *record).ok());
}

class AsBob : public testing::TestWithParam<const char*> {};

// Byte for byte, all keys of version 4 included, which both ratchets make.
TEST_P(AsBob, DecryptsAllOfAliceAndRepeatsAllOfBob) {
  const auto file = test::load_vectors(GetParam());
  const Bob bob(file);
  const auto keys = bob.keys();
  const auto addresses_of_both = addresses(file);
  auto parties = bob.parties();
  parties.addresses = addresses_of_both;
  auto record = std::make_unique<SessionRecord>();
  for (const auto& event : file["events"]) {
    const auto wire = hex(event["wire"]);
    const auto text = hex(event["plaintext"]);
    auto rng = script(event["bob_random"]);
    Buffer out(wire.size() + encrypted_size(text.size()));
    std::size_t size = 0;
    if (event["from"] == "bob") {
      const auto sealed = record->encrypt(parties, text, {}, rng, Peer::work(), out);
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
        const auto opened = record->decrypt_whisper(parties, *message, rng, Peer::work(), out);
        ASSERT_TRUE(opened.ok());
        size = *opened;
      }
      out.resize(size);
      ASSERT_EQ(out, text);
    }
    EXPECT_TRUE(rng.empty());  // all of it was used
    restart(record);
  }
  EXPECT_EQ(record->current().has_spqr(), record->current().version() == kPqxdhVersion);
}

INSTANTIATE_TEST_SUITE_P(Recorded, AsBob,
                         testing::Values("signal/conversation_v3_oneway.json",
                                         "signal/conversation_v3_pingpong.json",
                                         "signal/conversation_v4_oneway.json",
                                         "signal/conversation_v4_oneway_no_opk.json",
                                         "signal/conversation_v4_pingpong.json",
                                         "signal/conversation_v4_uuid_addresses.json"));

// Alice's half, from the handshake on, with a real Bob.
TEST(AsAlice, RepeatsAllOfAliceAndDecryptsAllOfBob) {
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

  const Parties parties{.ours = identity.public_key(), .theirs = identity_key};
  for (const auto& event : file["events"]) {
    const auto wire = hex(event["wire"]);
    const auto text = hex(event["plaintext"]);
    auto event_rng = script(event["alice_random"]);
    Buffer out(wire.size() + encrypted_size(text.size()));
    if (event["from"] == "alice") {
      const auto sealed = record->encrypt(parties, text, {}, event_rng, Peer::work(), out);
      ASSERT_TRUE(sealed.ok());
      ASSERT_EQ(static_cast<int>(sealed->type), event["type"]);
      out.resize(sealed->size);
      ASSERT_EQ(out, wire);
    } else {
      const auto message = SignalMessage::parse(wire);
      ASSERT_TRUE(message.ok());
      const auto size = record->decrypt_whisper(parties, *message, event_rng, Peer::work(), out);
      ASSERT_TRUE(size.ok());
      out.resize(*size);
      ASSERT_EQ(out, text);
    }
    EXPECT_TRUE(event_rng.empty());
    restart(record);
  }
  EXPECT_TRUE(record->current().has_spqr());
  EXPECT_GE(record->current().spqr_epoch(), 3u);
}

// Two devices named by service ids put both names under the MAC.
TEST(SignalMessage, RefusesAddressesThatWeDoNotExpect) {
  const auto file = test::load_vectors("signal/conversation_v4_uuid_addresses.json");
  const auto wire = hex(file["events"][0]["wire"]);
  const auto message = PreKeyMessage::parse(wire);
  ASSERT_TRUE(message.ok());
  EXPECT_TRUE(equal_var(message->message.addresses, addresses(file)));
  const Bob bob(file);
  const auto keys = bob.keys();
  const auto parties = bob.parties();
  const auto record = std::make_unique<SessionRecord>();
  auto rng = script(file["events"][0]["bob_random"]);
  Buffer out(wire.size());
  EXPECT_EQ(
      record
          ->decrypt_prekey(
              {.identity = bob.identity, .parties = parties, .message = *message, .keys = &keys},
              rng, Peer::work(), out)
          .error(),
      Error::kBadTag);
}

}  // namespace
}  // namespace core::e2e
