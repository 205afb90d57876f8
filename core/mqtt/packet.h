// MQTT 5 control packets: bytes to structs and back, in both directions.
// Parsed views point into the packet. Spec: [MQTT5] 2, 3.
#ifndef CORE_MQTT_PACKET_H_
#define CORE_MQTT_PACKET_H_

#include "core/mqtt/properties.h"
#include "core/mqtt/reason.h"

namespace core::mqtt {

using PacketId = std::uint16_t;  // 0 is none

// QoS 2 is not spoken here.
enum class Qos : std::uint8_t { kAtMostOnce = 0, kAtLeastOnce = 1 };

// What every packet starts with. Spec: [MQTT5] 2.1.
struct FixedHeader {
  PacketType type{};
  std::uint8_t flags = 0;       // low four bits of the first byte
  std::uint32_t size = 0;       // of the fixed header itself: 2 to 5
  std::uint32_t remaining = 0;  // bytes that follow it
};
// Nothing if `in` ends too early to tell. Errors: kMalformed: type 0, flags
// that are reserved for the type, a length that is no varint.
Result<std::optional<FixedHeader>> parse_fixed_header(Bytes in);

struct Will {
  Bytes topic{};
  Bytes payload{};  // at most 65535 bytes
  Qos qos = Qos::kAtLeastOnce;
  bool retain = false;
  Properties properties{};  // delay, expiry, content type, ...
};

struct Connect {
  Bytes client_id{};
  bool clean_start = false;
  std::uint16_t keep_alive_s = 0;
  Properties properties{};
  std::optional<Will> will{};
  std::optional<Bytes> username{};
  std::optional<Bytes> password{};
};

struct Connack {
  bool session_present = false;
  Reason reason{};
  Properties properties{};
};

struct Publish {
  Bytes topic{};  // empty only with a topic alias
  Bytes payload{};
  Qos qos = Qos::kAtLeastOnce;
  bool retain = false;
  bool duplicate = false;
  PacketId packet_id = 0;  // 0 iff QoS 0
  Properties properties{};
};

struct Puback {
  PacketId packet_id = 0;
  Reason reason{};
  Properties properties{};
};

enum class RetainHandling : std::uint8_t { kSend = 0, kSendIfNew = 1, kDoNotSend = 2 };

struct Subscription {
  Bytes filter{};
  Qos qos = Qos::kAtLeastOnce;
  bool no_local = false;
  bool retain_as_published = false;
  RetainHandling retain_handling = RetainHandling::kSend;
};

// To send, `subscriptions` is set; a parsed one has `filters` instead, to be
// walked with SubscriptionReader.
struct Subscribe {
  PacketId packet_id = 0;
  std::span<const Subscription> subscriptions{};
  Properties properties{};
  Bytes filters{};
};
class SubscriptionReader {
 public:
  explicit SubscriptionReader(const Subscribe& packet) : in_(packet.filters) {}
  std::optional<Subscription> next();

 private:
  Reader in_;
};

// Also UNSUBACK. One reason a byte, in the order of the filters; all of them
// are reasons that this packet may carry.
struct Suback {
  PacketId packet_id = 0;
  Bytes reasons{};
  Properties properties{};
};

// To send, `topics` is set; a parsed one has `filters`: strings, one after the
// other.
struct Unsubscribe {
  PacketId packet_id = 0;
  std::span<const Bytes> topics{};
  Properties properties{};
  Bytes filters{};
};

struct Disconnect {
  Reason reason{};
  Properties properties{};
};

// Parse what follows the fixed header; `body` is all of it.
// Errors: kMalformed; kOutOfOrder: it parses, but says what the standard
// forbids to say ("protocol error"). Spec: [MQTT5] 4.13.
Result<Connect> parse_connect(Bytes body);
Result<Connack> parse_connack(Bytes body);
Result<Publish> parse_publish(std::uint8_t flags, Bytes body);  // kOutOfOrder for QoS 2
Result<Puback> parse_puback(Bytes body);
Result<Subscribe> parse_subscribe(Bytes body);  // kOutOfOrder for QoS 2
Result<Suback> parse_suback(Bytes body);
Result<Unsubscribe> parse_unsubscribe(Bytes body);
Result<Suback> parse_unsuback(Bytes body);
Result<Disconnect> parse_disconnect(Bytes body);

// Encode a whole packet to the front of `out` and return its size.
// Errors: kFull: `out` is too small, or the packet larger than MQTT can say;
// kMalformed: what it says must not be said. On an error `out` is unchanged.
Result<std::size_t> encode(const Connect& packet, MutBytes out);
Result<std::size_t> encode(const Connack& packet, MutBytes out);
Result<std::size_t> encode(const Publish& packet, MutBytes out);
Result<std::size_t> encode(const Puback& packet, MutBytes out);
Result<std::size_t> encode(const Subscribe& packet, MutBytes out);
Result<std::size_t> encode(const Unsubscribe& packet, MutBytes out);
Result<std::size_t> encode(const Disconnect& packet, MutBytes out);
Result<std::size_t> encode_suback(const Suback& packet, MutBytes out);
Result<std::size_t> encode_unsuback(const Suback& packet, MutBytes out);
Result<std::size_t> encode_pingreq(MutBytes out);
Result<std::size_t> encode_pingresp(MutBytes out);

}  // namespace core::mqtt
#endif  // CORE_MQTT_PACKET_H_
