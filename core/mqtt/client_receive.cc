// What the MQTT client does with the server's packets.
#include "core/mqtt/client.h"

namespace core::mqtt {
namespace {

// A server that takes no packet of this size could not be acknowledged to.
constexpr std::uint32_t kSmallestMaximumPacketSize = 16;

}  // namespace

Result<std::optional<Event>> Client::next_event(Instant now) {
  while (state_ == State::kConnecting || state_ == State::kConnected) {
    if (state_ == State::kConnected) {
      if (auto event = release(now)) return event;
    }
    const Bytes unread = Bytes(in_).subspan(start_, end_ - start_);
    const auto parsed = parse_fixed_header(unread);
    if (!parsed) return fail(parsed.error());
    if (!*parsed) break;
    const FixedHeader& header = **parsed;
    const std::size_t size = std::size_t{header.size} + header.remaining;
    if (size > in_.size()) return fail(Error::kFull, Reason::kPacketTooLarge);
    if (size > unread.size()) break;
    start_ += size;
    last_received_ = now;
    ping_sent_ = false;  // any packet is a sign of life
    auto event = TRY(handle(header, unread.subspan(header.size, header.remaining), now));
    if (event) return event;
  }
  return std::optional<Event>{};
}

Client::Outcome Client::handle(const FixedHeader& header, Bytes body, Instant now) {
  // The first packet is CONNACK and no other one is.
  if ((header.type == PacketType::kConnack) != (state_ == State::kConnecting)) {
    return fail(Error::kOutOfOrder);
  }
  switch (header.type) {
    case PacketType::kConnack: return on_connack(body, now);
    case PacketType::kPublish: return on_publish(header.flags, body);
    case PacketType::kPuback: return on_puback(body);
    case PacketType::kSuback:
    case PacketType::kUnsuback: return on_answer(header.type, body);
    case PacketType::kPingresp:
      if (!body.empty()) return fail(Error::kMalformed);
      return std::optional<Event>{};
    case PacketType::kDisconnect: return on_disconnect(body);
    default:  // QoS 2, AUTH, or what only clients say
      return fail(Error::kOutOfOrder);
  }
}

Client::Outcome Client::on_connack(Bytes body, Instant now) {
  const auto packet = parse_connack(body);
  if (!packet) return fail(packet.error());
  const Properties& p = packet->properties;
  if (is_failure(packet->reason)) {
    state_ = State::kClosing;
    return std::optional<Event>(Refused{packet->reason, p});
  }
  // We never ask to authenticate by AUTH, and a clean start leaves no session.
  if (p.authentication_method || p.authentication_data ||
      (packet->session_present && clean_start_)) {
    return fail(Error::kOutOfOrder);
  }
  if (p.maximum_packet_size.value_or(kMaxVarint) < kSmallestMaximumPacketSize) {
    return fail(Error::kOutOfOrder, Reason::kImplementationSpecificError);
  }
  ServerLimits& l = limits_;
  l.receive_maximum = p.receive_maximum.value_or(l.receive_maximum);
  l.maximum_packet_size = p.maximum_packet_size.value_or(l.maximum_packet_size);
  l.topic_alias_maximum = p.topic_alias_maximum.value_or(0);
  l.keep_alive_s = p.server_keep_alive_s.value_or(l.keep_alive_s);
  l.session_expiry_s = p.session_expiry_s.value_or(l.session_expiry_s);
  if (p.maximum_qos == 0) l.maximum_qos = Qos::kAtMostOnce;
  l.retain_available = p.retain_available != 0;
  l.wildcards_available = p.wildcards_available != 0;
  l.subscription_ids_available = p.subscription_ids_available != 0;
  l.shared_available = p.shared_available != 0;
  session_present_ = packet->session_present;
  last_sent_ = now;
  answer_due_ = kNever;
  state_ = State::kConnected;
  return std::optional<Event>(Connected{packet->session_present, limits_, p});
}

Client::Outcome Client::on_publish(std::uint8_t flags, Bytes body) {
  auto message = parse_publish(flags, body);
  if (!message) return fail(message.error());
  TRY(resolve_alias(*message));
  if (message->qos == Qos::kAtLeastOnce) TRY(note_incoming(*message));
  ++counters_.messages_in;
  return std::optional<Event>(*message);
}

// Replaces an empty topic by the one that its alias stands for, or learns the
// alias. Errors: all are final. Spec: [MQTT5] 3.3.2.3.4.
Status Client::resolve_alias(Publish& message) {
  if (!message.properties.topic_alias) return {};
  const std::uint16_t number = *message.properties.topic_alias;
  if (number == 0 || number > topic_alias_maximum_) {
    return fail(Error::kOutOfOrder, Reason::kTopicAliasInvalid);
  }
  Alias& alias = aliases_[number - 1u];
  if (message.topic.empty()) {
    if (alias.size == 0) return fail(Error::kOutOfOrder);
    message.topic = Bytes(alias.topic).first(alias.size);
    return {};
  }
  if (message.topic.size() > alias.topic.size()) {
    return fail(Error::kFull, Reason::kImplementationSpecificError);
  }
  copy(message.topic, alias.topic);
  alias.size = message.topic.size();
  return {};
}

// Counts a QoS 1 message against our receive maximum. Errors: all are final.
Status Client::note_incoming(const Publish& message) {
  const auto end = incoming_.begin() + receive_maximum_;
  if (std::find(incoming_.begin(), end, message.packet_id) != end) {
    // The same message again: one acknowledgement is due for both.
    if (message.duplicate) return {};
    return fail(Error::kOutOfOrder);
  }
  const auto free = std::find(incoming_.begin(), end, PacketId{0});
  if (free == end) return fail(Error::kOutOfOrder, Reason::kReceiveMaximumExceeded);
  *free = message.packet_id;
  return {};
}

Client::Outcome Client::on_puback(Bytes body) {
  const auto packet = parse_puback(body);
  if (!packet) return fail(packet.error());
  if (has_forbidden_problem_info(packet->properties)) return fail(Error::kOutOfOrder);
  if (!log_.drop(packet->packet_id)) {
    ++counters_.unknown_acks;
    return std::optional<Event>{};
  }
  return std::optional<Event>(PublishAcked{packet->packet_id, packet->reason, packet->properties});
}

// SUBACK and UNSUBACK.
Client::Outcome Client::on_answer(PacketType type, Bytes body) {
  const auto packet = type == PacketType::kSuback ? parse_suback(body) : parse_unsuback(body);
  if (!packet) return fail(packet.error());
  if (has_forbidden_problem_info(packet->properties)) return fail(Error::kOutOfOrder);
  const auto pending = std::find_if(pending_.begin(), pending_.end(), [&](const Pending& p) {
    return p.id == packet->packet_id && p.answer == type;
  });
  if (pending == pending_.end()) {
    ++counters_.unknown_acks;
    return std::optional<Event>{};
  }
  if (pending->count != packet->reasons.size()) return fail(Error::kOutOfOrder);
  *pending = {};
  if (type == PacketType::kSuback) {
    return std::optional<Event>(Subscribed{packet->packet_id, packet->reasons, packet->properties});
  }
  return std::optional<Event>(Unsubscribed{packet->packet_id, packet->reasons, packet->properties});
}

Client::Outcome Client::on_disconnect(Bytes body) {
  const auto packet = parse_disconnect(body);
  if (!packet) return fail(packet.error());
  if (packet->properties.session_expiry_s) return fail(Error::kOutOfOrder);  // only we may say
  state_ = State::kClosing;
  return std::optional<Event>(Disconnected{packet->reason, packet->properties});
}

// True if a server that was asked to leave them out gives reasons in words.
// Spec: [MQTT5] 3.1.2.11.7.
bool Client::has_forbidden_problem_info(const Properties& properties) const {
  return !request_problem_info_ &&
         (properties.reason_string || UserPropertyReader(properties).next());
}

// Spec: [MQTT5] 4.13.1.
Error Client::fail(Error error) {
  return fail(error,
              error == Error::kMalformed ? Reason::kMalformedPacket : Reason::kProtocolError);
}

Error Client::fail(Error error, Reason reason) {
  if (error == Error::kMalformed) {
    ++counters_.malformed;
  } else if (error == Error::kFull) {
    ++counters_.too_large;
  } else {
    ++counters_.protocol_errors;
  }
  static_cast<void>(disconnect(reason));  // without room for it the close has to do
  state_ = State::kClosing;
  return error;
}

}  // namespace core::mqtt
