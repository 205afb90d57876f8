// A messenger's connection to its broker: what an MQTT client tells it, what it
// asks of the server, and when to try again. Below it a port has a stream of
// bytes, by TLS.
//
// One attempt:
//   due() -> begin() -> the stream opens -> open() -> send the client's output,
//   read into it and take_events(), as often as there is something -> work() ->
//   ... -> the stream is closed, by either side -> lost()
// At any time: check(), and sleep until next_deadline().
// Spec: docs/spec/mqtt.md, [API] topics.
#ifndef CORE_MESSENGER_LINK_H_
#define CORE_MESSENGER_LINK_H_

#include <optional>

#include "core/messenger/messenger.h"
#include "core/mqtt/client.h"

namespace core::messenger {

// Why a connection is to be given up.
enum class LinkEnd : std::uint8_t {
  kSilent,   // no answer in time
  kBroken,   // the server breaks the rules of MQTT; what we say of it is in the client's output
  kRefused,  // the server does not let us in
  kNoMail,   // or does not let us read our mail
  kClosed,   // the server said goodbye
  kNoRoom,   // the client's buffers are too small
};

struct LinkOptions {
  // The messenger waits while the broker has not taken so many requests, or so
  // many bytes are still to be sent.
  std::size_t max_unacknowledged = 8;
  std::size_t max_output = 0;
};

class Link {
 public:
  // All outlive the link. The client is its alone.
  Link(Messenger& messenger, mqtt::Client& client, Rng& rng, const LinkOptions& options)
      : messenger_(messenger), client_(client), rng_(rng), options_(options) {}
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // Whether to connect now. REQUIRES: there is no attempt.
  bool due(Instant now) const { return now >= retry_at_; }
  // An attempt begins: it has kConnectTimeoutMs for the network, TLS and MQTT.
  void begin(Instant now);
  // The stream is open. Errors: those of mqtt::Client::connect().
  Status open(Instant now);
  // Handles what the client has received.
  std::optional<LinkEnd> take_events(Instant now, WallTime wall);
  // Whether the server still answers.
  std::optional<LinkEnd> check(Instant now);
  // Lets the messenger work, connected or not. What it tells is left to the caller.
  void work(Instant now, WallTime wall);
  // The stream is gone, or never opened.
  void lost(Instant now);

  // Subscribed: mail comes and requests are answered.
  bool online() const { return online_; }
  Instant retry_at() const { return retry_at_; }
  // Of check() and work().
  Instant next_deadline() const;

 private:
  std::optional<LinkEnd> take(const mqtt::Event& event, Instant now, WallTime wall);
  void take_message(const mqtt::Message& message, Instant now, WallTime wall);
  void publish(const Outgoing& request, Instant now);
  bool has_room() const;

  Messenger& messenger_;
  mqtt::Client& client_;
  Rng& rng_;
  LinkOptions options_;
  bool online_ = false;
  std::uint32_t failures_ = 0;
  Instant retry_at_{};
  Instant connect_by_ = kNever;
  Instant online_since_{};
  Instant messenger_at_{};  // not before this after a failure of the store
};

}  // namespace core::messenger
#endif  // CORE_MESSENGER_LINK_H_
