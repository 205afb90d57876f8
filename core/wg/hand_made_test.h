// A peer that does what it likes.
#ifndef CORE_WG_HAND_MADE_TEST_H_
#define CORE_WG_HAND_MADE_TEST_H_

#include "core/crypto/aead.h"
#include "core/wg/message_in_test.h"
#include "core/wg/rig_test.h"

namespace core::wg {

// A peer made by hand of the handshake's functions, which does what it likes.
class HandMade {
 public:
  HandMade(unsigned number, Rig& other) : other_(other) {
    endpoint.address = IpAddress::v4(ByteArray<4>{198, 51, 100, static_cast<std::uint8_t>(number)});
    endpoint.port = 7;
    number_ = number;
    private_key = crypto::x25519_private(Rig::key(number).view());
    public_key = crypto::x25519_public(private_key);
    peer = *other.device.add_peer(public_key);
    EXPECT_TRUE(other.device.add_allowed_ip(peer, host(inner4(number))).ok());
    EXPECT_TRUE(other.device.add_allowed_ip(peer, host(inner6(number))).ok());
  }

  Flying initiation(std::uint64_t time, std::uint32_t index = 77) {
    Buffer wire(Initiation::kSize);
    ByteArray<12> timestamp{0x40};
    for (std::size_t i = 0; i < 8; ++i) {
      timestamp[11 - i] = static_cast<std::uint8_t>(time >> 8 * i);
    }
    const auto shared = crypto::x25519(private_key, other_.public_key());
    const Secret<32> ephemeral = crypto::x25519_private(Rig::key(++draws_ * 1000).view());
    auto& message = message_at<Initiation>(MutView<Initiation::kSize>(wire.data(), wire.size()));
    message.sender.set(index);
    EXPECT_TRUE(
        create_initiation(
            {.our_public = public_key, .theirs = other_.public_key(), .static_static = *shared},
            ephemeral, timestamp, handshake, message)
            .ok());
    cookie.write_macs(other_.public_key(), Instant{0}, wire);
    return {wire, endpoint, other_.endpoint};
  }
  void take_response(Flying response) {
    auto* message = message_in<Response>(response.bytes);
    ASSERT_TRUE(message != nullptr);
    SymmetricState state;
    ASSERT_TRUE(consume_response(handshake, private_key, psk, *message, state).ok());
    state.split(keys.send, keys.receive);
    their_index = message->sender.get();
  }
  // A session in which nothing has been sent.
  void shake_hands(std::uint64_t time, Instant now) {
    const auto response = other_.receive(initiation(time), now);
    ASSERT_TRUE(response);
    take_response(*response);
  }
  Flying sealed(std::uint64_t counter, Buffer plaintext) const {
    Buffer wire(16);
    auto& header = message_at<TransportHeader>(MutView<16>(wire.data(), 16));
    header.type.set(MessageType::kTransport);
    header.receiver.set(their_index);
    header.counter.set(counter);
    wire.insert(wire.end(), plaintext.begin(), plaintext.end());
    wire.resize(wire.size() + 16);
    ByteArray<12> nonce{};
    for (std::size_t i = 0; i < 8; ++i) nonce[4 + i] = static_cast<std::uint8_t>(counter >> 8 * i);
    crypto::chacha20_poly1305_seal(keys.send.view(), nonce, {}, MutBytes(wire).subspan(16));
    return {wire, endpoint, other_.endpoint};
  }
  Flying packet(std::uint64_t counter, const std::string& text = "text") const {
    return sealed(counter, ip_packet(inner4(number_), other_.inner(), {text.begin(), text.end()}));
  }

  Endpoint endpoint;
  Secret<32> private_key;
  ByteArray<32> public_key, psk{};
  PeerId peer;
  Handshake handshake;
  ReceivedCookie cookie;
  TransportKeys keys;
  std::uint32_t their_index = 0;

 private:
  Rig& other_;
  unsigned number_, draws_ = 0;
};

}  // namespace core::wg
#endif  // CORE_WG_HAND_MADE_TEST_H_
