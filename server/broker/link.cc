#include "server/broker/link.h"

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include <charconv>
#include <shared_mutex>

#include "server/broker/sockets.h"

namespace server::broker {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr const char* kRequests = "ginnel/1/up/#";
constexpr int kKeepAliveS = 15;
constexpr auto kReachLimit = 3s;
constexpr auto kConnectLimit = 10s;  // from the start of a connection to the SUBACK
constexpr auto kShortestPause = 50ms, kLongestPause = 5000ms;
constexpr std::uint64_t kMaxOnTheirWay = 20'000;
constexpr int kVerifyPeer = 1;

// Keys are files without a password; one with a password is refused, not
// asked about.
int no_password(char*, int, int, void*) { return 0; }

}  // namespace

Outcome<BrokerAddress> BrokerAddress::parse(std::string_view url) {
  const Failure bad{Failure::Kind::kBadInput,
                    "\"" + std::string(url) + "\" is not of the form mqtts://HOST[:PORT]"};
  constexpr std::string_view kScheme = "mqtts://";
  if (!url.starts_with(kScheme)) return bad;
  std::string_view rest = url.substr(kScheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  BrokerAddress address;
  std::size_t host_end = rest.find(':');
  if (rest.starts_with('[')) {
    host_end = rest.find(']');
    if (host_end == std::string_view::npos) return bad;
    address.host = rest.substr(1, host_end - 1);
    ++host_end;
  } else {
    if (host_end == std::string_view::npos) host_end = rest.size();
    address.host = rest.substr(0, host_end);
  }
  if (address.host.empty() || address.host.find_first_of("/@? ") != std::string::npos) return bad;
  rest.remove_prefix(host_end);
  if (rest.empty()) return address;
  const char* const end = rest.data() + rest.size();
  if (rest.front() != ':') return bad;
  const auto [stopped, error] = std::from_chars(rest.data() + 1, end, address.port);
  if (error != std::errc() || stopped != end || address.port == 0) return bad;
  return address;
}

struct Link::Session {
  explicit Session(Link& owner) : link(owner) {}

  Link& link;
  // Held shared to use `client`, alone to set it. Callbacks of libmosquitto,
  // which run on the link's thread, take it shared.
  std::shared_mutex client_mutex;
  mosquitto* client = nullptr;
  std::atomic<std::uint64_t> on_their_way{0};
  std::atomic<std::uint64_t> received{0}, sent{0}, refused{0}, dropped{0}, connects{0};
  std::string last_error;  // the link's thread only
  bool subscribed = false;

  static Session& of(void* object) { return *static_cast<Session*>(object); }

  static void on_connect(mosquitto* client, void* object, int reason, int,
                         const mosquitto_property*) {
    if (reason == 0) {
      mosquitto_subscribe_v5(client, nullptr, kRequests, 1, 0, nullptr);
    } else {
      of(object).last_error = mosquitto_reason_string(reason);
    }
  }

  static void on_subscribe(mosquitto* client, void* object, int, int count, const int* granted,
                           const mosquitto_property*) {
    Session& self = of(object);
    if (count == 1 && granted[0] <= 2) {
      self.subscribed = true;
      ++self.connects;
      self.link.set_state(true, "");
      return;
    }
    self.last_error = "the broker refuses the subscription to " + std::string(kRequests);
    mosquitto_disconnect_v5(client, 0, nullptr);
  }

  static void on_message(mosquitto*, void* object, const mosquitto_message* message,
                         const mosquitto_property*) {
    Session& self = of(object);
    // A retained message is not a request of now.
    if (message->retain) return;
    ++self.received;
    const auto* start = static_cast<const std::uint8_t*>(message->payload);
    self.link.on_request_(
        {message->topic, std::vector<std::uint8_t>(start, start + message->payloadlen)});
  }

  static void on_publish(mosquitto*, void* object, int, int reason, const mosquitto_property*) {
    Session& self = of(object);
    // 0x10: accepted, and nobody is subscribed.
    ++(reason < 0x80 ? self.sent : self.refused);
    --self.on_their_way;
  }

  static void on_log(mosquitto*, void* object, int level, const char* text) {
    if (level == MOSQ_LOG_ERR) of(object).last_error = text;
  }

  void set_client(mosquitto* next) {
    const std::unique_lock lock(client_mutex);
    mosquitto* const before = std::exchange(client, next);
    // With it goes what was not sent: devices ask again.
    if (before) mosquitto_destroy(before);
    on_their_way = 0;
  }
};

Link::Link(Options options, OnRequest on_request, OnState on_state)
    : options_(std::move(options)),
      on_request_(std::move(on_request)),
      on_state_(std::move(on_state)),
      session_(std::make_unique<Session>(*this)) {
  mosquitto_lib_init();
}

Link::~Link() {
  stop();
  mosquitto_lib_cleanup();
}

void Link::start() {
  stopping_ = false;
  thread_ = std::thread([this] { run(); });
}

void Link::stop() {
  if (!thread_.joinable()) return;
  const auto limit = Clock::now() + 1s;
  while (connected_ && session_->on_their_way > 0 && Clock::now() < limit) {
    std::this_thread::sleep_for(5ms);
  }
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  {
    const std::shared_lock lock(session_->client_mutex);
    if (session_->client) mosquitto_disconnect_v5(session_->client, 0, nullptr);
  }
  thread_.join();
}

bool Link::wait_connected(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [this] { return connected_ || stopping_; }) && connected_;
}

void Link::set_state(bool connected, const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    connected_ = connected;
    changed_.notify_all();
  }
  if (on_state_) on_state_(connected, reason);
}

void Link::run() {
  auto pause = kShortestPause;
  std::string told;
  while (!stopping_) {
    session_->subscribed = false;
    const std::string reason = run_connection();
    session_->set_client(nullptr);
    if (session_->subscribed) pause = kShortestPause;
    connected_ = false;
    // The same failure again and again is told once.
    if (!stopping_ && (session_->subscribed || reason != told)) set_state(false, reason);
    told = reason;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, pause, [this] { return stopping_.load(); });
    pause = std::min(2 * pause, std::chrono::milliseconds(kLongestPause));
  }
}

std::string Link::run_connection() {
  Session& session = *session_;
  session.last_error.clear();
  renew_ = false;
  mosquitto* const client = mosquitto_new(options_.client_id.c_str(), true, &session);
  if (!client) return "out of memory";
  session.set_client(client);
  mosquitto_threaded_set(client, true);  // publish() of other threads wakes the loop
  mosquitto_int_option(client, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
  mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
  mosquitto_connect_v5_callback_set(client, Session::on_connect);
  mosquitto_subscribe_v5_callback_set(client, Session::on_subscribe);
  mosquitto_message_v5_callback_set(client, Session::on_message);
  mosquitto_publish_v5_callback_set(client, Session::on_publish);
  mosquitto_log_callback_set(client, Session::on_log);
  int error =
      mosquitto_tls_set(client, options_.ca_file.c_str(), nullptr,
                        options_.certificate_file.c_str(), options_.key_file.c_str(), no_password);
  if (error == 0) error = mosquitto_tls_opts_set(client, kVerifyPeer, "tlsv1.3", nullptr);
  // The library's own connecting either waits without limit or never notices
  // that it was refused.
  if (error == 0) {
    const auto there = reachable(options_.address.host, options_.address.port, kReachLimit);
    if (!there) return there.error().text;
    error = mosquitto_connect(client, options_.address.host.c_str(), options_.address.port,
                              kKeepAliveS);
  }
  const auto limit = Clock::now() + kConnectLimit;
  while (error == 0 && !stopping_ && !renew_) {
    error = mosquitto_loop(client, 500, 1);
    if (!session.subscribed && Clock::now() > limit) return "the broker does not answer";
  }
  if (stopping_) {
    for (int i = 0; i < 10 && error == 0; ++i) error = mosquitto_loop(client, 10, 1);
    return "stopped";
  }
  if (renew_) return "renewing the connection";
  if (!session.last_error.empty()) return session.last_error;
  return mosquitto_strerror(error);
}

bool Link::publish(const service::OutgoingPublish& message) {
  Session& session = *session_;
  const std::shared_lock lock(session.client_mutex);
  if (!connected_ || !session.client || session.on_their_way >= kMaxOnTheirWay) {
    ++session.dropped;
    return false;
  }
  mosquitto_property* properties = nullptr;
  if (message.correlation) {
    mosquitto_property_add_binary(&properties, MQTT_PROP_CORRELATION_DATA,
                                  message.correlation->data(),
                                  static_cast<std::uint16_t>(message.correlation->size()));
  }
  if (message.expiry_s != 0) {
    mosquitto_property_add_int32(&properties, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, message.expiry_s);
  }
  ++session.on_their_way;
  const int error = mosquitto_publish_v5(session.client, nullptr, message.topic.c_str(),
                                         static_cast<int>(message.payload.size()),
                                         message.payload.data(), 1, false, properties);
  mosquitto_property_free_all(&properties);
  if (error == 0) return true;
  --session.on_their_way;
  ++session.dropped;
  return false;
}

Link::Counters Link::counters() const {
  const Session& s = *session_;
  return {s.received, s.sent, s.refused, s.dropped, s.connects};
}

}  // namespace server::broker
