#include "core/api/topic.h"

#include "core/base/writer.h"
#include "core/crypto/sha2.h"

namespace core::api {
namespace {

constexpr auto kUp = label("ginnel/1/up/");
constexpr auto kDown = label("ginnel/1/down/");

constexpr auto kPublish = label("publish");
constexpr auto kStatus = label("status");
constexpr auto kBundle = label("bundle");
constexpr auto kSend = label("send");
constexpr auto kAck = label("ack");
constexpr auto kContacts = label("contacts");
constexpr auto kRenew = label("renew");

constexpr auto kReply = label("reply");
constexpr auto kMail = label("mail");
constexpr auto kNotice = label("notice");

Bytes down_name(Down down) {
  switch (down) {
    case Down::kReply: return kReply;
    case Down::kMail: return kMail;
    case Down::kNotice: return kNotice;
  }
  __builtin_trap();
}

// The shard as it stands in a topic: two lower-case hex digits.
ByteArray<2> shard_text(const DeviceName& device) {
  constexpr auto kDigits = label("0123456789abcdef");
  const std::uint8_t value = shard(device);
  return {kDigits[value >> 4], kDigits[value & 15]};
}

// Takes `prefix` off the front of `topic`, if it is there.
bool take_prefix(Bytes& topic, Bytes prefix) {
  if (topic.size() < prefix.size() || !equal_var(topic.first(prefix.size()), prefix)) return false;
  topic = topic.subspan(prefix.size());
  return true;
}

// Takes a level and the slash behind it off the front of `topic`. All of it,
// if there is no slash: then nothing is left for the levels that must follow.
Bytes take_level(Bytes& topic) {
  const auto slash = std::find(topic.begin(), topic.end(), std::uint8_t{'/'});
  const auto size = static_cast<std::size_t>(slash - topic.begin());
  const Bytes level = topic.first(size);
  topic = topic.subspan(slash == topic.end() ? size : size + 1);
  return level;
}

bool is_last_level(Bytes topic) {
  return !topic.empty() && std::find(topic.begin(), topic.end(), std::uint8_t{'/'}) == topic.end();
}

// Errors: kFull, and then `out` is all zeros.
Result<std::size_t> finish(const Writer& writer, MutBytes out) {
  if (!writer.ok()) wipe(out);
  return writer.finish();
}

}  // namespace

std::uint8_t shard(const DeviceName& device) { return crypto::sha256(device.bytes())[0]; }

Bytes method_name(Method method) {
  switch (method) {
    case Method::kPublish: return kPublish;
    case Method::kStatus: return kStatus;
    case Method::kBundle: return kBundle;
    case Method::kSend: return kSend;
    case Method::kAck: return kAck;
    case Method::kContacts: return kContacts;
    case Method::kRenew: return kRenew;
  }
  __builtin_trap();
}

Result<std::size_t> up_topic(const DeviceName& device, Method method, MutBytes out) {
  Writer writer(out);
  writer.bytes(kUp);
  writer.bytes(shard_text(device));
  writer.u8('/');
  writer.bytes(device.bytes());
  writer.u8('/');
  writer.bytes(method_name(method));
  return finish(writer, out);
}

Result<std::size_t> down_topic(const DeviceName& device, Down down, MutBytes out) {
  Writer writer(out);
  writer.bytes(kDown);
  writer.bytes(device.bytes());
  writer.u8('/');
  writer.bytes(down_name(down));
  return finish(writer, out);
}

Result<std::size_t> down_filter(const DeviceName& device, MutBytes out) {
  Writer writer(out);
  writer.bytes(kDown);
  writer.bytes(device.bytes());
  writer.bytes(label("/#"));
  return finish(writer, out);
}

Result<UpTopic> parse_up_topic(Bytes topic) {
  if (topic.size() > kMaxTopicSize || !take_prefix(topic, kUp)) return Error::kMalformed;
  const Bytes shard_level = take_level(topic);
  const Bytes device_level = take_level(topic);
  if (!is_last_level(topic)) return Error::kMalformed;
  UpTopic up{TRY(DeviceName::parse(device_level)), std::nullopt};
  if (!equal_var(shard_level, shard_text(up.device))) return Error::kMalformed;
  for (std::size_t i = 0; i < kMethodCount; ++i) {
    const auto method = static_cast<Method>(i);
    if (equal_var(topic, method_name(method))) up.method = method;
  }
  return up;
}

Result<DownTopic> parse_down_topic(Bytes topic) {
  if (topic.size() > kMaxTopicSize || !take_prefix(topic, kDown)) return Error::kMalformed;
  const auto device = TRY(DeviceName::parse(take_level(topic)));
  for (const Down down : {Down::kReply, Down::kMail, Down::kNotice}) {
    if (equal_var(topic, down_name(down))) return DownTopic{device, down};
  }
  return Error::kMalformed;
}

}  // namespace core::api
