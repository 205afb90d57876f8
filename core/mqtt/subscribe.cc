// SUBSCRIBE, UNSUBSCRIBE and their answers. Spec: [MQTT5] 3.8 to 3.11.
#include "core/mqtt/encode.h"
#include "core/mqtt/topic.h"

namespace core::mqtt {
namespace {

// The subscription options: QoS, No Local, Retain As Published, Retain
// Handling, two reserved bits. Spec: [MQTT5] 3.8.3.1.
constexpr std::uint8_t kQosMask = 0x03, kNoLocal = 0x04, kRetainAsPublished = 0x08;
constexpr std::uint8_t kReserved = 0xc0;
constexpr unsigned kRetainHandlingShift = 4;

// Errors: kMalformed, kOutOfOrder.
Result<Subscription> read_subscription(Reader& r) {
  Subscription s;
  s.filter = read_binary(r);
  const std::uint8_t options = r.u8();
  if (!r.ok() || !is_utf8(s.filter) || (options & kReserved) != 0) return Error::kMalformed;
  const unsigned qos = options & kQosMask, retain = options >> kRetainHandlingShift & 3u;
  s.no_local = (options & kNoLocal) != 0;
  if (qos > 1 || retain > 2 || !is_topic_filter(s.filter) || (s.no_local && is_shared(s.filter))) {
    return Error::kOutOfOrder;
  }
  s.qos = static_cast<Qos>(qos);
  s.retain_as_published = (options & kRetainAsPublished) != 0;
  s.retain_handling = static_cast<RetainHandling>(retain);
  return s;
}

Result<Suback> parse_answer(PacketType type, Bytes body) {
  Suback p;
  Reader r(body);
  p.packet_id = r.u16_be();
  TRY(read_properties(r, type, p.properties));
  p.reasons = r.rest();
  if (!r.finished()) return Error::kMalformed;
  if (p.packet_id == 0 || p.reasons.empty()) return Error::kOutOfOrder;
  for (const std::uint8_t code : p.reasons) {
    if (!reason_allowed(type, code)) return Error::kOutOfOrder;
  }
  return p;
}

Result<std::size_t> encode_answer(PacketType type, const Suback& p, MutBytes out) {
  bool valid = p.packet_id != 0 && !p.reasons.empty() && valid_to_send(p.properties, type);
  for (const std::uint8_t code : p.reasons) valid = valid && reason_allowed(type, code);
  if (!valid) return Error::kMalformed;
  const std::size_t remaining = 2 + properties_size(p.properties) + p.reasons.size();
  return encode_packet(type, 0, remaining, out, [&](Writer& w) {
    w.u16_be(p.packet_id);
    write_properties(p.properties, w);
    w.bytes(p.reasons);
  });
}

}  // namespace

Result<Subscribe> parse_subscribe(Bytes body) {
  Subscribe p;
  Reader r(body);
  p.packet_id = r.u16_be();
  TRY(read_properties(r, PacketType::kSubscribe, p.properties));
  p.filters = r.rest();
  if (!r.finished()) return Error::kMalformed;
  if (p.packet_id == 0 || p.filters.empty()) return Error::kOutOfOrder;
  for (Reader each(p.filters); each.remaining() > 0;) TRY(read_subscription(each));
  return p;
}

std::optional<Subscription> SubscriptionReader::next() {
  if (in_.remaining() == 0) return std::nullopt;
  const auto subscription = read_subscription(in_);
  if (!subscription) return std::nullopt;
  return *subscription;
}

Result<Unsubscribe> parse_unsubscribe(Bytes body) {
  Unsubscribe p;
  Reader r(body);
  p.packet_id = r.u16_be();
  TRY(read_properties(r, PacketType::kUnsubscribe, p.properties));
  p.filters = r.rest();
  if (!r.finished()) return Error::kMalformed;
  if (p.packet_id == 0 || p.filters.empty()) return Error::kOutOfOrder;
  for (Reader each(p.filters); each.remaining() > 0;) {
    const Bytes filter = read_binary(each);
    if (!each.ok() || !is_utf8(filter)) return Error::kMalformed;
    if (!is_topic_filter(filter)) return Error::kOutOfOrder;
  }
  return p;
}

Result<Suback> parse_suback(Bytes body) { return parse_answer(PacketType::kSuback, body); }
Result<Suback> parse_unsuback(Bytes body) { return parse_answer(PacketType::kUnsuback, body); }

Result<std::size_t> encode(const Subscribe& p, MutBytes out) {
  bool valid = p.packet_id != 0 && !p.subscriptions.empty() &&
               valid_to_send(p.properties, PacketType::kSubscribe);
  std::size_t remaining = 2 + properties_size(p.properties);
  for (const Subscription& s : p.subscriptions) {
    valid = valid && is_topic_filter(s.filter) && !(s.no_local && is_shared(s.filter));
    remaining += 3 + s.filter.size();
  }
  if (!valid) return Error::kMalformed;
  return encode_packet(PacketType::kSubscribe, 2, remaining, out, [&](Writer& w) {
    w.u16_be(p.packet_id);
    write_properties(p.properties, w);
    for (const Subscription& s : p.subscriptions) {
      write_binary(s.filter, w);
      w.u8(static_cast<std::uint8_t>(static_cast<unsigned>(s.qos) | (s.no_local ? kNoLocal : 0u) |
                                     (s.retain_as_published ? kRetainAsPublished : 0u) |
                                     static_cast<unsigned>(s.retain_handling)
                                         << kRetainHandlingShift));
    }
  });
}

Result<std::size_t> encode(const Unsubscribe& p, MutBytes out) {
  bool valid = p.packet_id != 0 && !p.topics.empty() &&
               valid_to_send(p.properties, PacketType::kUnsubscribe);
  std::size_t remaining = 2 + properties_size(p.properties);
  for (const Bytes filter : p.topics) {
    valid = valid && is_topic_filter(filter);
    remaining += 2 + filter.size();
  }
  if (!valid) return Error::kMalformed;
  return encode_packet(PacketType::kUnsubscribe, 2, remaining, out, [&](Writer& w) {
    w.u16_be(p.packet_id);
    write_properties(p.properties, w);
    for (const Bytes filter : p.topics) write_binary(filter, w);
  });
}

Result<std::size_t> encode_suback(const Suback& p, MutBytes out) {
  return encode_answer(PacketType::kSuback, p, out);
}

Result<std::size_t> encode_unsuback(const Suback& p, MutBytes out) {
  return encode_answer(PacketType::kUnsuback, p, out);
}

}  // namespace core::mqtt
