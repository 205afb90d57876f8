// What an MQTT client is told to do and what it tells.
#ifndef CORE_MQTT_EVENT_H_
#define CORE_MQTT_EVENT_H_

#include <variant>

#include "core/mqtt/limits.h"
#include "core/mqtt/packet.h"

namespace core::mqtt {

struct ConnectOptions {
  Bytes client_id{};                             // empty: the server assigns one
  bool clean_start = false;                      // true: the server forgets the session
  std::uint32_t session_expiry_s = 0;            // how long it keeps it; 0xffffffff: for ever
  std::uint16_t keep_alive_s = 60;               // 0: none
  std::uint16_t receive_maximum = kMaxIncoming;  // 1 to kMaxIncoming
  std::uint16_t topic_alias_maximum = 0;         // 0 to kMaxAliases
  bool request_problem_info = true;              // reason strings in acknowledgements
  std::span<const UserProperty> user_properties{};
  std::optional<Will> will{};
  std::optional<Bytes> username{};
  std::optional<Bytes> password{};
  std::int64_t connect_timeout_ms = 10000;  // until CONNACK; 1 to a day
  std::int64_t ping_timeout_ms = 10000;     // from PINGREQ until anything comes
};

// What the server allows, from CONNACK or the standard's defaults.
struct ServerLimits {
  std::uint16_t receive_maximum = 65535;
  std::uint32_t maximum_packet_size = 0xffffffff;
  std::uint16_t topic_alias_maximum = 0;
  std::uint16_t keep_alive_s = 0;      // the one in force
  std::uint32_t session_expiry_s = 0;  // the one in force
  Qos maximum_qos = Qos::kAtLeastOnce;
  bool retain_available = true;
  bool wildcards_available = true;
  bool subscription_ids_available = true;
  bool shared_available = true;
};

// Events. Their views live until the next call that is not const.
struct Connected {
  bool session_present = false;
  ServerLimits limits{};
  Properties properties{};  // assigned client id, reason string, ...
};
// The server said no in CONNACK. Close the transport.
struct Refused {
  Reason reason{};
  Properties properties{};
};
// A message. With QoS 1: acknowledge(packet_id) once it is stored.
using Message = Publish;
struct PublishAcked {
  PacketId packet_id = 0;
  Reason reason{};  // a failure: the server has not taken it
  Properties properties{};
};
struct Subscribed {
  PacketId packet_id = 0;
  Bytes reasons{};  // one Reason a filter
  Properties properties{};
};
struct Unsubscribed {
  PacketId packet_id = 0;
  Bytes reasons{};
  Properties properties{};
};
// The server said DISCONNECT. Close the transport.
struct Disconnected {
  Reason reason{};
  Properties properties{};
};
using Event =
    std::variant<Connected, Refused, Message, PublishAcked, Subscribed, Unsubscribed, Disconnected>;

}  // namespace core::mqtt
#endif  // CORE_MQTT_EVENT_H_
