// The MQTT topics between devices and the server. Spec: [API] topics.
#ifndef CORE_API_TOPIC_H_
#define CORE_API_TOPIC_H_

#include "core/api/message.h"

namespace core::api {

// Longest topic: "ginnel/1/up/xx/" + 64 + "/contacts", or a `down` one.
inline constexpr std::size_t kMaxTopicSize = 96;

// The shard of a device: the first byte of SHA-256(name), as the server's
// division of work. Two lower-case hex digits in the topic.
std::uint8_t shard(const DeviceName& device);

// What the server says on `down` topics.
enum class Down : std::uint8_t { kReply, kMail, kNotice };

// "publish", "status", ... Lives for ever.
Bytes method_name(Method method);

// ginnel/1/up/<shard>/<device>/<method>. Writes to `out` and returns the
// size. Errors: kFull.
Result<std::size_t> up_topic(const DeviceName& device, Method method, MutBytes out);
// ginnel/1/down/<device>/<reply|mail|notice>. Errors: kFull.
Result<std::size_t> down_topic(const DeviceName& device, Down down, MutBytes out);
// ginnel/1/down/<device>/#, what a device subscribes to. Errors: kFull.
Result<std::size_t> down_filter(const DeviceName& device, MutBytes out);

struct UpTopic {
  DeviceName device;
  std::optional<Method> method;  // nothing: a method not known here
};
// Errors: kMalformed if it is no `up` topic or the shard is not the device's.
Result<UpTopic> parse_up_topic(Bytes topic);

struct DownTopic {
  DeviceName device;
  Down down;
};
// Errors: kMalformed if it is no `down` topic.
Result<DownTopic> parse_down_topic(Bytes topic);

}  // namespace core::api
#endif  // CORE_API_TOPIC_H_
