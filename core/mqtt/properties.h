// The properties of an MQTT packet. Spec: [MQTT5] 2.2.2.
#ifndef CORE_MQTT_PROPERTIES_H_
#define CORE_MQTT_PROPERTIES_H_

#include <optional>
#include <type_traits>

#include "core/base/reader.h"
#include "core/base/writer.h"

namespace core::mqtt {

// Which packet the properties belong to. kWill stands for the will's, inside
// CONNECT; the others are the packet types of the fixed header.
enum class PacketType : std::uint8_t {
  kWill = 0,
  kConnect = 1,
  kConnack = 2,
  kPublish = 3,
  kPuback = 4,
  kPubrec = 5,
  kPubrel = 6,
  kPubcomp = 7,
  kSubscribe = 8,
  kSuback = 9,
  kUnsubscribe = 10,
  kUnsuback = 11,
  kPingreq = 12,
  kPingresp = 13,
  kDisconnect = 14,
  kAuth = 15,
};

struct UserProperty {
  Bytes name{};
  Bytes value{};
};

// Every property there is; those that are set are sent or were received.
// Views point into the caller's memory or into the packet.
struct Properties {
  std::optional<std::uint8_t> payload_format{};              // 0: bytes, 1: UTF-8
  std::optional<std::uint32_t> message_expiry_s{};           //
  std::optional<Bytes> content_type{};                       //
  std::optional<Bytes> response_topic{};                     //
  std::optional<Bytes> correlation_data{};                   //
  std::optional<std::uint32_t> subscription_id{};            // received: the first of them
  std::optional<std::uint32_t> session_expiry_s{};           // 0xffffffff: never
  std::optional<Bytes> assigned_client_id{};                 //
  std::optional<std::uint16_t> server_keep_alive_s{};        //
  std::optional<Bytes> authentication_method{};              //
  std::optional<Bytes> authentication_data{};                //
  std::optional<std::uint8_t> request_problem_info{};        // 0 or 1
  std::optional<std::uint32_t> will_delay_s{};               //
  std::optional<std::uint8_t> request_response_info{};       // 0 or 1
  std::optional<Bytes> response_info{};                      //
  std::optional<Bytes> server_reference{};                   //
  std::optional<Bytes> reason_string{};                      //
  std::optional<std::uint16_t> receive_maximum{};            // not 0
  std::optional<std::uint16_t> topic_alias_maximum{};        //
  std::optional<std::uint16_t> topic_alias{};                // 0 is for the receiver to refuse
  std::optional<std::uint8_t> maximum_qos{};                 // 0 or 1
  std::optional<std::uint8_t> retain_available{};            // 0 or 1
  std::optional<std::uint32_t> maximum_packet_size{};        // not 0
  std::optional<std::uint8_t> wildcards_available{};         // 0 or 1
  std::optional<std::uint8_t> subscription_ids_available{};  // 0 or 1
  std::optional<std::uint8_t> shared_available{};            // 0 or 1
  // To send. Received ones are read with UserPropertyReader.
  std::span<const UserProperty> user_properties{};
  // The properties as received, for the readers below; not sent.
  Bytes received{};
};

// Walks the user properties of a received packet, in order:
//   UserPropertyReader reader(message.properties);
//   while (const auto property = reader.next()) ...
class UserPropertyReader {
 public:
  explicit UserPropertyReader(const Properties& properties) : in_(properties.received) {}
  std::optional<UserProperty> next();

 private:
  Reader in_;
};

// Walks the subscription identifiers of a received PUBLISH, in order.
class SubscriptionIdReader {
 public:
  explicit SubscriptionIdReader(const Properties& properties) : in_(properties.received) {}
  std::optional<std::uint32_t> next();

 private:
  Reader in_;
};

// Reads the length and the properties that follow into `out`, which must be as
// new; on an error what it holds means nothing.
// Errors: kMalformed (bytes that do not parse, a property that this packet may
// not carry), kOutOfOrder (one given twice, a value that the standard forbids).
Status read_properties(Reader& in, PacketType packet, Properties& out);

// Bytes that write_properties() writes, the length included.
std::size_t properties_size(const Properties& properties);
// Writes the length and the properties. REQUIRES: valid_to_send()
void write_properties(const Properties& properties, Writer& out);
// True if this packet may carry these properties with these values.
bool valid_to_send(const Properties& properties, PacketType packet);

// Variable byte integer, 1 to 4 bytes. Spec: [MQTT5] 1.5.5.
inline constexpr std::uint32_t kMaxVarint = 268435455;
// Errors: kMalformed: longer than four bytes or than it need be. After a short
// read the reader is not ok and the value means nothing.
Result<std::uint32_t> read_varint(Reader& in);
// REQUIRES: value <= kMaxVarint
void write_varint(std::uint32_t value, Writer& out);
std::size_t varint_size(std::uint32_t value);

// Strings and binary data: a two-byte length and the bytes. After a short read
// the reader is not ok. Spec: [MQTT5] 1.5.4, 1.5.6.
Bytes read_binary(Reader& in);
// REQUIRES: value.size() <= 65535
void write_binary(Bytes value, Writer& out);

}  // namespace core::mqtt
#endif  // CORE_MQTT_PROPERTIES_H_
