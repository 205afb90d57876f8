// The server's MQTT 5 connection to the broker, by libmosquitto on a thread of
// its own. TLS 1.3 with a client certificate; the broker's host name is
// checked. Reconnects by itself. Nothing is promised: a request that came is
// not stored, a message that went out has not arrived.
#ifndef SERVER_BROKER_LINK_H_
#define SERVER_BROKER_LINK_H_

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <thread>

#include "server/broker/outcome.h"
#include "server/broker/request_queue.h"

namespace server::broker {

// mqtts://host:port or mqtts://[v6]:port; the port may be left out (8883).
struct BrokerAddress {
  std::string host;
  std::uint16_t port = 8883;
  static Outcome<BrokerAddress> parse(std::string_view url);
};

class Link {
 public:
  struct Options {
    BrokerAddress address;
    std::filesystem::path ca_file;           // PEM
    std::filesystem::path certificate_file;  // PEM
    std::filesystem::path key_file;          // PEM; may be the same file
    std::string client_id;                   // the certificate's name
  };
  struct Counters {
    std::uint64_t received = 0, sent = 0, refused = 0, dropped = 0, connects = 0;
  };
  // `on_request` runs on the link's thread and must return at once; it owns
  // the request. `on_state` (may be empty) is told each change and its reason.
  using OnRequest = std::function<void(InboundRequest)>;
  using OnState = std::function<void(bool connected, const std::string& reason)>;

  Link(Options options, OnRequest on_request, OnState on_state);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link();  // stops

  void start();
  // Sends what has been published, for at most a second, and disconnects.
  void stop();
  // True if subscribed: requests arrive and publish() works.
  bool connected() const { return connected_; }

  // Hands a message to the broker with QoS 1. False (and counted as dropped)
  // while there is no connection or too much is on its way: the device asks
  // again. Thread-safe.
  bool publish(const OutboundMessage& message);
  // Drops the connection and makes a new one, with the files as they are now.
  void reconnect();
  Counters counters() const;

 private:
  struct Session;
  void run();
  void run_session();

  const Options options_;
  const OnRequest on_request_;
  const OnState on_state_;
  std::unique_ptr<Session> session_;
  std::atomic<bool> connected_{false}, stopping_{false}, renew_{false};
  std::thread thread_;
};

}  // namespace server::broker
#endif  // SERVER_BROKER_LINK_H_
