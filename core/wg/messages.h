// The four messages of WireGuard, as they lie in their datagrams.
// Spec: [WG] 5.4, docs/spec/tunnel.md messages.
#ifndef CORE_WG_MESSAGES_H_
#define CORE_WG_MESSAGES_H_

#include <bit>

#include "core/base/bytes.h"

namespace core::wg {

// 1 byte of type and 3 zero bytes, as one little-endian number.
enum class MessageType : std::uint32_t {
  kInitiation = 1,
  kResponse = 2,
  kCookieReply = 3,
  kTransport = 4,
};

// The last two fields of an initiation and of a response.
inline constexpr std::size_t kMacSize = 16;
inline constexpr std::size_t kMacsSize = 2 * kMacSize;

// A number in a message: little-endian.
template <class Number>
class WireInteger {
 public:
  Number get() const {
    Number number;
    std::memcpy(&number, bytes_.data(), sizeof(number));
    return ordered(number);
  }
  void set(Number number) {
    number = ordered(number);
    std::memcpy(bytes_.data(), &number, sizeof(number));
  }

 private:
  static constexpr Number ordered(Number number) {
    if constexpr (std::endian::native == std::endian::little) return number;
    Number swapped = 0;
    for (std::size_t i = 0; i < sizeof(number); ++i, number >>= 8)
      swapped = swapped << 8 | (number & 255);
    return swapped;
  }

  ByteArray<sizeof(Number)> bytes_;
};
using WireNumber = WireInteger<std::uint32_t>;
using WireCounter = WireInteger<std::uint64_t>;

class WireType {
 public:
  bool is(MessageType type) const { return number_.get() == static_cast<std::uint32_t>(type); }
  void set(MessageType type) { number_.set(static_cast<std::uint32_t>(type)); }

 private:
  WireNumber number_;
};

// First handshake message, initiator to responder. It and the others are made of
// bytes: they are read and written in the datagram itself, see message_at().
struct Initiation {
  static constexpr std::size_t kSize = 148;
  static constexpr MessageType kType = MessageType::kInitiation;

  WireType type;
  WireNumber sender;  // the initiator's index
  ByteArray<32> ephemeral;
  ByteArray<48> encrypted_static;
  ByteArray<28> encrypted_timestamp;
  ByteArray<kMacsSize> macs;

  // Once they are opened, in place.
  View<32> static_key() const { return View<48>(encrypted_static).first<32>(); }
  View<12> timestamp() const { return View<28>(encrypted_timestamp).first<12>(); }
};

// Second handshake message, responder to initiator.
struct Response {
  static constexpr std::size_t kSize = 92;
  static constexpr MessageType kType = MessageType::kResponse;

  WireType type;
  WireNumber sender, receiver;  // the responder's index, the initiator's
  ByteArray<32> ephemeral;
  ByteArray<16> encrypted_nothing;
  ByteArray<kMacsSize> macs;
};

// What a device under load answers to a handshake message.
struct CookieReply {
  static constexpr std::size_t kSize = 64;
  static constexpr MessageType kType = MessageType::kCookieReply;

  WireType type;
  WireNumber receiver;  // the sender of what it answers
  ByteArray<24> nonce;
  ByteArray<32> encrypted_cookie;
};

// The bytes of a datagram as a message of any type.
template <class Message>
Message& message_at(MutView<Message::kSize> datagram) {
  static_assert(sizeof(Message) == Message::kSize && alignof(Message) == 1);
  return *reinterpret_cast<Message*>(datagram.data());
}

// Whether a datagram is a message, by its size and type. MACs are not looked at.
template <class Message>
bool is_message(MutBytes datagram) {
  return datagram.size() == Message::kSize &&
         message_at<Message>(datagram.first<Message::kSize>()).type.is(Message::kType);
}

// The bytes before an encrypted packet, the rest of the datagram.
struct TransportHeader {
  static constexpr std::size_t kSize = 16;
  static constexpr std::size_t kMinDatagramSize = kSize + 16;  // with the tag of nothing
  static constexpr MessageType kType = MessageType::kTransport;

  WireType type;
  WireNumber receiver;
  WireCounter counter;
};

// REQUIRES: datagram.size() >= TransportHeader::kSize
inline TransportHeader& transport_header(MutBytes datagram) {
  return message_at<TransportHeader>(datagram.first<TransportHeader::kSize>());
}

// Whether a datagram is a packet: of that type, and long enough for a tag.
inline bool is_packet(MutBytes datagram) {
  return datagram.size() >= TransportHeader::kMinDatagramSize &&
         transport_header(datagram).type.is(TransportHeader::kType);
}

}  // namespace core::wg
#endif  // CORE_WG_MESSAGES_H_
