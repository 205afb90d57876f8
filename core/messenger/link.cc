#include "core/messenger/link.h"

#include "core/messenger/retry.h"

namespace core::messenger {
namespace {

// Attempts that failed are repeated after 0.2 s, 0.4 s, ... 30 s, each time
// give or take half, so that a site's devices do not come all at once after a
// power cut.
constexpr std::int64_t kReconnectFirstMs = 200, kReconnectMaxMs = 30'000;
constexpr std::int64_t kConnectTimeoutMs = 20'000;
// A connection that lasted so long was a good one: the next failure starts
// with a short wait again.
constexpr std::int64_t kGoodConnectionMs = 10'000;
constexpr std::uint16_t kKeepAliveS = 30;
// Rounds of one work(), so that the messenger does not starve the caller.
constexpr int kMaxRounds = 32;
constexpr std::int64_t kStoreRetryMs = 1000;

}  // namespace

void Link::begin(Instant now) { connect_by_ = now + kConnectTimeoutMs; }

Status Link::open(Instant now) {
  return client_.connect({.client_id = messenger_.name().bytes(),
                          .clean_start = true,  // nothing relies on what a broker remembers
                          .keep_alive_s = kKeepAliveS},
                         now);
}

std::optional<LinkEnd> Link::take_events(Instant now, WallTime wall) {
  for (;;) {
    const auto event = client_.next_event(now);
    if (!event) return LinkEnd::kBroken;
    if (!*event) return std::nullopt;
    if (const auto end = take(**event, now, wall)) return end;
  }
}

std::optional<LinkEnd> Link::take(const mqtt::Event& event, Instant now, WallTime wall) {
  if (std::holds_alternative<mqtt::Connected>(event)) {
    ByteArray<api::kMaxTopicSize> filter;
    const auto size = api::down_filter(messenger_.name(), filter);
    const mqtt::Subscription all{.filter = Bytes(filter).first(size ? *size : 0)};
    if (!size || !client_.subscribe({&all, 1}, now)) return LinkEnd::kNoRoom;
  } else if (const auto* subscribed = std::get_if<mqtt::Subscribed>(&event)) {
    if (subscribed->reasons.empty() || subscribed->reasons[0] >= 0x80) return LinkEnd::kNoMail;
    online_ = true;
    connect_by_ = kNever;
    online_since_ = now;
    messenger_.connected(now);
  } else if (const auto* message = std::get_if<mqtt::Message>(&event)) {
    take_message(*message, now, wall);
  } else if (std::holds_alternative<mqtt::Refused>(event)) {
    return LinkEnd::kRefused;
  } else if (std::holds_alternative<mqtt::Disconnected>(event)) {
    return LinkEnd::kClosed;
  }
  return std::nullopt;
}

void Link::take_message(const mqtt::Message& message, Instant now, WallTime wall) {
  const auto topic = api::parse_down_topic(message.topic);
  if (topic && topic->device == messenger_.name()) {
    const auto status = messenger_.receive(topic->down, message.payload, now, wall);
    // What does not parse is counted by the messenger. A store that fails is
    // tried again: the server sends the message once more.
    if (!status && status.error() == Error::kStore) messenger_at_ = now + kStoreRetryMs;
  }
  if (message.packet_id != 0) static_cast<void>(client_.acknowledge(message.packet_id, now));
}

std::optional<LinkEnd> Link::check(Instant now) {
  if (now >= connect_by_ || !client_.poll(now)) return LinkEnd::kSilent;
  return std::nullopt;
}

bool Link::has_room() const {
  return client_.unacknowledged() < options_.max_unacknowledged &&
         client_.output().size() < options_.max_output;
}

void Link::work(Instant now, WallTime wall) {
  if (now < messenger_at_) return;
  for (int round = 0; round < kMaxRounds && has_room(); ++round) {
    const auto request = messenger_.poll(now, wall);
    if (!request) {
      messenger_at_ = now + kStoreRetryMs;
      return;
    }
    if (*request) {
      publish(**request, now);
    } else if (messenger_.next_deadline() > now) {
      return;
    }
  }
}

void Link::publish(const Outgoing& request, Instant now) {
  if (!client_.connected()) return;
  ByteArray<api::kMaxTopicSize> to, back;
  const auto to_size = api::up_topic(messenger_.name(), request.method, to);
  const auto back_size = api::down_topic(messenger_.name(), api::Down::kReply, back);
  if (!to_size || !back_size) return;
  mqtt::Publish message{.topic = Bytes(to).first(*to_size), .payload = request.payload};
  message.properties.response_topic = Bytes(back).first(*back_size);
  message.properties.correlation_data = Bytes(request.request_id);
  // If the client does not take it, the messenger repeats it.
  static_cast<void>(client_.publish(message, now));
}

void Link::lost(Instant now) {
  if (online_) {
    messenger_.disconnected();
    if (now >= online_since_ + kGoodConnectionMs) failures_ = 0;
  }
  online_ = false;
  connect_by_ = kNever;
  client_.transport_closed();
  client_.forget_messages();  // the messenger repeats what was not answered
  const std::int64_t pause = pause_ms(failures_, kReconnectFirstMs, kReconnectMaxMs);
  if (failures_ < 16) ++failures_;
  ByteArray<2> random{};
  static_cast<void>(rng_.fill(random));
  retry_at_ = now + pause / 2 + (random[0] | random[1] << 8) % (pause + 1);
}

Instant Link::next_deadline() const {
  const Instant messenger_at =
      has_room() ? std::max(messenger_.next_deadline(), messenger_at_) : kNever;
  return std::min({messenger_at, connect_by_, client_.next_deadline()});
}

}  // namespace core::messenger
