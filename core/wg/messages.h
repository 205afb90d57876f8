// The four messages of WireGuard, as they lie in their datagrams.
// Spec: [WG] 5.4, docs/spec/tunnel.md messages.
#ifndef CORE_WG_MESSAGES_H_
#define CORE_WG_MESSAGES_H_

#include "core/base/bytes.h"
#include "core/crypto/words.h"

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

// Fields of messages: numbers are little-endian.
class WireNumber {
 public:
  std::uint32_t get() const { return crypto::load_u32_le(bytes_); }
  void set(std::uint32_t number) { crypto::store_u32_le(number, bytes_); }

 private:
  ByteArray<4> bytes_;
};
class WireCounter {
 public:
  std::uint64_t get() const { return crypto::load_u64_le(bytes_); }
  void set(std::uint64_t number) { crypto::store_u64_le(number, bytes_); }

 private:
  ByteArray<8> bytes_;
};
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

// The message that a datagram is; nullptr if it has another size or type. MACs
// are not looked at.
template <class Message>
Message* message_in(MutBytes datagram) {
  if (datagram.size() != Message::kSize) return nullptr;
  Message& message = message_at<Message>(datagram.first<Message::kSize>());
  return message.type.is(Message::kType) ? &message : nullptr;
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

// The header of a packet; nullptr if the datagram has another type or is too
// short for a tag.
TransportHeader* transport_header_in(MutBytes datagram);

}  // namespace core::wg
#endif  // CORE_WG_MESSAGES_H_
