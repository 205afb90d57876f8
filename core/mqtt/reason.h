// MQTT reason codes. Spec: [MQTT5] 2.4.
#ifndef CORE_MQTT_REASON_H_
#define CORE_MQTT_REASON_H_

#include <cstdint>

namespace core::mqtt {

// From 0x80 on it is a failure.
enum class Reason : std::uint8_t {
  kSuccess = 0x00,  // also: normal disconnection, granted QoS 0
  kGrantedQos1 = 0x01,
  kGrantedQos2 = 0x02,
  kDisconnectWithWill = 0x04,
  kNoMatchingSubscribers = 0x10,
  kNoSubscriptionExisted = 0x11,
  kUnspecifiedError = 0x80,
  kMalformedPacket = 0x81,
  kProtocolError = 0x82,
  kImplementationSpecificError = 0x83,
  kUnsupportedProtocolVersion = 0x84,
  kClientIdNotValid = 0x85,
  kBadUserNameOrPassword = 0x86,
  kNotAuthorized = 0x87,
  kServerUnavailable = 0x88,
  kServerBusy = 0x89,
  kBanned = 0x8a,
  kServerShuttingDown = 0x8b,
  kBadAuthenticationMethod = 0x8c,
  kKeepAliveTimeout = 0x8d,
  kSessionTakenOver = 0x8e,
  kTopicFilterInvalid = 0x8f,
  kTopicNameInvalid = 0x90,
  kPacketIdInUse = 0x91,
  kPacketIdNotFound = 0x92,
  kReceiveMaximumExceeded = 0x93,
  kTopicAliasInvalid = 0x94,
  kPacketTooLarge = 0x95,
  kMessageRateTooHigh = 0x96,
  kQuotaExceeded = 0x97,
  kAdministrativeAction = 0x98,
  kPayloadFormatInvalid = 0x99,
  kRetainNotSupported = 0x9a,
  kQosNotSupported = 0x9b,
  kUseAnotherServer = 0x9c,
  kServerMoved = 0x9d,
  kSharedSubscriptionsNotSupported = 0x9e,
  kConnectionRateExceeded = 0x9f,
  kMaximumConnectTime = 0xa0,
  kSubscriptionIdsNotSupported = 0xa1,
  kWildcardSubscriptionsNotSupported = 0xa2,
};

constexpr bool is_failure(Reason reason) { return static_cast<std::uint8_t>(reason) >= 0x80; }

}  // namespace core::mqtt
#endif  // CORE_MQTT_REASON_H_
