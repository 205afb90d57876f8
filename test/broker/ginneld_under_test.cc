#include "test/broker/ginneld_under_test.h"

#include <fcntl.h>
#include <httplib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <thread>

#include "apps/ginneld/signer.h"
#include "core/api/enrolment.h"
#include "core/api/request.h"
#include "core/api/token.h"
#include "core/crypto/x25519.h"
#include "test/broker/broker_under_test.h"

namespace test {
namespace {

using namespace std::chrono_literals;

pid_t run_program(std::vector<std::string> arguments, const std::string& out,
                  const std::string& err) {
  arguments.insert(arguments.begin(), GINNELD_PROGRAM);
  std::vector<char*> pointers;
  for (auto& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const pid_t pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that crashes leaves nothing behind
    dup2(open("/dev/null", O_RDONLY), 0);
    dup2(open(out.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), 1);
    dup2(open(err.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), 2);
    execv(pointers[0], pointers.data());
    _exit(127);
  }
  return pid;
}

int wait_for(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

core::Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
std::vector<std::uint8_t> copy_of(core::Bytes bytes) { return {bytes.begin(), bytes.end()}; }
std::string text_of(core::Bytes bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

void Ginneld::spawn(std::vector<std::string> more) {
  std::vector<std::string> arguments{"run", "--data", data_};
  const bool ports = std::find(more.begin(), more.end(), "--mqtt-port") == more.end();
  if (ports) arguments.insert(arguments.end(), {"--mqtt-port", "0", "--https-port", "0"});
  arguments.insert(arguments.end(), more.begin(), more.end());
  pid_ = run_program(arguments, data_.string() + ".log", data_.string() + ".log");
}

bool Ginneld::start(std::vector<std::string> more) {
  spawn(std::move(more));
  const auto limit = std::chrono::steady_clock::now() + 60s;
  while (std::chrono::steady_clock::now() < limit) {
    if (log().rfind(" ready ") != std::string::npos) {
      const auto status = json({"status"});
      if (status.is_object() && status.value("pid", 0) == pid_) return true;
    }
    siginfo_t ended{};
    waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT);
    if (ended.si_pid == pid_) return false;
    std::this_thread::sleep_for(20ms);
  }
  return false;
}

void Ginneld::kill(int signal) {
  if (pid_ <= 0) return;
  ::kill(pid_, signal);
  wait();
}

int Ginneld::wait() { return wait_for(std::exchange(pid_, 0)); }

Ended Ginneld::command(std::vector<std::string> arguments) const {
  const Folder folder;
  arguments.insert(arguments.end(), {"--data", data_});
  const pid_t pid = run_program(arguments, folder / "out", folder / "err");
  const int code = wait_for(pid);
  return {code, read_text(folder / "out"), read_text(folder / "err")};
}

nlohmann::json Ginneld::json(std::vector<std::string> arguments) const {
  arguments.push_back("--json");
  return nlohmann::json::parse(command(arguments).out, nullptr, false);
}

std::string Ginneld::invite(const std::string& name, const std::string& ttl) const {
  return json({"invite", name, "--ttl", ttl}).value("token", "");
}

std::uint16_t Ginneld::port(const char* name) const {
  return nlohmann::json::parse(read_text(data_ / "ports.json")).at(name).get<std::uint16_t>();
}

// A write to a server that has hung up is an error to look at, not the end.
const bool ignored_sigpipe = signal(SIGPIPE, SIG_IGN) != SIG_ERR;

HttpsAnswer https(const Ginneld& server, const std::string& method, const std::string& path,
                  const std::string& body, const std::string& content_type) {
  httplib::SSLClient client("localhost", server.https_port());
  client.set_ca_cert_path((server.data() / "ca.crt").c_str());
  client.enable_server_certificate_verification(true);
  client.set_read_timeout(20);
  const auto answer = method == "POST"  ? client.Post(path.c_str(), body, content_type.c_str())
                      : method == "PUT" ? client.Put(path.c_str(), body, content_type.c_str())
                                        : client.Get(path.c_str());
  if (!answer) return {};
  return {answer->status, answer->body};
}

Device::Device(Key tls_key) : tls_key_(std::move(tls_key)) {
  ginneld::SystemRng rng;
  identity_ = *core::crypto::x25519_private(rng);
  identity_key_[0] = 0x05;
  const bool ed25519 = EVP_PKEY_get_base_id(tls_key_.get()) == EVP_PKEY_ED25519;
  csr_ = csr(tls_key_.get(), "whatever", ed25519 ? nullptr : EVP_sha256());
  const auto point = core::crypto::x25519_public(identity_);
  std::copy(point.begin(), point.end(), identity_key_.begin() + 1);
}

int Device::enrol(const Ginneld& server, const std::string& token_text) {
  using namespace core::api;
  ginneld::SystemRng rng;
  const auto token = Token::parse(bytes_of(token_text));
  if (!token) throw std::runtime_error("not a token: " + token_text);
  const auto proof = *core::crypto::xeddsa_sign(
      identity_, core::api::EnrolmentProof(token->secret, identity_key_, 7, csr_, {}).message(),
      rng);
  const EnrolRequestView request{
      .identity_key = identity_key_, .registration_id = 7, .csr = csr_, .proof = proof};
  std::vector<std::uint8_t> plain(8192), sealed(8192 + kEnrolOverhead);
  plain.resize(*request.encode(plain));
  sealed.resize(*seal_enrolment(token->secret, Direction::kRequest, plain, rng, sealed));
  const auto answer = https(server, "POST", "/enrol", text_of(sealed));
  if (answer.status != 200) return answer.status;
  std::vector<std::uint8_t> opened(answer.body.size());
  const auto size =
      open_enrolment(token->secret, Direction::kResponse, bytes_of(answer.body), opened);
  if (!size) return -1;
  const auto response = EnrolResponseView::parse(core::Bytes(opened).first(*size));
  if (!response) return -2;
  enrolled = Enrolled{.code = response->code,
                      .name = text_of(response->name.bytes()),
                      .certificate = copy_of(response->certificate),
                      .ca_certificate = copy_of(response->ca_certificate),
                      .broker_host = text_of(response->broker_host),
                      .broker_port = response->broker_port,
                      .contacts = response->contact.count()};
  if (enrolled->code == Code::kOk) {
    write_text(pem(), pem_of(tls_key_.get()) + certificate_pem(enrolled->certificate));
  }
  return 200;
}

std::filesystem::path Device::pem() const { return folder_ / "device.pem"; }

HostileClient::Options Device::options(const Ginneld& server) const {
  return {.port = server.mqtt_port(), .ca_file = server.data() / "ca.crt", .pem_file = pem()};
}

std::optional<core::api::Code> Device::ask_status(const Ginneld& server) const {
  ginneld::SystemRng rng;
  core::ByteArray<16> id{};
  (void)rng.fill(id);
  std::vector<std::uint8_t> request(256);
  request.resize(*core::api::encode_request(device_name(enrolled->name), core::api::Method::kStatus,
                                            id, {}, identity_, rng, request));
  const auto limit = std::chrono::steady_clock::now() + 20s;
  while (std::chrono::steady_clock::now() < limit) {
    HostileClient client(options(server));
    if (client.connect() != kSuccess ||
        client.subscribe("ginnel/1/down/" + enrolled->name + "/#") != 1) {
      std::this_thread::sleep_for(50ms);
      continue;
    }
    // The same id each time: a repeated request is answered as the first was.
    for (int i = 0; i < 4 && client.messages.empty(); ++i) {
      (void)client.publish(up(enrolled->name), text_of(request));
      client.run(1s, [&] { return !client.messages.empty(); });
    }
    if (client.messages.empty()) continue;
    const auto response = core::api::ResponseView::parse(bytes_of(client.messages[0].payload));
    if (!response || client.messages[0].correlation != text_of(id)) return std::nullopt;
    return response->code;
  }
  return std::nullopt;
}

}  // namespace test
