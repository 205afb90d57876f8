// A site for tests: a service over a store, devices that sign, a clock that
// tests turn.
#ifndef SERVER_SERVICE_TEST_SITE_H_
#define SERVER_SERVICE_TEST_SITE_H_

#include <map>
#include <memory>

#include "core/api/message.h"
#include "core/api/topic.h"
#include "server/service/service.h"
#include "server/store/test_values.h"

namespace server::service {

using core::api::Code;
using core::api::Method;
using store::Blob;
using store::name;

// Repeatable bytes; not fit for keys.
class TestRng final : public core::Rng {
 public:
  explicit TestRng(std::uint64_t seed) : state_(seed) {}
  core::Status fill(core::MutBytes out) override;

 private:
  std::uint64_t state_;
};

// Signs everything but a request that reads "bad"; fails on "down".
class TestAuthority final : public CertificateAuthority {
 public:
  core::Result<std::vector<std::uint8_t>> sign(core::Bytes csr_der,
                                               const core::DeviceName& device) override;
  int signed_count = 0;
};

std::string text_of(core::Bytes bytes);
Blob blob_of(const std::string& text);

// What a device does towards the server.
class TestDevice {
 public:
  TestDevice(const std::string& of, std::uint64_t seed);

  core::ByteArray<16> new_request_id();
  // A request with a fresh id, or with `request_id`.
  IncomingRequest request(Method method, const Blob& body);
  IncomingRequest request(Method method, const Blob& body, const core::ByteArray<16>& request_id);

  struct Upload {
    std::uint32_t signed_id = 0, last_resort_id = 0;  // 0: absent
    std::uint32_t first_one_time = 1, one_time_count = 0;
    std::uint32_t first_kem = 1, kem_count = 0;
    // Which signature to break: 1 signed prekey, 2 last resort, 3 last KEM key.
    int broken = 0;
  };
  Blob upload(const Upload& upload);
  Blob mail(const std::string& to, std::uint8_t mail_id, std::size_t size = 10,
            std::uint32_t ttl_s = 0);
  // To several at once, the first of them in `to`.
  Blob mail_to(const std::vector<std::string>& to, std::uint8_t mail_id, std::size_t size = 10);
  Blob enrol_request(const core::api::Token& token, const std::string& csr = "csr");

  core::DeviceName device;
  core::Secret<32> private_key;
  core::ByteArray<33> identity_key{};
  std::uint32_t registration_id = 77;
  Blob tunnel_key;  // empty: none
  std::uint32_t max_contacts = 0;
  std::optional<Blob> signed_tunnel_key;  // what the proof says instead
  TestRng rng;
};

Blob bundle_request(const std::string& of);
Blob mails(std::initializer_list<Blob> mails);
Blob ack(std::uint64_t through, std::uint32_t window, std::uint32_t max_push = 0);

// A response, copied.
struct Reply {
  core::ByteArray<16> request_id{};
  Code code{};
  std::string text;
  Blob body;
  Blob bytes;  // all of it
};

class TestSite {
 public:
  // Sites of one store have different seeds.
  explicit TestSite(store::Store& the_store, Limits limits = {}, std::uint64_t seed = 1,
                    std::optional<SiteTunnel> tunnel = {});

  // Enrols through an invite. Throws unless it works.
  TestDevice enrol(const std::string& of);
  Enrolment enrol(TestDevice& device, const core::api::Token& token,
                  const std::string& csr = "csr");
  // The code inside a sealed answer.
  static Code code_of(const Enrolment& enrolment, const core::api::Token& token);
  // A device with keys: ids from 1, as many as given.
  TestDevice enrol_with_keys(const std::string& of, std::uint32_t one_time, std::uint32_t kem);

  // Hands the requests to the service and sorts what comes out.
  void handle(const std::vector<IncomingRequest>& requests);
  void poll();
  void pass(std::int64_t ms);  // time, and polls when it is due
  // Handles one request and returns its reply. Throws if there is none.
  Reply ask(const IncomingRequest& request);
  Reply ask(TestDevice& device, Method method, const Blob& body);
  std::vector<Code> send(TestDevice& from, const Blob& mails);

  // What came out, by topic, until taken.
  std::vector<OutgoingPublish> take(const std::string& topic);
  struct Pushed {
    std::uint64_t sequence = 0;
    std::string from;
    Blob ciphertext;
    std::uint32_t left_out = 0;
  };
  std::vector<std::vector<Pushed>> pushes(const std::string& device);
  // The sequence numbers of all pushes since the last call.
  std::vector<std::uint64_t> pushed(const std::string& device);
  std::vector<core::api::Notice> notices(const std::string& device);

  store::Store& store;
  TestAuthority authority;
  TestRng rng;
  Service service;
  core::Instant now{1'000'000};
  core::WallTime wall{1'700'000'000'000};
  std::vector<OutgoingPublish> out;

 private:
  std::uint64_t next_seed_;
};

}  // namespace server::service
#endif  // SERVER_SERVICE_TEST_SITE_H_
