#include "ports/linux/device.h"

#include <algorithm>

#include "core/messenger/workspace.h"
#include "core/mqtt/client.h"
#include "ports/linux/certificate.h"
#include "ports/linux/sqlite_store.h"
#include "ports/linux/tls.h"

namespace ports::linux_os {
namespace {

using core::Bytes;
using core::Instant;
using core::api::Down;

// Connection attempts that failed are repeated after 0.2 s, 0.4 s, ... 30 s,
// each time give or take half, so that a site's devices do not come all at
// once after a power cut.
constexpr std::int64_t kRetryFirstMs = 200;
constexpr std::int64_t kRetryMaxMs = 30'000;
constexpr std::int64_t kConnectTimeoutMs = 20'000;  // name, TCP, TLS, MQTT, subscription
// A connection that lasted so long was a good one: the next failure starts
// with a short wait again.
constexpr std::int64_t kGoodConnectionMs = 10'000;

constexpr std::uint16_t kKeepAliveS = 30;
constexpr std::size_t kReceiveBufferSize = 256 * 1024;
constexpr std::size_t kSendBufferSize = 512 * 1024;
// Requests handed to the client and not yet taken by the broker.
constexpr std::size_t kMaxUnacknowledged = 8;
// Rounds of one step(), so that a busy link does not starve the caller.
constexpr int kMaxRounds = 32;

constexpr std::int64_t kStoreRetryMs = 1000;
constexpr std::int64_t kRenewalCheckMs = 3'600'000;

}  // namespace

struct Device::State {
  State(DeviceSettings given, Home where, SqliteStore opened, TlsContext tls)
      : settings(std::move(given)),
        home(std::move(where)),
        store(std::move(opened)),
        context(std::move(tls)) {}

  void start_connecting(Instant now);
  void lose(Problem why, Instant now);
  Done work(Instant now);
  Done read_some(Instant now);
  Done write_some();
  Done take_event(const core::mqtt::Event& event, Instant now);
  Done take_message(const core::mqtt::Message& message, Instant now);
  void run_messenger(Instant now);
  Done connect_mqtt(Instant now);
  void renew_certificate(Instant now);
  void take_certificate();
  bool fits_into_client() const;

  DeviceSettings settings;
  Home home;
  SystemRng rng;
  SqliteStore store;
  TlsContext context;
  std::unique_ptr<core::messenger::Workspace> workspace =
      std::make_unique<core::messenger::Workspace>();
  core::messenger::Messenger messenger{store, rng, *workspace};
  std::vector<std::uint8_t> receive_buffer = std::vector<std::uint8_t>(kReceiveBufferSize);
  std::vector<std::uint8_t> send_buffer = std::vector<std::uint8_t>(kSendBufferSize);
  core::mqtt::Client client{receive_buffer, send_buffer};

  std::optional<TlsStream> stream;
  bool subscribed = false;
  bool staying_offline = false;
  bool more_to_do = false;
  std::optional<Problem> problem;
  Instant retry_at{};  // when to connect again
  std::int64_t retry_ms = kRetryFirstMs;
  Instant connect_by = core::kNever;
  Instant online_since{};
  Instant messenger_at{};  // not before this after a failure of the store
  Instant renew_at{};
};

Outcome<std::unique_ptr<Device>> Device::open(const Home& home) {
  auto settings = TRY(home.load());
  auto store = TRY(SqliteStore::open(home.store_path()));
  auto context =
      TRY(TlsContext::for_site(settings.ca, settings.certificate, settings.private_key.reveal()));
  auto state =
      std::make_unique<State>(std::move(settings), home, std::move(store), std::move(context));
  const auto opened = state->messenger.open(monotonic_now());
  if (!opened || !(state->messenger.name() == state->settings.name)) {
    const std::string reason = opened ? "it is another device's" : error_word(opened.error());
    return Problem{ProblemKind::kStore, "The store of this device cannot be used: " + reason + ".",
                   "Put back a good copy of the home, or erase the device with `ginnel reset "
                   "--everything --yes` and enrol it anew."};
  }
  state->take_certificate();  // one that came just before a power cut
  return std::unique_ptr<Device>(new Device(std::move(state)));
}

Device::Device(std::unique_ptr<State> state) : state_(std::move(state)) {}
Device::~Device() = default;

const DeviceSettings& Device::settings() const { return state_->settings; }
core::messenger::Messenger& Device::messenger() { return state_->messenger; }
Done Device::check_store() { return state_->store.check(); }
const std::optional<Problem>& Device::link_problem() const { return state_->problem; }

Device::Link Device::link() const {
  if (state_->subscribed) return Link::kOnline;
  return state_->stream ? Link::kConnecting : Link::kOffline;
}

bool Device::settled() const {
  const State& s = *state_;
  if (!s.subscribed) return true;
  return s.client.output().empty() && s.client.unacknowledged() == 0 && !s.more_to_do &&
         s.messenger.next_deadline() > monotonic_now();
}

std::string Device::cipher() const {
  return state_->stream && state_->stream->open() ? state_->stream->cipher() : "";
}

void Device::add_to(std::vector<pollfd>& fds) const {
  const auto& stream = state_->stream;
  if (stream) fds.push_back({stream->fd(), stream->events(!state_->client.output().empty()), 0});
}

Instant Device::next_deadline() const {
  const State& s = *state_;
  if (s.more_to_do) return {};
  Instant at = core::kNever;
  if (s.fits_into_client()) at = std::max(s.messenger.next_deadline(), s.messenger_at);
  if (s.stream) {
    at = std::min({at, s.stream->deadline(), s.connect_by, s.client.next_deadline()});
  } else if (!s.staying_offline) {
    at = std::min(at, s.retry_at);
  }
  return at;
}

void Device::step() {
  State& s = *state_;
  const Instant now = monotonic_now();
  if (!s.stream && !s.staying_offline && now >= s.retry_at) s.start_connecting(now);
  if (s.stream) {
    if (const auto done = s.work(now); !done) s.lose(done.error(), now);
  }
  s.run_messenger(now);
  if (s.stream && s.stream->open()) {
    if (const auto done = s.write_some(); !done) s.lose(done.error(), now);
  }
}

void Device::hang_up() {
  State& s = *state_;
  s.staying_offline = true;
  if (!s.stream) return;
  if (s.stream->open()) {
    (void)s.client.disconnect();
    (void)s.write_some();
  }
  s.stream->shut_down();
  s.lose({}, monotonic_now());
  s.problem.reset();
}

void Device::State::start_connecting(Instant now) {
  // The name is resolved anew each time: the server may have moved.
  auto started = TlsStream::connect(context, settings.broker_host, settings.broker_port, now);
  if (!started) return lose(started.error(), now);
  stream.emplace(*std::move(started));
  connect_by = now + kConnectTimeoutMs;
}

void Device::State::lose(Problem why, Instant now) {
  if (subscribed) {
    messenger.disconnected();
    if (now >= online_since + kGoodConnectionMs) retry_ms = kRetryFirstMs;
  }
  stream.reset();
  subscribed = false;
  connect_by = core::kNever;
  client.transport_closed();
  client.forget_messages();  // the messenger repeats what was not answered
  problem = std::move(why);
  core::ByteArray<2> random{};
  (void)rng.fill(random);
  const std::int64_t jitter = (random[0] | random[1] << 8) % (retry_ms + 1);
  retry_at = now + retry_ms / 2 + jitter;
  retry_ms = std::min(retry_ms * 2, kRetryMaxMs);
}

Done Device::State::work(Instant now) {
  if (!stream->open()) {
    TRY(stream->advance(now));
    if (stream->open()) TRY(connect_mqtt(now));
  }
  if (now >= connect_by) {
    return Problem{ProblemKind::kNetwork,
                   "No answer from " + settings.broker_host + " port " +
                       std::to_string(settings.broker_port) + ".",
                   "Check the network, and that the server is running there."};
  }
  if (!stream->open()) return {};
  if (!client.poll(now)) {
    return Problem{ProblemKind::kNetwork, "The server no longer answers.", "Check the network."};
  }
  TRY(read_some(now));
  return write_some();
}

Done Device::State::connect_mqtt(Instant now) {
  core::mqtt::ConnectOptions options;
  options.client_id = settings.name.bytes();
  options.clean_start = true;  // nothing relies on what a broker remembers
  options.keep_alive_s = kKeepAliveS;
  if (!client.connect(options, now)) {
    return Problem{ProblemKind::kInternal, "The connection cannot be started.", {}};
  }
  return {};
}

Done Device::State::read_some(Instant now) {
  more_to_do = false;
  for (int round = 0; round < kMaxRounds; ++round) {
    const auto space = client.receive_space();
    std::size_t size = 0;
    if (!space.empty()) size = TRY(stream->read(space));
    client.received(size);
    const bool all_read = !space.empty() && size == 0;
    while (true) {
      const auto event = client.next_event(now);
      if (!event) {
        (void)write_some();
        return Problem{ProblemKind::kNetwork, "The server breaks the rules of MQTT.",
                       "Ask the operator."};
      }
      if (!*event) break;
      TRY(take_event(**event, now));
    }
    if (all_read) return {};
  }
  more_to_do = true;
  return {};
}

Done Device::State::write_some() {
  while (!client.output().empty()) {
    const auto size = TRY(stream->write(client.output()));
    if (size == 0) break;
    client.output_sent(size);
  }
  return {};
}

Done Device::State::take_event(const core::mqtt::Event& event, Instant now) {
  using namespace core::mqtt;
  if (std::holds_alternative<Connected>(event)) {
    core::ByteArray<core::api::kMaxTopicSize> filter;
    const auto size = core::api::down_filter(settings.name, filter);
    const Subscription all{.filter = Bytes(filter).first(size ? *size : 0)};
    if (!size || !client.subscribe({&all, 1}, now)) {
      return Problem{ProblemKind::kInternal, "The subscription cannot be sent.", {}};
    }
  } else if (const auto* subscribed_to = std::get_if<Subscribed>(&event)) {
    if (subscribed_to->reasons.empty() || subscribed_to->reasons[0] >= 0x80) {
      return Problem{ProblemKind::kRefused, "The server does not let this device read its mail.",
                     "Ask the operator whether the device is still enrolled."};
    }
    subscribed = true;
    connect_by = core::kNever;
    online_since = now;
    problem.reset();
    messenger.connected(now);
  } else if (std::holds_alternative<Refused>(event)) {
    return Problem{ProblemKind::kRefused, "The server does not let this device in.",
                   "Ask the operator whether the device is still enrolled."};
  } else if (const auto* message = std::get_if<Message>(&event)) {
    return take_message(*message, now);
  } else if (std::holds_alternative<Disconnected>(event)) {
    return Problem{ProblemKind::kNetwork, "The server has closed the connection.",
                   "If it stays so, ask the operator whether the device is still enrolled."};
  }
  return {};
}

Done Device::State::take_message(const core::mqtt::Message& message, Instant now) {
  const auto topic = core::api::parse_down_topic(message.topic);
  if (topic && topic->device == settings.name) {
    const auto status = messenger.receive(topic->down, message.payload, now, wall_now());
    // What does not parse is counted by the messenger. A store that fails is
    // tried again: the server sends the message once more.
    if (!status && status.error() == core::Error::kStore) messenger_at = now + kStoreRetryMs;
  }
  if (message.packet_id != 0) (void)client.acknowledge(message.packet_id, now);
  return {};
}

bool Device::State::fits_into_client() const {
  return client.unacknowledged() < kMaxUnacknowledged &&
         client.output().size() < kSendBufferSize / 4;
}

void Device::State::run_messenger(Instant now) {
  if (now < messenger_at) return;
  for (int round = 0; round < kMaxRounds && fits_into_client(); ++round) {
    const auto outgoing = messenger.poll(now, wall_now());
    if (!outgoing) {
      messenger_at = now + kStoreRetryMs;
      break;
    }
    if (!*outgoing) {
      if (messenger.next_deadline() > now) break;
      continue;
    }
    if (!client.connected()) continue;
    core::ByteArray<core::api::kMaxTopicSize> to, back;
    const auto to_size = core::api::up_topic(settings.name, (*outgoing)->method, to);
    const auto back_size = core::api::down_topic(settings.name, Down::kReply, back);
    if (!to_size || !back_size) continue;
    core::mqtt::Publish publish{.topic = Bytes(to).first(*to_size),
                                .payload = (*outgoing)->payload};
    publish.properties.response_topic = Bytes(back).first(*back_size);
    publish.properties.correlation_data = Bytes((*outgoing)->request_id);
    (void)client.publish(publish, now);  // if not: the messenger repeats it
  }
  while (const auto event = messenger.next_event()) {
    // All other events are hints at what is in the store.
    if (event->kind == core::messenger::EventKind::kRenewalDue) renew_at = now;
    if (event->kind == core::messenger::EventKind::kCertificate) take_certificate();
  }
  if (now >= renew_at && subscribed) renew_certificate(now);
}

// Asks for a new certificate when two thirds of the present one's time are
// over.
void Device::State::renew_certificate(Instant now) {
  renew_at = now + kRenewalCheckMs;
  const auto info = certificate_info(settings.certificate);
  if (!info) return;
  const std::int64_t lifetime = info->not_after.ms - info->not_before.ms;
  if (wall_now().ms < info->not_before.ms + lifetime / 3 * 2) return;
  if (const auto csr = make_csr(settings.private_key)) (void)messenger.renew(*csr, now);
}

// Puts a certificate that came in place; used from the next connection on.
void Device::State::take_certificate() {
  std::vector<std::uint8_t> der(core::messenger::kMaxCertificate);
  const auto size = messenger.certificate(der);
  if (!size) return;
  const auto pem = certificate_pem(Bytes(der).first(*size));
  if (pem && certificate_fits(*pem, settings.private_key, settings.ca)) {
    auto renewed = TlsContext::for_site(settings.ca, *pem, settings.private_key.reveal());
    if (!renewed) return;
    const std::string old = std::exchange(settings.certificate, *pem);
    if (!home.save(settings)) {
      settings.certificate = old;
      return;
    }
    context = *std::move(renewed);
  }
  (void)messenger.certificate_taken();
}

}  // namespace ports::linux_os
