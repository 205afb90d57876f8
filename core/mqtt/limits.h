// Sizes of the MQTT client's fixed tables. Each can be set with -D; every part
// of one program must be built with the same values.
#ifndef CORE_MQTT_LIMITS_H_
#define CORE_MQTT_LIMITS_H_

#include <cstddef>

// QoS 1 messages that we may have sent and not seen acknowledged.
#ifndef GINNEL_MQTT_MAX_IN_FLIGHT
#define GINNEL_MQTT_MAX_IN_FLIGHT 32
#endif
// QoS 1 messages that the server may have sent and we not acknowledged.
#ifndef GINNEL_MQTT_MAX_INCOMING
#define GINNEL_MQTT_MAX_INCOMING 32
#endif
// SUBSCRIBE and UNSUBSCRIBE packets that wait for their answer.
#ifndef GINNEL_MQTT_MAX_PENDING
#define GINNEL_MQTT_MAX_PENDING 8
#endif
// Topic aliases that the server may set, and the longest topic of one.
#ifndef GINNEL_MQTT_MAX_ALIASES
#define GINNEL_MQTT_MAX_ALIASES 4
#endif
#ifndef GINNEL_MQTT_MAX_ALIAS_TOPIC
#define GINNEL_MQTT_MAX_ALIAS_TOPIC 128
#endif

namespace core::mqtt {

inline constexpr std::size_t kMaxInFlight = GINNEL_MQTT_MAX_IN_FLIGHT;
inline constexpr std::size_t kMaxIncoming = GINNEL_MQTT_MAX_INCOMING;
inline constexpr std::size_t kMaxPending = GINNEL_MQTT_MAX_PENDING;
inline constexpr std::size_t kMaxAliases = GINNEL_MQTT_MAX_ALIASES;
inline constexpr std::size_t kMaxAliasTopicSize = GINNEL_MQTT_MAX_ALIAS_TOPIC;

static_assert(kMaxInFlight > 0 && kMaxInFlight < 65536);
static_assert(kMaxIncoming > 0 && kMaxIncoming < 65536);
static_assert(kMaxPending > 0 && kMaxPending < 256);
static_assert(kMaxAliases > 0 && kMaxAliases < 65536);
static_assert(kMaxAliasTopicSize > 0 && kMaxAliasTopicSize < 65536);

}  // namespace core::mqtt
#endif  // CORE_MQTT_LIMITS_H_
