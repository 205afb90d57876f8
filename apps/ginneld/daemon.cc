#include "apps/ginneld/daemon.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include "core/api/topic.h"
#include "server/broker/sockets.h"
#include "server/store/sqlite.h"

namespace ginneld {
namespace {

using namespace std::chrono_literals;
using server::broker::EnrolmentListener;
using server::broker::Link;
using server::broker::Mosquitto;
using server::service::EnrolOutcome;
using server::service::OutgoingPublish;

constexpr std::size_t kMaxBatch = 256;
constexpr std::size_t kMaxQueued = 8192, kMaxQueuedBytes = 64 * 1024 * 1024;
constexpr auto kLinkLimit = 10s;
constexpr auto kLockLimit = 2s;  // for a killed process to be gone
constexpr int kPortTries = 5;    // a free port can be taken before it is used

int http_status(EnrolOutcome outcome) {
  switch (outcome) {
    case EnrolOutcome::kAnswered: return 200;
    case EnrolOutcome::kMalformed: return 400;
    case EnrolOutcome::kWrongToken: return 403;
    case EnrolOutcome::kUsed: return 409;
    case EnrolOutcome::kExpired: return 410;
    case EnrolOutcome::kFailed: return 503;
  }
  return 503;
}

core::Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// The port that was used before if it is free, or any other free one.
std::uint16_t free_port(const std::string& listen, std::uint16_t before) {
  if (before != 0 && server::broker::probe_port(listen, before)) return before;
  const auto any = server::broker::probe_port(listen, 0);
  return any ? *any : 0;
}

}  // namespace

Daemon::~Daemon() { stop(); }

Outcome<void> Daemon::start() {
  TRY(open_folder());
  TRY(start_tunnel());
  listener_ = std::make_unique<EnrolmentListener>(
      EnrolmentListener::Options{.listen = listen_,
                                 .port = options_.https_port
                                             ? options_.https_port
                                             : free_port(listen_, addresses_.https_port),
                                 .server_pem = listener_pem()},
      [this](core::Bytes sealed) { return enrol(sealed); });
  TRY(listener_->start());
  addresses_.https_port = listener_->port();
  if (options_.broker.empty()) {
    TRY(start_own_broker());
  } else {
    const auto broker = TRY(server::broker::BrokerAddress::parse(options_.broker));
    addresses_.broker_host = broker.host;
    addresses_.mqtt_port = broker.port;
  }
  TRY(start_service());
  TRY(start_link());
  return addresses_.save(options_.folder);
}

Outcome<void> Daemon::open_folder() {
  const DataFolder& folder = options_.folder;
  TRY(server::broker::make_folder(folder.path, 0700));
  lock_.emplace(TRY(server::broker::FolderLock::take(folder.path, kLockLimit)));
  if (const auto before = TRY(Addresses::load(folder))) addresses_ = *before;
  hosts_ = options_.hosts;
  if (hosts_.empty()) hosts_ = {addresses_.host.empty() ? "localhost" : addresses_.host};
  addresses_.host = addresses_.broker_host = hosts_.front();
  listen_ = options_.listen;
  if (listen_.empty() && addresses_.host == "localhost") listen_ = "127.0.0.1";
  broker_listen_ = listen_;
  auto identity = TRY(TunnelIdentity::open(folder, options_.tunnel));
  if (identity && !options_.broker.empty()) {
    return Failure{Failure::Kind::kBadInput,
                   "a site with a tunnel runs its own broker: --broker does not go with it"};
  }
  const bool everywhere = listen_.empty() || listen_ == "0.0.0.0" || listen_ == "::";
  link_host_ = everywhere ? "localhost" : listen_;
  if (identity) {
    addresses_.broker_host = broker_listen_ = link_host_ =
        ports::linux_os::address_text(identity->address());
    gateway_ =
        std::make_unique<Gateway>(*std::move(identity), options_.interface, folder.endpoints());
  }
  for (const std::string& local :
       {std::string("localhost"), std::string("127.0.0.1"), link_host_}) {
    if (std::find(hosts_.begin(), hosts_.end(), local) == hosts_.end()) hosts_.push_back(local);
  }

  created_ = !std::filesystem::exists(folder.ca_pem());
  const auto now = wall_now();
  authority_.emplace(TRY(server::broker::Authority::open(folder.path, now)));
  TRY(ensure_server_certificates(*authority_, folder.path, hosts_, now));
  std::string why;
  auto store = server::store::open_sqlite(folder.database().string(), why);
  if (!store) {
    return Failure{Failure::Kind::kSystem,
                   "cannot open " + folder.database().string() + ": " + why};
  }
  store_ = *std::move(store);
  revocations_.emplace(folder);
  TRY(revocations_->load());
  return {};
}

// Before the broker, which listens on the address inside.
Outcome<void> Daemon::start_tunnel() {
  if (!gateway_) return {};
  const auto peers = store_->list_tunnel_peers();
  if (!peers) return Failure{Failure::Kind::kSystem, "database: " + store_->last_failure()};
  return gateway_->start(*peers);
}

// Tells the gateway who has an end of the tunnel now.
Outcome<void> Daemon::update_tunnel() {
  if (!gateway_) return {};
  const auto peers = service_->tunnel_peers();
  if (!peers) {
    return Failure{Failure::Kind::kSystem, "database: " + service_->last_store_failure()};
  }
  return gateway_->set_peers(*peers);
}

std::string Daemon::listener_pem() const {
  const auto pem = server::broker::read_file(options_.folder.server_pem());
  return (pem && *pem ? **pem : std::string()) + authority_->certificate_pem();
}

Outcome<void> Daemon::start_own_broker() {
  const auto plugin = TRY(server::broker::find_plugin());
  Outcome<void> started;
  for (int i = 0; i < kPortTries; ++i) {
    const auto port =
        options_.mqtt_port ? options_.mqtt_port : free_port(broker_listen_, addresses_.mqtt_port);
    mosquitto_ = std::make_unique<Mosquitto>(
        server::broker::MosquittoSetup{.folder = options_.folder.broker(),
                                       .listen = broker_listen_,
                                       .port = port,
                                       .ca_file = options_.folder.ca_crt(),
                                       .server_pem = options_.folder.server_pem(),
                                       .plugin = plugin},
        [](Mosquitto::Event event, const std::string& text) {
          switch (event) {
            case Mosquitto::Event::kOutput: spdlog::debug("mosquitto: {}", text); break;
            case Mosquitto::Event::kStarted: spdlog::info("broker started pid={}", text); break;
            case Mosquitto::Event::kEnded:
              spdlog::error("broker ended by itself last_words=\"{}\"", text);
              break;
          }
        });
    addresses_.mqtt_port = port;
    TRY(mosquitto_->set_revoked(revocations_->list()));
    started = mosquitto_->start();
    const bool taken = !started && started.error().kind == Failure::Kind::kInUse;
    if (!taken || options_.mqtt_port != 0) break;
    addresses_.mqtt_port = 0;
  }
  return started;
}

Outcome<void> Daemon::start_service() {
  signer_.emplace(*authority_, *revocations_);
  server::service::Site site{.host = addresses_.host,
                             .port = addresses_.https_port,
                             .ca_certificate = {authority_->certificate_der().begin(),
                                                authority_->certificate_der().end()},
                             .broker_host = addresses_.broker_host,
                             .broker_port = addresses_.mqtt_port};
  if (gateway_) site.tunnel = gateway_->identity().site();
  const auto fingerprint = authority_->fingerprint();
  std::copy_n(fingerprint.begin(), site.ca_fingerprint.size(), site.ca_fingerprint.begin());
  service_ = std::make_unique<server::service::Service>(*store_, *signer_, rng_, std::move(site));
  const auto devices = service_->devices();
  if (!devices) {
    return Failure{Failure::Kind::kSystem, "database: " + service_->last_store_failure()};
  }
  TRY(revocations_->complete(*devices, wall_now()));
  const auto tell_broker = [this] {
    if (const auto told = update_tunnel(); !told) {
      spdlog::error("cannot tell the tunnel of a revocation: {}", told.error().text);
    }
    if (!mosquitto_) {
      spdlog::warn("an external broker has to be told of a revocation by its operator");
    } else if (const auto told = mosquitto_->set_revoked(revocations_->list()); !told) {
      spdlog::error("cannot tell the broker of a revocation: {}", told.error().text);
    }
  };
  if (mosquitto_) TRY(mosquitto_->set_revoked(revocations_->list()));
  admin_ = std::make_unique<Admin>(*service_, *revocations_, tell_broker,
                                   [this](nlohmann::json& status) { describe(status); });
  serving_ = true;
  return {};
}

Outcome<void> Daemon::start_link() {
  const DataFolder& folder = options_.folder;
  const auto or_own = [](const std::filesystem::path& given, const std::filesystem::path& own) {
    return given.empty() ? own : given;
  };
  queue_.emplace(kMaxQueued, kMaxQueuedBytes);
  link_ = std::make_unique<Link>(
      Link::Options{
          .address = {mosquitto_ ? link_host_ : addresses_.broker_host, addresses_.mqtt_port},
          .ca_file = or_own(options_.broker_ca, folder.ca_crt()),
          .certificate_file = or_own(options_.broker_certificate, folder.link_pem()),
          .key_file = or_own(options_.broker_key, folder.link_pem()),
          .client_id = server::broker::kServerUser},
      [this](server::service::IncomingRequest request) { on_request(std::move(request)); },
      [](bool connected, const std::string& reason) {
        if (connected) {
          spdlog::info("connected to the broker");
        } else {
          spdlog::warn("no connection to the broker reason=\"{}\"", reason);
        }
      });
  worker_ = std::thread([this] { work(); });
  link_->start();
  if (!link_->wait_connected(kLinkLimit) && mosquitto_) {
    return Failure{Failure::Kind::kSystem, "the server's own connection to the broker fails"};
  }
  control_ = std::make_unique<ControlServer>(
      folder, [this](const nlohmann::json& request) { return admin_->execute(request); });
  return control_->start();
}

EnrolmentListener::Answer Daemon::enrol(core::Bytes sealed) {
  if (!serving_) return {503, {}};
  auto done = service_->enrol(sealed, wall_now());
  spdlog::info("enrolment status={} {}", http_status(done.outcome), done.text);
  if (queue_) queue_->wake();
  // Before the device hears of it, so that its first handshake is answered.
  if (const auto told = update_tunnel(); !told) {
    spdlog::error("cannot tell the tunnel of a device: {}", told.error().text);
  }
  if (done.outcome == EnrolOutcome::kAnswered) return {200, std::move(done.body)};
  done.text += '\n';
  return {http_status(done.outcome), {done.text.begin(), done.text.end()}};
}

void Daemon::on_request(server::service::IncomingRequest request) {
  if (!queue_->push(request)) tell_busy(request);
}

// Without the service and its store, which have more to do than they can.
void Daemon::tell_busy(const server::service::IncomingRequest& request) {
  const auto topic = core::api::parse_up_topic(bytes_of(request.topic));
  const auto parsed = core::api::RequestView::parse(request.payload);
  if (!topic || !parsed) return;
  std::array<std::uint8_t, core::api::kMaxTopicSize> to{};
  std::array<std::uint8_t, 128> payload{};
  const auto to_size = core::api::down_topic(topic->device, core::api::Down::kReply, to);
  const core::api::ResponseView response{.request_id = parsed->request_id,
                                         .code = core::api::Code::kBusy,
                                         .text = bytes_of("the server is busy"),
                                         .body = {}};
  const auto size = response.encode(payload);
  if (!to_size || !size) return;
  OutgoingPublish message{.topic = {to.begin(), to.begin() + static_cast<long>(*to_size)},
                          .payload = {payload.begin(), payload.begin() + static_cast<long>(*size)},
                          .correlation = core::to_array(parsed->request_id),
                          .expiry_s = 60};
  link_->publish(message);
}

void Daemon::work() {
  using Clock = server::broker::RequestQueue::Clock;
  std::uint64_t store_failures = 0;
  while (true) {
    const auto due = service_->next_deadline();
    const auto deadline = due == core::kNever
                              ? Clock::time_point::max()
                              : Clock::time_point(std::chrono::milliseconds(due.ms));
    const auto requests = queue_->take(kMaxBatch, deadline);
    if (requests.empty() && queue_->closed()) return;
    if (!requests.empty()) publish(service_->handle(requests, monotonic_now(), wall_now()));
    if (monotonic_now() >= service_->next_deadline()) {
      publish(service_->poll(monotonic_now(), wall_now()));
    }
    const auto failures = service_->counters().store_failures;
    if (failures != std::exchange(store_failures, failures)) {
      spdlog::error("database: {}", service_->last_store_failure());
    }
  }
}

void Daemon::publish(const std::vector<OutgoingPublish>& messages) {
  for (const auto& message : messages) link_->publish(message);
}

void Daemon::upkeep() {
  const auto renewed =
      ensure_server_certificates(*authority_, options_.folder.path, hosts_, wall_now());
  if (!renewed) {
    spdlog::error("cannot renew the server's certificates: {}", renewed.error().text);
    return;
  }
  if (!*renewed) return;
  spdlog::info("renewed the server's certificates");
  auto taken = listener_->set_certificate(listener_pem());
  if (taken && mosquitto_) taken = mosquitto_->reload_certificates();
  if (!taken) spdlog::error("cannot use the renewed certificates: {}", taken.error().text);
  link_->reconnect();
}

void Daemon::stop() {
  // Nothing new comes in; what is queued is answered; then the answers leave.
  if (listener_) listener_->stop();
  if (control_) control_->stop();
  if (queue_) queue_->close();
  if (worker_.joinable()) worker_.join();
  if (link_) link_->stop();
  if (mosquitto_) mosquitto_->stop();
  if (gateway_) gateway_->stop();
  serving_ = false;
}

std::string Daemon::ca_fingerprint() const {
  std::string text;
  for (const auto byte : authority_->fingerprint()) text += fmt::format("{:02x}", byte);
  return text;
}

void Daemon::describe(nlohmann::json& status) const {
  const auto link = link_->counters();
  status["running"] = true;
  status["pid"] = ::getpid();
  status["uptime_s"] = (monotonic_now().ms - started_.ms) / 1000;
  status["host"] = addresses_.host;
  status["https_port"] = addresses_.https_port;
  status["broker"] = mosquitto_ ? "mosquitto" : "external";
  status["broker_host"] = addresses_.broker_host;
  status["mqtt_port"] = addresses_.mqtt_port;
  status["broker_pid"] = mosquitto_ ? mosquitto_->pid() : 0;
  status["broker_restarts"] = mosquitto_ ? mosquitto_->restarts() : 0;
  status["broker_connected"] = link_->connected();
  status["ca_fingerprint"] = ca_fingerprint();
  if (gateway_) {
    status["tunnel"] = {{"interface", gateway_->interface()},
                        {"endpoint_host", gateway_->identity().host},
                        {"endpoint_port", gateway_->identity().port},
                        {"address", addresses_.broker_host},
                        {"pid", gateway_->pid()},
                        {"restarts", gateway_->restarts()},
                        {"peers", gateway_->peer_count()},
                        {"connected", gateway_->connected()}};
  }
  status["link"] = {{"received", link.received},
                    {"sent", link.sent},
                    {"refused", link.refused},
                    {"dropped", link.dropped},
                    {"connects", link.connects}};
}

}  // namespace ginneld
