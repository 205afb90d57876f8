#include "ports/linux/device.h"

#include <algorithm>

#include "core/messenger/link.h"
#include "core/messenger/workspace.h"
#include "ports/linux/certificate.h"
#include "ports/linux/sqlite_store.h"
#include "ports/linux/tls.h"

namespace ports::linux_os {
namespace {

using core::Bytes;
using core::Instant;
using core::messenger::LinkEnd;

constexpr std::size_t kReceiveBufferSize = 256 * 1024;
constexpr std::size_t kSendBufferSize = 512 * 1024;
// Reads of one step(), so that a busy link does not starve the caller.
constexpr int kMaxRounds = 32;
constexpr std::int64_t kRenewalCheckMs = 3'600'000;

Problem problem_of(LinkEnd end, const DeviceSettings& settings) {
  switch (end) {
    case LinkEnd::kSilent:
      return {ProblemKind::kNetwork,
              "No answer from " + settings.broker_host + " port " +
                  std::to_string(settings.broker_port) + ".",
              "Check the network, and that the server is running there."};
    case LinkEnd::kBroken:
      return {ProblemKind::kNetwork, "The server breaks the rules of MQTT.", "Ask the operator."};
    case LinkEnd::kRefused:
      return {ProblemKind::kRefused, "The server does not let this device in.",
              "Ask the operator whether the device is still enrolled."};
    case LinkEnd::kNoMail:
      return {ProblemKind::kRefused, "The server does not let this device read its mail.",
              "Ask the operator whether the device is still enrolled."};
    case LinkEnd::kClosed:
      return {ProblemKind::kNetwork, "The server has closed the connection.",
              "If it stays so, ask the operator whether the device is still enrolled."};
    case LinkEnd::kNoRoom: break;
  }
  return {ProblemKind::kInternal, "The connection cannot be started.", {}};
}

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
  void run_messenger(Instant now);
  void renew_certificate(Instant now);
  void take_certificate();

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
  core::messenger::Link link{messenger, client, rng, {.max_output = kSendBufferSize / 4}};

  std::optional<TlsStream> stream;
  bool staying_offline = false;
  bool more_to_do = false;
  std::optional<Problem> problem;
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
  if (state_->link.online()) return Link::kOnline;
  return state_->stream ? Link::kConnecting : Link::kOffline;
}

bool Device::settled() const {
  const State& s = *state_;
  if (!s.link.online()) return true;
  return s.client.output().empty() && s.client.unacknowledged() == 0 && !s.more_to_do &&
         !s.messenger.awaits_answer() && s.messenger.next_deadline() > monotonic_now();
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
  const Instant at = s.link.next_deadline();
  if (s.stream) return std::min(at, s.stream->deadline());
  return s.staying_offline ? at : std::min(at, s.link.retry_at());
}

void Device::step() {
  State& s = *state_;
  const Instant now = monotonic_now();
  if (!s.stream && !s.staying_offline && s.link.due(now)) s.start_connecting(now);
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
  link.begin(now);
}

void Device::State::lose(Problem why, Instant now) {
  stream.reset();
  link.lost(now);
  problem = std::move(why);
}

Done Device::State::work(Instant now) {
  if (!stream->open()) {
    TRY(stream->advance(now));
    if (stream->open() && !link.open(now)) return problem_of(LinkEnd::kNoRoom, settings);
  }
  if (const auto end = link.check(now)) return problem_of(*end, settings);
  if (!stream->open()) return {};
  TRY(read_some(now));
  return write_some();
}

Done Device::State::read_some(Instant now) {
  more_to_do = false;
  for (int round = 0; round < kMaxRounds; ++round) {
    const auto space = client.receive_space();
    std::size_t size = 0;
    if (!space.empty()) size = TRY(stream->read(space));
    client.received(size);
    const bool all_read = !space.empty() && size == 0;
    const auto end = link.take_events(now, wall_now());
    if (end) (void)write_some();
    if (end) return problem_of(*end, settings);
    if (link.online()) problem.reset();
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

void Device::State::run_messenger(Instant now) {
  link.work(now, wall_now());
  while (const auto event = messenger.next_event()) {
    // All other events are hints at what is in the store.
    if (event->kind == core::messenger::EventKind::kRenewalDue) renew_at = now;
    if (event->kind == core::messenger::EventKind::kCertificate) take_certificate();
  }
  if (now >= renew_at && link.online()) renew_certificate(now);
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
