// The four messages of WireGuard. Views are into the datagram that was parsed
// and live no longer than it. Spec: [WG] 5.4, docs/spec/tunnel.md messages.
#ifndef CORE_WG_MESSAGES_H_
#define CORE_WG_MESSAGES_H_

#include "core/base/bytes.h"
#include "core/base/result.h"

namespace core::wg {

// 1 byte of type and 3 zero bytes, as one little-endian number.
enum class MessageType : std::uint32_t {
  kInitiation = 1,
  kResponse = 2,
  kCookieReply = 3,
  kTransport = 4,
};

// The type a datagram says it has. Errors: kMalformed: no such type, or shorter
// than 4 bytes.
Result<MessageType> message_type(Bytes datagram);

// The last two fields of an initiation and of a response.
inline constexpr std::size_t kMacSize = 16;
inline constexpr std::size_t kMacsSize = 2 * kMacSize;

// First handshake message, initiator to responder.
struct Initiation {
  static constexpr std::size_t kSize = 148;

  std::uint32_t sender = 0;  // the initiator's index
  View<32> ephemeral;
  View<48> encrypted_static;
  View<28> encrypted_timestamp;

  // Errors: kMalformed if the size or the type is wrong. MACs are not looked at.
  static Result<Initiation> parse(Bytes datagram);
  // Leaves zeros where the MACs go.
  void write(MutView<kSize> out) const;
};

// Second handshake message, responder to initiator.
struct Response {
  static constexpr std::size_t kSize = 92;

  std::uint32_t sender = 0, receiver = 0;  // the responder's index, the initiator's
  View<32> ephemeral;
  View<16> encrypted_nothing;

  static Result<Response> parse(Bytes datagram);  // as Initiation::parse()
  void write(MutView<kSize> out) const;           // as Initiation::write()
};

// What a device under load answers to a handshake message.
struct CookieReply {
  static constexpr std::size_t kSize = 64;

  std::uint32_t receiver = 0;  // the sender of what it answers
  View<24> nonce;
  View<32> encrypted_cookie;

  static Result<CookieReply> parse(Bytes datagram);  // Errors: kMalformed
  void write(MutView<kSize> out) const;
};

// The 16 bytes before an encrypted packet.
struct TransportHeader {
  static constexpr std::size_t kSize = 16;
  static constexpr std::size_t kMinDatagramSize = kSize + 16;  // with the tag of nothing

  std::uint32_t receiver = 0;
  std::uint64_t counter = 0;

  // Errors: kMalformed: the type, or a datagram too short for a tag.
  static Result<TransportHeader> parse(Bytes datagram);
  void write(MutView<kSize> out) const;
};

}  // namespace core::wg
#endif  // CORE_WG_MESSAGES_H_
