// ginneld as a process, and devices made by hand to use it.
#ifndef TEST_BROKER_GINNELD_UNDER_TEST_H_
#define TEST_BROKER_GINNELD_UNDER_TEST_H_

#include <nlohmann/json.hpp>
#include <optional>

#include "core/api/message.h"
#include "test/broker/hostile_client.h"
#include "test/broker/pki.h"

namespace test {

struct Ended {
  int code = -1;  // the exit code, or 128 + the signal's number
  std::string out, err;
};

class Ginneld {
 public:
  // On `data`, which may not exist yet. Free ports, loopback only.
  explicit Ginneld(std::filesystem::path data) : data_(std::move(data)) {}
  Ginneld(const Ginneld&) = delete;
  Ginneld& operator=(const Ginneld&) = delete;
  ~Ginneld() { kill(9); }

  // `ginneld run`; returns at once.
  void spawn(std::vector<std::string> more = {});
  // The same, and waits until it serves. False if it ends instead or takes 60 s.
  bool start(std::vector<std::string> more = {});
  void kill(int signal);  // and waits for its end
  int wait();             // for its end; the exit code, as in Ended
  pid_t pid() const { return pid_; }
  std::string log() const { return read_text(data_.string() + ".log"); }

  // Another ginneld on the same folder, to its end.
  Ended command(std::vector<std::string> arguments) const;
  nlohmann::json json(std::vector<std::string> arguments) const;  // with --json
  std::string invite(const std::string& name, const std::string& ttl = "1h") const;

  const std::filesystem::path& data() const { return data_; }
  std::uint16_t mqtt_port() const { return port("mqtt_port"); }
  std::uint16_t https_port() const { return port("https_port"); }

 private:
  std::uint16_t port(const char* name) const;
  const std::filesystem::path data_;
  pid_t pid_ = 0;
};

struct HttpsAnswer {
  int status = 0;  // 0: no answer
  std::string body;
};
// One request to the enrolment listener, whose certificate must be the site's.
HttpsAnswer https(const Ginneld& server, const std::string& method, const std::string& path,
                  const std::string& body = "",
                  const std::string& content_type = "application/octet-stream");

class Device {
 public:
  // Keys are made here; `tls_key` is for the certificate.
  explicit Device(Key tls_key = p256_key());

  // One enrolment; the HTTP status. With 200, `enrolled` is what was said.
  int enrol(const Ginneld& server, const std::string& token);
  struct Enrolled {
    core::api::Code code{};
    std::string name;
    std::vector<std::uint8_t> certificate, ca_certificate;
    std::string broker_host;
    std::uint16_t broker_port = 0;
    std::size_t contacts = 0;
  };
  std::optional<Enrolled> enrolled;
  // REQUIRES: enrolled with code kOk. The file with key and certificate.
  std::filesystem::path pem() const;
  HostileClient::Options options(const Ginneld& server) const;

  // Connects, asks for `status` and returns the code of the answer; repeats for
  // up to 20 s as long as none comes.
  std::optional<core::api::Code> ask_status(const Ginneld& server) const;

 private:
  Folder folder_;
  Key tls_key_;
  std::vector<std::uint8_t> csr_;  // one, so that a repeated enrolment is the same
  core::Secret<32> identity_;
  core::ByteArray<33> identity_key_{};
};

}  // namespace test
#endif  // TEST_BROKER_GINNELD_UNDER_TEST_H_
