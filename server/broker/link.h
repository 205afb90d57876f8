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
    std::uint64_t received = 0;  // requests
    std::uint64_t sent = 0;      // messages that the broker has acknowledged
    std::uint64_t refused = 0;   // and those that it has not accepted
    std::uint64_t dropped = 0;   // not handed to it: see publish()
    std::uint64_t connects = 0;
  };
  // `on_request` runs on the link's thread and must return at once; it may
  // call publish(). `on_state` (may be empty) is told each change and why.
  using OnRequest = std::function<void(service::IncomingRequest)>;
  using OnState = std::function<void(bool connected, const std::string& reason)>;

  Link(Options options, OnRequest on_request, OnState on_state);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;
  ~Link();  // stops

  void start();
  // Lets what has been published go out, for at most a second, and disconnects.
  void stop();
  // True while subscribed: requests arrive and publish() works.
  bool connected() const { return connected_; }
  // Returns when connected(), or false after `limit`.
  bool wait_connected(std::chrono::milliseconds limit);

  // Hands a message to the broker with QoS 1. False (and counted as dropped)
  // while there is no connection or 20,000 messages are on their way: devices
  // ask again. Thread-safe.
  bool publish(const service::OutgoingPublish& message);
  // Makes a new connection, with the certificate files as they are now.
  void reconnect() { renew_ = true; }
  Counters counters() const;

 private:
  struct Session;  // what libmosquitto's callbacks see
  void run();
  // One connection, from its start to its end. Returns why it ended.
  std::string run_connection();
  void set_state(bool connected, const std::string& reason);

  const Options options_;
  const OnRequest on_request_;
  const OnState on_state_;
  std::unique_ptr<Session> session_;
  std::atomic<bool> connected_{false}, stopping_{false}, renew_{false};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::thread thread_;
};

}  // namespace server::broker
#endif  // SERVER_BROKER_LINK_H_
