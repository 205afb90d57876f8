#include "core/mqtt/client.h"

#include "core/mqtt/topic.h"

namespace core::mqtt {
namespace {

// PINGREQ and a DISCONNECT with a reason always find room.
constexpr std::size_t kLastReserve = 2 + 3;
// So do the acknowledgements that a server can wait for, with a reason each.
constexpr std::size_t kAckReserve = kLastReserve + 5 * kMaxIncoming;

constexpr std::uint8_t kRetainFlag = 0x01;

constexpr std::int64_t kDayMs = 86400000;
bool is_timeout(std::int64_t ms) { return ms > 0 && ms <= kDayMs; }

}  // namespace

Client::Client(MutBytes receive_buffer, MutBytes send_buffer)
    : log_(send_buffer), in_(receive_buffer) {
  CHECK(receive_buffer.size() >= kMinBufferSize && send_buffer.size() >= kMinBufferSize);
}

// Lets `encode` write a packet, if `keep_free` bytes are left after it.
template <class Encode>
Result<std::size_t> Client::put(std::size_t keep_free, Encode encode) {
  auto size = encode(log_.space());
  if (!size && size.error() == Error::kFull && log_.space().size() < log_.room()) {
    log_.compact();
    size = encode(log_.space());
  }
  if (!size) return size;
  if (*size > limits_.maximum_packet_size) return Error::kRefused;
  if (log_.room() - *size < keep_free) return Error::kFull;
  return size;
}

// What messages leave free: room for acknowledgements, and for a CONNECT like
// the last one, without which the messages could never be sent again.
std::size_t Client::reserve() const { return std::max(kAckReserve, connect_size_ + kLastReserve); }

Status Client::connect(const ConnectOptions& options, Instant now) {
  if (state_ != State::kIdle) return Error::kOutOfOrder;
  if (options.receive_maximum == 0 || options.receive_maximum > kMaxIncoming ||
      options.topic_alias_maximum > kMaxAliases || !is_timeout(options.connect_timeout_ms) ||
      !is_timeout(options.ping_timeout_ms)) {
    return Error::kMalformed;
  }
  Connect packet{.client_id = options.client_id,
                 .clean_start = options.clean_start,
                 .keep_alive_s = options.keep_alive_s,
                 .will = options.will,
                 .username = options.username,
                 .password = options.password};
  Properties& p = packet.properties;
  if (options.session_expiry_s != 0) p.session_expiry_s = options.session_expiry_s;
  p.receive_maximum = options.receive_maximum;
  p.maximum_packet_size =
      static_cast<std::uint32_t>(std::min<std::size_t>(in_.size(), kMaxVarint + 5));
  if (options.topic_alias_maximum != 0) p.topic_alias_maximum = options.topic_alias_maximum;
  if (!options.request_problem_info) p.request_problem_info = std::uint8_t{0};
  p.user_properties = options.user_properties;

  limits_ = {};
  const std::size_t size =
      TRY(put(kLastReserve, [&](MutBytes out) { return encode(packet, out); }));
  log_.commit(size);
  connect_size_ = size;
  clean_start_ = options.clean_start;
  request_problem_info_ = options.request_problem_info;
  receive_maximum_ = options.receive_maximum;
  topic_alias_maximum_ = options.topic_alias_maximum;
  ping_timeout_ms_ = options.ping_timeout_ms;
  limits_.keep_alive_s = options.keep_alive_s;
  limits_.session_expiry_s = options.session_expiry_s;
  session_present_ = false;
  ping_sent_ = false;
  answer_due_ = now + options.connect_timeout_ms;
  state_ = State::kConnecting;
  return {};
}

MutBytes Client::receive_space() {
  if (state_ == State::kIdle || state_ == State::kClosing) start_ = end_ = 0;
  if (start_ > 0) {
    copy(in_.subspan(start_, end_ - start_), in_);
    end_ -= start_;
    start_ = 0;
  }
  return in_.subspan(end_);
}

void Client::received(std::size_t size) {
  CHECK(size <= in_.size() - end_);
  end_ += size;
}

Result<PacketId> Client::publish(const Publish& message, Instant now) {
  if (state_ != State::kConnected) return Error::kOutOfOrder;
  const bool kept = message.qos != Qos::kAtMostOnce;
  const auto alias = message.properties.topic_alias;
  if ((kept && alias) || message.properties.subscription_id) return Error::kMalformed;
  if (message.qos > limits_.maximum_qos || (message.retain && !limits_.retain_available) ||
      (alias && *alias > limits_.topic_alias_maximum)) {
    return Error::kRefused;
  }
  if (kept) {
    // Held messages are older: they go first.
    const std::size_t most = std::min<std::size_t>(limits_.receive_maximum, kMaxInFlight);
    if (log_.held_count() > 0 || log_.kept_count() >= most) return Error::kFull;
  }
  Publish packet = message;
  packet.packet_id = kept ? unused_packet_id() : PacketId{0};
  packet.duplicate = false;
  const std::size_t size = TRY(put(reserve(), [&](MutBytes out) { return encode(packet, out); }));
  if (kept) {
    log_.commit_kept(size, packet.packet_id);
    last_id_ = packet.packet_id;
  } else {
    log_.commit(size);
  }
  ++counters_.messages_out;
  last_sent_ = now;
  return packet.packet_id;
}

Result<PacketId> Client::subscribe(std::span<const Subscription> subscriptions, Instant now,
                                   std::uint32_t subscription_id) {
  if (state_ != State::kConnected) return Error::kOutOfOrder;
  if (subscription_id != 0 && !limits_.subscription_ids_available) return Error::kRefused;
  for (const Subscription& s : subscriptions) {
    if (is_shared(s.filter) && !limits_.shared_available) return Error::kRefused;
    if (has_wildcard(s.filter) && !limits_.wildcards_available) return Error::kRefused;
  }
  Pending* const pending = free_pending();
  if (pending == nullptr) return Error::kFull;
  Subscribe packet{.packet_id = unused_packet_id(), .subscriptions = subscriptions};
  if (subscription_id != 0) packet.properties.subscription_id = subscription_id;
  const std::size_t size = TRY(put(reserve(), [&](MutBytes out) { return encode(packet, out); }));
  log_.commit(size);
  *pending = {packet.packet_id, PacketType::kSuback, subscriptions.size()};
  last_id_ = packet.packet_id;
  last_sent_ = now;
  return packet.packet_id;
}

Result<PacketId> Client::unsubscribe(std::span<const Bytes> filters, Instant now) {
  if (state_ != State::kConnected) return Error::kOutOfOrder;
  Pending* const pending = free_pending();
  if (pending == nullptr) return Error::kFull;
  const Unsubscribe packet{.packet_id = unused_packet_id(), .topics = filters};
  const std::size_t size = TRY(put(reserve(), [&](MutBytes out) { return encode(packet, out); }));
  log_.commit(size);
  *pending = {packet.packet_id, PacketType::kUnsuback, filters.size()};
  last_id_ = packet.packet_id;
  last_sent_ = now;
  return packet.packet_id;
}

Status Client::acknowledge(PacketId packet_id, Instant now, Reason reason) {
  if (state_ != State::kConnected) return Error::kOutOfOrder;
  const auto at = std::find(incoming_.begin(), incoming_.end(), packet_id);
  if (packet_id == 0 || at == incoming_.end()) return Error::kNotFound;
  const Puback packet{.packet_id = packet_id, .reason = reason};
  const std::size_t size =
      TRY(put(kLastReserve, [&](MutBytes out) { return encode(packet, out); }));
  log_.commit(size);
  *at = 0;
  last_sent_ = now;
  return {};
}

Status Client::disconnect(Reason reason, const Properties& properties) {
  if (state_ != State::kConnecting && state_ != State::kConnected) return Error::kOutOfOrder;
  // A session that was to end with the connection cannot be prolonged now.
  if (properties.session_expiry_s.value_or(0) != 0 && limits_.session_expiry_s == 0) {
    return Error::kMalformed;
  }
  const Disconnect packet{.reason = reason, .properties = properties};
  const std::size_t size = TRY(put(0, [&](MutBytes out) { return encode(packet, out); }));
  log_.commit(size);
  state_ = State::kClosing;
  return {};
}

void Client::transport_closed() {
  log_.hold_all();
  start_ = end_ = 0;
  incoming_.fill(0);
  pending_.fill({});
  for (Alias& alias : aliases_) alias.size = 0;
  state_ = State::kIdle;
}

void Client::forget_messages() {
  CHECK(state_ == State::kIdle);
  log_.clear();
}

Instant Client::ping_due() const {
  if (limits_.keep_alive_s == 0) return kNever;
  // A quarter early, at most five seconds, for the packet's way. Silence of the
  // server counts too, so that a dead one is noticed while we publish.
  const std::int64_t keep_alive_ms = std::int64_t{limits_.keep_alive_s} * 1000;
  return std::min(last_sent_, last_received_) +
         (keep_alive_ms - std::min<std::int64_t>(keep_alive_ms / 4, 5000));
}

Instant Client::next_deadline() const {
  if (state_ == State::kConnecting) return answer_due_;
  if (state_ == State::kConnected) return ping_sent_ ? answer_due_ : ping_due();
  return kNever;
}

Status Client::poll(Instant now) {
  if (now < next_deadline()) return {};
  if (state_ == State::kConnecting || ping_sent_) {
    ++counters_.timeouts;
    state_ = State::kClosing;
    return Error::kExpired;
  }
  // Without room there is something to send, which serves as well.
  const auto size = put(0, [](MutBytes out) { return encode_pingreq(out); });
  if (size) log_.commit(*size);
  ping_sent_ = true;
  last_sent_ = now;
  answer_due_ = now + ping_timeout_ms_;
  return {};
}

Client::Pending* Client::free_pending() {
  const auto at =
      std::find_if(pending_.begin(), pending_.end(), [](const Pending& p) { return p.id == 0; });
  return at == pending_.end() ? nullptr : &*at;
}

PacketId Client::unused_packet_id() const {
  PacketId id = last_id_;
  for (;;) {  // ends: far fewer than 65535 are in use
    if (++id == 0) continue;
    const bool pending = std::any_of(pending_.begin(), pending_.end(),
                                     [id](const Pending& p) { return p.id == id; });
    if (!pending && !log_.is_kept(id)) return id;
  }
}

std::optional<Event> Client::release(Instant now) {
  while (const auto held = log_.oldest_held()) {
    // The packet is our own, so its flags tell all.
    std::optional<Reason> refusal;
    if (held->packet.size() > limits_.maximum_packet_size) refusal = Reason::kPacketTooLarge;
    if (limits_.maximum_qos == Qos::kAtMostOnce) refusal = Reason::kQosNotSupported;
    if (!limits_.retain_available && (held->packet[0] & kRetainFlag) != 0) {
      refusal = Reason::kRetainNotSupported;
    }
    if (refusal) {
      const PacketId id = held->id;
      log_.drop_oldest_held();
      return PublishAcked{.packet_id = id, .reason = *refusal};
    }
    if (log_.kept_count() - log_.held_count() >= limits_.receive_maximum) break;
    log_.release_oldest_held(session_present_ ? SendLog::Duplicate::kMark
                                              : SendLog::Duplicate::kClear);
    ++counters_.resent;
    last_sent_ = now;
  }
  return std::nullopt;
}

}  // namespace core::mqtt
