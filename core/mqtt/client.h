// An MQTT 5 client without sockets, clock or heap: bytes in, bytes out, events,
// one deadline. TLS and TCP are below it. QoS 0 and 1. Spec: [MQTT5].
//
// One connection:
//   transport connects -> connect() -> send output() -> receive_space(),
//   received() and next_event() until it gives nothing -> ... -> transport is
//   closed, by either side -> transport_closed() -> maybe the same again.
// After each call: send output() and sleep until next_deadline().
#ifndef CORE_MQTT_CLIENT_H_
#define CORE_MQTT_CLIENT_H_

#include "core/base/time.h"
#include "core/mqtt/event.h"
#include "core/mqtt/send_log.h"

namespace core::mqtt {

struct Counters {
  std::uint64_t messages_in = 0, messages_out = 0, resent = 0;
  std::uint64_t malformed = 0, protocol_errors = 0, too_large = 0;  // of the server
  std::uint64_t unknown_acks = 0;  // acknowledgements of nothing we sent
  std::uint64_t timeouts = 0;
};

class Client {
 public:
  // Both buffers outlive the client. `receive_buffer` bounds the largest packet
  // taken, which the server is told; `send_buffer` holds what is to be sent and
  // the unacknowledged messages. REQUIRES: both at least kMinBufferSize bytes.
  static constexpr std::size_t kMinBufferSize = 256 + 6 * kMaxIncoming;
  Client(MutBytes receive_buffer, MutBytes send_buffer);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // The transport is up: queues CONNECT. Unacknowledged messages are kept and
  // sent again after CONNACK: with DUP if the server has the session, else as
  // new messages, in the order of publish() either way.
  // Errors: kOutOfOrder: not idle; kMalformed: the options; kFull.
  Status connect(const ConnectOptions& options, Instant now);

  // Where to put bytes that came; empty while next_event() has to be called first.
  MutBytes receive_space();
  // The first `size` bytes of it have been filled. REQUIRES: size <= its size
  void received(std::size_t size);
  // Handles at most one packet and says what it means; nothing: more bytes are
  // needed. Packets that mean nothing to the caller are handled on the way.
  // On an error the server broke the rules, a DISCONNECT that says so is queued
  // and nothing more is read: send output(), close the transport.
  // Errors: kMalformed, kOutOfOrder; kFull: a packet or a topic alias larger
  // than what was announced or fits.
  Result<std::optional<Event>> next_event(Instant now);

  // Queues a message and returns its packet id, 0 for QoS 0. `packet_id` and
  // `duplicate` of the argument are not looked at. QoS 1 ends in PublishAcked.
  // A topic alias is for QoS 0 only: a message sent again must stand alone.
  // Errors: kOutOfOrder: not connected; kMalformed: the message; kRefused: the
  // server takes no such message; kFull: no room, or the server's receive
  // maximum or kMaxInFlight are reached: try again after events.
  Result<PacketId> publish(const Publish& message, Instant now);
  // `subscription_id` 0 is none. Not repeated on another connection.
  // Errors: as publish().
  Result<PacketId> subscribe(std::span<const Subscription> subscriptions, Instant now,
                             std::uint32_t subscription_id = 0);
  Result<PacketId> unsubscribe(std::span<const Bytes> filters, Instant now);
  // A QoS 1 message of this connection is stored, or refused with a failure.
  // Errors: kNotFound; kOutOfOrder: not connected; kMalformed: no reason for a
  // PUBACK; kFull: only if the server floods us.
  Status acknowledge(PacketId packet_id, Instant now, Reason reason = Reason::kSuccess);
  // Queues DISCONNECT: send output(), close the transport.
  // Errors: kOutOfOrder: not connected; kMalformed: the properties; kFull.
  Status disconnect(Reason reason = Reason::kSuccess, const Properties& properties = {});

  // What is to be sent. Valid until the next call that is not const.
  Bytes output() const { return log_.output(); }
  // The first `size` bytes of it are sent. REQUIRES: size <= output().size()
  void output_sent(std::size_t size) { log_.output_sent(size); }
  // Forgets what belongs to the connection; unacknowledged messages stay.
  // Packet ids of received messages are void: the server will send them again.
  void transport_closed();
  // Forgets the unacknowledged messages too. REQUIRES: idle
  void forget_messages();

  // When to call poll(); kNever if only bytes matter.
  Instant next_deadline() const;
  // Sends PINGREQ when it is time. Too early it does nothing.
  // Errors: kExpired: no CONNACK, or no sign of life after PINGREQ: close the
  // transport.
  Status poll(Instant now);

  bool idle() const { return state_ == State::kIdle; }            // connect() may be called
  bool connected() const { return state_ == State::kConnected; }  // publish() may be
  bool closing() const { return state_ == State::kClosing; }      // send output(), then close
  // Messages sent and not acknowledged.
  std::size_t unacknowledged() const { return log_.kept_count(); }
  const ServerLimits& limits() const { return limits_; }
  const Counters& counters() const { return counters_; }

 private:
  enum class State : std::uint8_t { kIdle, kConnecting, kConnected, kClosing };
  // A SUBSCRIBE or UNSUBSCRIBE that waits for its answer.
  struct Pending {
    PacketId id = 0;  // 0: free
    PacketType answer{};
    std::size_t count = 0;  // of filters
  };
  struct Alias {
    std::size_t size = 0;  // 0: not set
    ByteArray<kMaxAliasTopicSize> topic{};
  };
  using Outcome = Result<std::optional<Event>>;

  Outcome handle(const FixedHeader& header, Bytes body, Instant now);
  Outcome on_connack(Bytes body, Instant now);
  Outcome on_publish(std::uint8_t flags, Bytes body);
  Outcome on_puback(Bytes body);
  Outcome on_answer(PacketType type, Bytes body);
  Outcome on_disconnect(Bytes body);
  Status resolve_alias(Publish& message);
  Status note_incoming(const Publish& message);
  bool has_forbidden_problem_info(const Properties& properties) const;
  Error fail(Error error, Reason reason);
  Error fail(Error error);

  // Sends held messages as far as the server's receive maximum allows. Gives
  // the event of one that this server does not take.
  std::optional<Event> release(Instant now);
  template <class Encode>
  Result<std::size_t> put(std::size_t keep_free, Encode encode);
  std::size_t reserve() const;
  Pending* free_pending();
  PacketId unused_packet_id() const;
  Instant ping_due() const;

  SendLog log_;
  MutBytes in_;
  std::size_t start_ = 0, end_ = 0;  // the bytes in in_ not yet handled
  State state_ = State::kIdle;
  bool clean_start_ = false, request_problem_info_ = true, session_present_ = false;
  bool ping_sent_ = false;
  PacketId last_id_ = 0;
  std::uint16_t receive_maximum_ = 0, topic_alias_maximum_ = 0;
  std::size_t connect_size_ = 0;
  std::int64_t ping_timeout_ms_ = 0;
  Instant last_sent_{}, last_received_{}, answer_due_ = kNever;
  std::array<PacketId, kMaxIncoming> incoming_{};  // not acknowledged; 0: free
  std::array<Pending, kMaxPending> pending_{};
  std::array<Alias, kMaxAliases> aliases_{};
  ServerLimits limits_;
  Counters counters_;
};

}  // namespace core::mqtt
#endif  // CORE_MQTT_CLIENT_H_
