// Known answers: KDF from wireguard-go's kdf_test.go; the rest from
// test/vectors/wireguard/handshake.json, made by an independent oracle.
#include "core/wg/noise.h"

#include <gtest/gtest.h>

#include <deque>

#include "core/crypto/x25519.h"
#include "core/wg/cookie.h"
#include "core/wg/kdf.h"
#include "core/wg/message_in_test.h"
#include "core/wg/pair_test.h"
#include "test/vectors.h"

namespace core::wg {
namespace {

using test::hex;
using test::hex_array;
using test::to_hex;

// KDF1, KDF2 or KDF3. HMAC takes a shorter key as if zeros followed.
std::array<Secret<32>, 3> derived(Bytes short_key, Bytes input, std::size_t count) {
  std::array<Secret<32>, 3> out;
  ByteArray<32> key{};
  copy(short_key, key);
  switch (count) {
    case 1: kdf(key, input, {&out[0]}); break;
    case 2: kdf(key, input, {&out[0], &out[1]}); break;
    default: kdf(key, input, {&out[0], &out[1], &out[2]});
  }
  return out;
}

// The chaining key may be the first of what is derived from it.
TEST(Kdf, MayReplaceItsKey) {
  Secret<32> key(ByteArray<32>{7}), second;
  const ByteArray<3> input{1, 2, 3};
  const auto expected = derived(key.view(), input, 2);
  kdf(key.view(), input, {&key, &second});
  EXPECT_TRUE(equal_var(key.view(), expected[0].view()));
  EXPECT_TRUE(equal_var(second.view(), expected[1].view()));
}

// The constants in noise.cc are what the paper has hashed.
TEST(Handshake, StartsWithTheNamesOfTheProtocol) {
  const ByteArray<32> responder{1, 2, 3};
  ByteArray<32> construction, identifier, hash;
  hash_of(label("Noise_IKpsk2_25519_ChaChaPoly_BLAKE2s"), {}, construction);
  hash_of(construction, label("WireGuard v1 zx2c4 Jason@zx2c4.com"), identifier);
  hash_of(identifier, responder, hash);
  SymmetricState state;
  state.start(responder);
  EXPECT_TRUE(equal_var(state.chaining_key.view(), construction));
  EXPECT_EQ(state.hash, hash);
}

TEST(Kdf, GivesTheKnownAnswers) {
  const struct {
    const char *key, *input, *outputs[3];
  } cases[] = {{"746573742d6b6579",
                "746573742d696e707574",
                {"6f0e5ad38daba1bea8a0d213688736f19763239305e0f58aba697f9ffc41c633",
                 "df1194df20802a4fe594cde27e92991c8cae66c366e8106aaa937a55fa371e8a",
                 "fac6e2745a325f5dc5d11a5b165aad08b0ada28e7b4e666b7c077934a4d76c24"}},
               {"776972656775617264",
                "776972656775617264",
                {"491d43bbfdaa8750aaf535e334ecbfe5129967cd64635101c566d4caefda96e8",
                 "1e71a379baefd8a79aa4662212fcafe19a23e2b609a3db7d6bcba8f560e3d25f",
                 "31e1ae48bddfbe5de38f295e5452b1909a1b4e38e183926af3780b0c1e1f0160"}},
               {"",
                "",
                {"8387b46bf43eccfcf349552a095d8315c4055beb90208fb1be23b894bc2ed5d0",
                 "58a0e5f6faefccf4807bff1f05fa8a9217945762040bcec2f4b4a62bdfe0e86e",
                 "0ce6ea98ec548f8e281e93e32db65621c45eb18dc6f0a7ad94178610a2f7338e"}}};
  for (const auto& c : cases) {
    const auto key = hex(c.key), input = hex(c.input);
    for (std::size_t count = 1; count <= 3; ++count) {
      const auto out = derived(key, input, count);
      for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(to_hex(out[i].view()), i < count ? c.outputs[i] : std::string(64, '0'));
      }
    }
  }
}

TEST(Kdf, GivesTheOraclesAnswers) {
  const auto file = test::load_vectors("wireguard/handshake.json");
  for (const auto& c : file["primitives"]["kdf"]) {
    const auto out = derived(hex(c["key"]), hex(c["input"]), 3);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(to_hex(out[i].view()), c["outputs"][i]);
  }
}

// Randomness that was recorded, in the order in which it is drawn.
class ScriptedRng final : public Rng {
 public:
  Status fill(MutBytes out) override {
    if (script.empty() || script.front().size() != out.size()) return Error::kRng;
    copy(script.front(), out);
    script.pop_front();
    return {};
  }
  std::deque<Buffer> script;
};

Buffer index_bytes(std::uint32_t index) {
  return {static_cast<std::uint8_t>(index), static_cast<std::uint8_t>(index >> 8),
          static_cast<std::uint8_t>(index >> 16), static_cast<std::uint8_t>(index >> 24)};
}

// The number that Tai64nClock counts, of a label.
std::uint64_t nanosecond_count(Bytes label) {
  std::uint64_t seconds = 0, nanoseconds = 0;
  for (std::size_t i = 0; i < 8; ++i) seconds = seconds << 8 | label[i];
  for (std::size_t i = 8; i < 12; ++i) nanoseconds = nanoseconds << 8 | label[i];
  return (seconds - (std::uint64_t{1} << 62) - 10) * 1'000'000'000 + nanoseconds;
}

class Recorded {
 public:
  explicit Recorded(const nlohmann::json& h)
      : initiator(1, options()), responder(2, options()), h_(h) {
    use(initiator, h["initiator"], h["responder"], to_responder);
    use(responder, h["responder"], h["initiator"], to_initiator);
    const std::uint64_t time = nanosecond_count(hex(h["timestamp"]));
    initiator.device.set_stored_floor(time);
    initiator.device.floor_stored(kNoFloor);
  }

  static RigOptions options() {
    RigOptions out;
    out.device.mtu = 1500;
    return out;
  }

  // The recorded packets go both ways between the same two addresses.
  void use(Rig& rig, const nlohmann::json& own, const nlohmann::json& other, PeerId& peer) {
    rig.device.set_private_key(Secret<32>(hex_array<32>(own["static_private"])));
    EXPECT_EQ(to_hex(rig.public_key()), own["static_public"]);
    peer = *rig.device.add_peer(hex_array<32>(other["static_public"]));
    const IpAddress v4 = IpAddress::v4(ByteArray<4>{10, 99}),
                    v6 = IpAddress::v6(ByteArray<16>{0xfd, 0x99});
    EXPECT_TRUE(rig.device.add_allowed_ip(peer, {v4, 16}).ok());
    EXPECT_TRUE(rig.device.add_allowed_ip(peer, {v6, 16}).ok());
    EXPECT_TRUE(rig.device.set_preshared_key(peer, hex_array<32>(h_["psk"])).ok());
    Endpoint there = rig.endpoint;
    there.port = 1;
    EXPECT_TRUE(rig.device.set_endpoint(peer, there).ok());
  }

  Rig initiator, responder;
  PeerId to_responder, to_initiator;

 private:
  const nlohmann::json& h_;
};

TEST(Handshake, IsByteForByteTheOracles) {
  const auto file = test::load_vectors("wireguard/handshake.json");
  ASSERT_EQ(file["handshakes"].size(), 4u);
  for (const auto& h : file["handshakes"]) {
    SCOPED_TRACE(h["name"].get<std::string>());
    const Secret<32> i_static(hex_array<32>(h["initiator"]["static_private"])),
        i_ephemeral(hex_array<32>(h["initiator"]["ephemeral_private"])),
        r_static(hex_array<32>(h["responder"]["static_private"])),
        r_ephemeral(hex_array<32>(h["responder"]["ephemeral_private"]));
    const auto i_public = crypto::x25519_public(i_static),
               r_public = crypto::x25519_public(r_static);
    const auto shared = *crypto::x25519(i_static, r_public);
    const auto psk = hex_array<32>(h["psk"]);
    auto first = hex(h["initiation"]["message"]), second = hex(h["response"]["message"]);

    ByteArray<Initiation::kSize> initiation;
    auto& sent = message_at<Initiation>(initiation);
    sent.sender.set(h["initiator"]["index"].get<std::uint32_t>());
    Handshake handshake;
    ASSERT_TRUE(
        create_initiation({.our_public = i_public, .theirs = r_public, .static_static = shared},
                          i_ephemeral, hex_array<12>(h["timestamp"]), handshake, sent)
            .ok());
    EXPECT_EQ(to_hex(Bytes(initiation).first(116)), to_hex(Bytes(first).first(116)));
    EXPECT_EQ(to_hex(handshake.state.hash), h["steps"][4]["hash"]);
    EXPECT_EQ(to_hex(handshake.state.chaining_key.view()), h["steps"][4]["chaining_key"]);

    auto& message = *message_in<Initiation>(first);
    SymmetricState state;
    ASSERT_TRUE(consume_static(r_static, r_public, message, state).ok());
    EXPECT_TRUE(equal_var(message.static_key(), i_public));
    ASSERT_TRUE(consume_timestamp(shared, message, state).ok());
    EXPECT_EQ(to_hex(message.timestamp()), h["timestamp"]);

    ByteArray<Response::kSize> response;
    auto& answer = message_at<Response>(response);
    answer.sender.set(h["responder"]["index"].get<std::uint32_t>());
    answer.receiver.set(message.sender.get());
    TransportKeys ours, theirs;
    ASSERT_TRUE(
        create_response(state, {i_public, message.ephemeral}, r_ephemeral, psk, answer).ok());
    state.split(theirs.receive, theirs.send);
    EXPECT_EQ(to_hex(Bytes(response).first(60)), to_hex(Bytes(second).first(60)));
    ASSERT_TRUE(
        consume_response(handshake, i_static, psk, *message_in<Response>(second), state).ok());
    state.split(ours.send, ours.receive);
    const auto &to_r = h["keys"]["initiator_to_responder"],
               &to_i = h["keys"]["responder_to_initiator"];
    EXPECT_EQ(to_hex(ours.send.view()), to_r);
    EXPECT_EQ(to_hex(ours.receive.view()), to_i);
    EXPECT_EQ(to_hex(theirs.send.view()), to_i);
    EXPECT_EQ(to_hex(theirs.receive.view()), to_r);
  }
}

TEST(Device, SpeaksByteForByteAsTheOracle) {
  const auto file = test::load_vectors("wireguard/handshake.json");
  int spoken = 0;
  for (const auto& h : file["handshakes"]) {
    if (h.contains("cookie_for_initiator")) continue;  // Cookie.IsTheOracles has those
    SCOPED_TRACE(h["name"].get<std::string>());
    ++spoken;
    Recorded r(h);
    Instant now{5000};
    ScriptedRng i_rng, r_rng;
    i_rng.script = {hex(h["initiator"]["ephemeral_private"]),
                    index_bytes(h["initiator"]["index"].get<std::uint32_t>()), Buffer(2)};
    r_rng.script = {hex(h["responder"]["ephemeral_private"]),
                    index_bytes(h["responder"]["index"].get<std::uint32_t>())};
    ByteArray<kMaxPollSize> room{};
    ASSERT_TRUE(r.initiator.device.set_persistent_keepalive(r.to_responder, 1, now).ok());
    std::optional<ToSend> sent;
    while (!sent) {
      const auto polled = r.initiator.device.poll(now, {}, i_rng, room);
      ASSERT_TRUE(polled.ok());
      sent = *polled;
    }
    ASSERT_TRUE(r.initiator.device.set_persistent_keepalive(r.to_responder, 0, now).ok());
    EXPECT_EQ(to_hex(sent->datagram), h["initiation"]["message"]);
    auto datagram = hex(h["initiation"]["message"]);
    const auto reply = r.responder.device.receive(datagram, r.initiator.endpoint, now, r_rng);
    ASSERT_TRUE(reply.ok());
    EXPECT_EQ(reply->peer, r.to_initiator);
    EXPECT_EQ(to_hex(reply->bytes), h["response"]["message"]);
    datagram = hex(h["response"]["message"]);
    ASSERT_TRUE(r.initiator.device.receive(datagram, r.responder.endpoint, now, i_rng).ok());

    std::uint64_t next[2] = {};
    for (const auto& t : h["transport"]) {
      const bool from_initiator = t["direction"] == "i2r";
      Rig& from = from_initiator ? r.initiator : r.responder;
      Rig& to = from_initiator ? r.responder : r.initiator;
      const auto packet = hex(t["packet"]), wire = hex(t["message"]);
      const auto counter = std::stoull(t["counter"].get<std::string>());
      if (counter == next[from_initiator]) {
        ++next[from_initiator];
        if (packet.empty()) {
          if (counter > 0) now = now + 10'000;  // the passive keepalive
          const auto keepalive = from.poll(now);
          ASSERT_EQ(keepalive.size(), 1u);
          EXPECT_EQ(to_hex(keepalive[0].bytes), to_hex(wire));
        } else {
          const auto flying = from.send(packet, now);
          ASSERT_TRUE(flying);
          EXPECT_EQ(to_hex(flying->bytes), to_hex(wire));
        }
      }
      to.packets.clear();
      to.receive({wire, from.endpoint, {}}, now);
      EXPECT_FALSE(to.last.has_value()) << counter;
      EXPECT_EQ(to.packets.size(), packet.empty() ? 0u : 1u);
      if (!packet.empty()) {
        EXPECT_EQ(to.packets[0], packet);
      }
      to.receive({wire, from.endpoint, {}}, now);
      EXPECT_EQ(to.last, Error::kReplay);
    }
  }
  EXPECT_EQ(spoken, 2);
}

TEST(Cookie, IsTheOracles) {
  const auto file = test::load_vectors("wireguard/handshake.json");
  int checked = 0;
  for (const auto& h : file["handshakes"]) {
    for (const std::string who : {"initiator", "responder"}) {
      const auto record = "cookie_for_" + who;
      if (!h.contains(record)) continue;
      SCOPED_TRACE(h["name"].get<std::string>() + who);
      ++checked;
      const auto& c = h[record];
      const auto& m = h[who == "initiator" ? "initiation" : "response"];
      const auto other =
          hex_array<32>(h[who == "initiator" ? "responder" : "initiator"]["static_public"]);
      ReceivedCookie cookie;
      auto refused = hex(c["refused"]);
      cookie.write_macs(other, Instant{1000}, refused);
      EXPECT_EQ(to_hex(refused), c["refused"]);

      CookieChecker checker;
      checker.set_public_key(other);
      EXPECT_TRUE(checker.mac1_is_valid(refused));
      ScriptedRng rng;
      rng.script = {hex(c["nonce"]), hex(c["secret"])};
      const auto source = hex(c["source_address_and_port"]);
      Endpoint from{.port = static_cast<std::uint16_t>(who == "initiator" ? 51820 : 51821)};
      from.address = who == "initiator" ? IpAddress::v4(Bytes(source).first<4>())
                                        : IpAddress::v6(Bytes(source).first<16>());
      ASSERT_EQ(from.port, source[source.size() - 2] << 8 | source[source.size() - 1]);
      ByteArray<CookieReply::kSize> reply;
      ASSERT_TRUE(checker.create_reply(refused, from, Instant{1000}, rng, reply).ok());
      EXPECT_EQ(to_hex(reply), c["reply"]);

      ASSERT_TRUE(cookie.consume(other, *message_in<CookieReply>(reply), Instant{1000}).ok());
      auto message = hex(m["message"]);
      wipe(MutBytes(message).last(32));
      cookie.write_macs(other, Instant{2000}, message);
      EXPECT_EQ(to_hex(message), m["message"]);
      EXPECT_TRUE(checker.mac2_is_valid(message, from, Instant{2000}));
    }
  }
  EXPECT_EQ(checked, 4);
}

class Tampered : public testing::Test {
 protected:
  Tampered() {
    const auto sent = pair.alice.send(pair.bob, "x", pair.now);
    EXPECT_FALSE(sent);
    initiation = pair.alice.poll(pair.now).at(0);
  }
  // The MACs are not what has to notice: they are made right.
  Buffer with_macs(Buffer message, const Rig& to) {
    ReceivedCookie none;
    none.write_macs(to.public_key(), pair.now, message);
    return message;
  }
  Pair pair;
  Flying initiation;
};

TEST_F(Tampered, NoBitOfAnInitiationMayDiffer) {
  for (std::size_t bit = 32; bit < 116 * 8; ++bit) {
    Buffer wire = initiation.bytes;
    wire[bit / 8] = static_cast<std::uint8_t>(wire[bit / 8] ^ 1u << bit % 8);
    const bool index = bit < 64;  // not authenticated: the answer goes astray
    EXPECT_EQ(
        pair.bob.receive({with_macs(wire, pair.bob), initiation.from, {}}, pair.now).has_value(),
        index)
        << bit;
    if (index) {
      EXPECT_TRUE(pair.bob.device.remove_peer(pair.to_alice).ok());
      pair.to_alice = pair.bob.add(pair.alice);
    }
  }
  EXPECT_TRUE(pair.bob.receive(initiation, pair.now));
}

TEST_F(Tampered, NoBitOfAResponseMayDiffer) {
  const auto response = *pair.bob.receive(initiation, pair.now);
  for (std::size_t bit = 64; bit < 60 * 8; ++bit) {
    Buffer wire = response.bytes;
    wire[bit / 8] = static_cast<std::uint8_t>(wire[bit / 8] ^ 1u << bit % 8);
    pair.alice.receive({with_macs(wire, pair.alice), response.from, {}}, pair.now);
    EXPECT_TRUE(pair.alice.last.has_value()) << bit;
  }
  pair.alice.receive(response, pair.now);
  EXPECT_FALSE(pair.alice.last.has_value());
  EXPECT_EQ(pair.alice.poll(pair.now).size(), 1u);
}

}  // namespace
}  // namespace core::wg
