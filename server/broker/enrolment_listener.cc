#include "server/broker/enrolment_listener.h"

#include <httplib.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "server/broker/sockets.h"

namespace server::broker {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kThreads = 8;
constexpr std::size_t kMaxWaiting = 64;      // connections accepted and not yet served
constexpr std::size_t kMaxAddresses = 4096;  // whose pace is remembered
constexpr time_t kReadTimeoutS = 5, kWriteTimeoutS = 5;
constexpr const char* kBinary = "application/octet-stream";

// Serves connections on a few threads. While too many wait, no new ones are
// accepted: the kernel turns them away.
class Threads : public httplib::TaskQueue {
 public:
  Threads() {
    for (std::size_t i = 0; i < kThreads; ++i) threads_.emplace_back([this] { run(); });
  }
  void enqueue(std::function<void()> task) override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return tasks_.size() < kMaxWaiting; });
    tasks_.push_back(std::move(task));
    changed_.notify_all();
  }
  void shutdown() override {
    {
      const std::lock_guard lock(mutex_);
      ending_ = true;
      changed_.notify_all();
    }
    for (auto& thread : threads_) thread.join();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return ending_ || !tasks_.empty(); });
      if (tasks_.empty()) return;
      const auto task = std::move(tasks_.front());
      tasks_.pop_front();
      changed_.notify_all();
      lock.unlock();
      task();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  std::vector<std::thread> threads_;
  bool ending_ = false;
};

// How often each address may ask: a burst, then a pace.
class Pace {
 public:
  Pace(int burst, int per_minute) : burst_(burst), per_minute_(per_minute) {}
  bool allow(const std::string& address) {
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    if (left_.size() >= kMaxAddresses) {
      std::erase_if(left_,
                    [&](const auto& entry) { return refilled(entry.second, now) >= burst_; });
      if (left_.size() >= kMaxAddresses) return false;
    }
    auto& left = left_.try_emplace(address, Left{static_cast<double>(burst_), now}).first->second;
    left = {refilled(left, now), now};
    if (left.requests < 1) return false;
    left.requests -= 1;
    return true;
  }

 private:
  struct Left {
    double requests;
    Clock::time_point at;
  };
  double refilled(const Left& left, Clock::time_point now) const {
    const std::chrono::duration<double, std::ratio<60>> minutes = now - left.at;
    return std::min<double>(burst_, left.requests + minutes.count() * per_minute_);
  }

  const int burst_, per_minute_;
  std::mutex mutex_;
  std::map<std::string, Left> left_;
};

// The key and certificates shown to new connections; may change while serving.
class ServerCertificate {
 public:
  bool set_pem(const std::string& pem) {
    const Bio for_key(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    const Bio for_chain(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    char none[] = "";
    Key key(PEM_read_bio_PrivateKey(for_key.get(), nullptr, nullptr, none));
    std::vector<Certificate> chain;
    while (X509* next = PEM_read_bio_X509(for_chain.get(), nullptr, nullptr, nullptr)) {
      chain.emplace_back(next);
    }
    ERR_clear_error();
    if (!key || chain.empty() || X509_check_private_key(chain.front().get(), key.get()) != 1) {
      return false;
    }
    const std::lock_guard lock(mutex_);
    key_ = std::move(key);
    chain_ = std::move(chain);
    return true;
  }
  // A callback of OpenSSL, at the start of each handshake.
  static int show(SSL* ssl, void* object) {
    auto& self = *static_cast<ServerCertificate*>(object);
    const std::lock_guard lock(self.mutex_);
    bool ok = SSL_use_certificate(ssl, self.chain_.front().get()) == 1 &&
              SSL_use_PrivateKey(ssl, self.key_.get()) == 1;
    for (std::size_t i = 1; i < self.chain_.size(); ++i) {
      ok = ok && SSL_add1_chain_cert(ssl, self.chain_[i].get()) == 1;
    }
    return ok;
  }

 private:
  using Bio = std::unique_ptr<BIO, decltype([](BIO* bio) { BIO_free(bio); })>;
  using Key = std::unique_ptr<EVP_PKEY, decltype([](EVP_PKEY* key) { EVP_PKEY_free(key); })>;
  using Certificate = std::unique_ptr<X509, decltype([](X509* c) { X509_free(c); })>;

  std::mutex mutex_;
  Key key_;
  std::vector<Certificate> chain_;
};

bool restrict_tls(SSL_CTX& context, ServerCertificate& certificate) {
  SSL_CTX_set_cert_cb(&context, ServerCertificate::show, &certificate);
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
  return SSL_CTX_set_min_proto_version(&context, TLS1_3_VERSION) == 1 &&
         SSL_CTX_set_num_tickets(&context, 0) == 1;
}

void answer_text(httplib::Response& response, int status, const std::string& text) {
  response.status = status;
  response.set_content(text + "\n", "text/plain");
}

}  // namespace

struct EnrolmentListener::State {
  State(Options given, OnEnrol enrol)
      : options(std::move(given)),
        on_enrol(std::move(enrol)),
        pace(options.per_address_burst, options.per_address_per_minute),
        server([this](SSL_CTX& context) { return restrict_tls(context, certificate); }) {}

  // Decides by the head of a request, before its body is read.
  httplib::Server::HandlerResponse route(const httplib::Request& request,
                                         httplib::Response& response) {
    using enum httplib::Server::HandlerResponse;
    if (request.method == "GET" && request.path == "/healthz") return Unhandled;
    if (request.method != "POST" || request.path != "/enrol") {
      answer_text(response, 404, "There is nothing here but POST /enrol.");
    } else if (request.get_header_value("Content-Type") != kBinary) {
      answer_text(response, 415, std::string("An enrolment's content type is ") + kBinary + ".");
    } else if (!pace.allow(request.remote_addr)) {
      response.set_header("Retry-After", "10");
      answer_text(response, 429, "Too many enrolments from this address. Try again later.");
    } else {
      return Unhandled;
    }
    response.set_header("Connection", "close");
    return Handled;
  }

  void enrol(const httplib::Request& request, httplib::Response& response) const {
    const auto* start = reinterpret_cast<const std::uint8_t*>(request.body.data());
    const Answer answer = on_enrol({start, request.body.size()});
    response.status = answer.status;
    response.set_content(std::string(answer.body.begin(), answer.body.end()),
                         answer.status == 200 ? kBinary : "text/plain");
  }

  const Options options;
  const OnEnrol on_enrol;
  Pace pace;
  ServerCertificate certificate;
  httplib::SSLServer server;
  std::thread thread;
  std::uint16_t port = 0;
};

EnrolmentListener::EnrolmentListener(Options options, OnEnrol on_enrol)
    : state_(std::make_unique<State>(std::move(options), std::move(on_enrol))) {}

EnrolmentListener::~EnrolmentListener() { stop(); }

Outcome<void> EnrolmentListener::start() {
  State& state = *state_;
  httplib::SSLServer& server = state.server;
  TRY(set_certificate(state.options.server_pem));
  if (!server.is_valid()) return Failure{Failure::Kind::kSystem, "cannot set up TLS for HTTPS"};
  server.new_task_queue = [] { return new Threads; };
  // Not the library's own choice, SO_REUSEPORT: another process could then
  // listen on the same port and take half of the connections.
  server.set_socket_options([](socket_t socket) {
    const int on = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  });
  server.set_payload_max_length(kMaxEnrolBodySize);
  server.set_read_timeout(kReadTimeoutS);
  server.set_write_timeout(kWriteTimeoutS);
  server.set_keep_alive_max_count(1);
  server.set_pre_routing_handler(
      [&state](const auto& request, auto& response) { return state.route(request, response); });
  server.set_exception_handler([](const auto&, auto& response, const std::exception_ptr&) {
    answer_text(response, 500, "The server failed.");
  });
  server.Get("/healthz", [](const auto&, auto& response) { answer_text(response, 200, "ok"); });
  server.Post("/enrol", [&state](const httplib::Request& request, httplib::Response& response) {
    state.enrol(request, response);
  });
  state.port = TRY(probe_port(state.options.listen, state.options.port));
  const std::string& listen = state.options.listen;
  const bool bound = listen.empty() ? server.bind_to_port("::", state.port) ||
                                          server.bind_to_port("0.0.0.0", state.port)
                                    : server.bind_to_port(listen, state.port);
  if (!bound) {
    return Failure{Failure::Kind::kInUse,
                   "cannot listen on port " + std::to_string(state.port) + " for HTTPS"};
  }
  state.thread = std::thread([&server] { server.listen_after_bind(); });
  while (!server.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return {};
}

void EnrolmentListener::stop() {
  if (!state_->thread.joinable()) return;
  state_->server.stop();
  state_->thread.join();
}

std::uint16_t EnrolmentListener::port() const { return state_->port; }

Outcome<void> EnrolmentListener::set_certificate(const std::string& server_pem) {
  if (state_->certificate.set_pem(server_pem)) return {};
  return Failure{Failure::Kind::kBadInput, "the server's key and certificate do not parse"};
}

}  // namespace server::broker
