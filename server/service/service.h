// The server's rules behind one entry: a batch of requests in, publishes out.
//
// Does no I/O but the store's. Thread-safe: one lock around every call. The
// caller publishes what comes out in its order and calls poll() at
// next_deadline(). Spec: docs/spec/api.md.
#ifndef SERVER_SERVICE_SERVICE_H_
#define SERVER_SERVICE_SERVICE_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/api/token.h"
#include "core/base/name.h"
#include "core/base/rng.h"
#include "server/service/certificate_authority.h"
#include "server/service/limits.h"
#include "server/service/tunnel.h"
#include "server/store/store.h"

namespace server::service {

// A PUBLISH on ginnel/1/up/#. Response Topic and Correlation Data are not
// needed: the topic and the request id say where the answer goes.
struct IncomingRequest {
  std::string topic;
  std::vector<std::uint8_t> payload;
};

struct OutgoingPublish {
  std::string topic;
  std::vector<std::uint8_t> payload;
  std::optional<core::ByteArray<16>> correlation;  // replies: the request id
  std::uint32_t expiry_s = 0;                      // MQTT message expiry; 0: none
};

// What invites and enrolment responses say about this site.
struct Site {
  std::string host;  // of the HTTPS listener, 1 to 64 characters
  std::uint16_t port = 0;
  core::ByteArray<16> ca_fingerprint{};      // first 16 bytes of SHA-256(CA certificate, DER)
  std::vector<std::uint8_t> ca_certificate;  // DER
  std::string broker_host;
  std::uint16_t broker_port = 0;
  std::optional<SiteTunnel> tunnel{};  // then the broker is inside it
};

// Since the start. Hostile input is counted here and not logged.
struct Counters {
  std::uint64_t requests = 0, answered = 0, repeated = 0;
  std::uint64_t dropped_topic = 0;    // no `up` topic, or another shard
  std::uint64_t dropped_payload = 0;  // not even a request id
  std::uint64_t dropped_unknown = 0;  // of a device that is not enrolled
  std::uint64_t malformed = 0, bad_signature = 0, revoked = 0, too_many = 0;
  std::uint64_t store_failures = 0;  // batches rolled back
  std::uint64_t bundles = 0, bundles_limited = 0;
  std::uint64_t mails_stored = 0, mails_repeated = 0, mails_refused = 0;
  std::uint64_t mails_pushed = 0, pushes = 0, notices = 0;
  std::uint64_t enrolled = 0, enrolments_refused = 0;
};

// How an enrolment ended, for the HTTP status. Only kAnswered carries a body;
// it may hold a refusal, sealed for the invite's holder alone.
enum class EnrolOutcome : std::uint8_t {
  kAnswered,    // 200
  kMalformed,   // 400 too short or too long
  kWrongToken,  // 403 no such invite, or not sealed under its secret
  kUsed,        // 409 by another device
  kExpired,     // 410
  kFailed,      // 503 our fault: nothing has changed, try again
};
struct Enrolment {
  EnrolOutcome outcome = EnrolOutcome::kFailed;
  std::string text;                // a sentence for people unless kAnswered
  std::vector<std::uint8_t> body;  // sealed EnrolResponse if kAnswered
};

class Service {
 public:
  // All references outlive the service.
  Service(store::Store& store, CertificateAuthority& authority, core::Rng& rng, Site site,
          Limits limits = {});
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Handles a batch in order, in one transaction of the store: all of it is
  // durable before anything is returned. If the store fails, nothing has
  // changed, nothing is answered, and devices repeat.
  // 64 requests at a time are a good batch.
  std::vector<OutgoingPublish> handle(std::span<const IncomingRequest> requests, core::Instant now,
                                      core::WallTime wall);
  // Repeats pushes, sends notices, deletes what has expired. Calling early or
  // late is harmless.
  std::vector<OutgoingPublish> poll(core::Instant now, core::WallTime wall);
  // When to call poll() next.
  core::Instant next_deadline() const;

  // One HTTPS POST of an enrolling device.
  Enrolment enrol(core::Bytes sealed, core::WallTime wall);

  // ---- for the operator. Errors of all: kStore.
  // A new invite for a name, new or enrolled. Errors: kRng, kMalformed (site).
  core::Result<core::api::Token> invite(const core::DeviceName& name, std::int64_t ttl_s,
                                        core::WallTime wall);
  // Revokes a device: every request is refused from now on, its keys and its
  // mail are gone, and the name may be enrolled with another identity key.
  // Errors: kNotFound, kReplay (it is revoked already).
  core::Status revoke(const core::DeviceName& name);
  // All devices by name, the revoked ones too.
  core::Result<std::vector<store::Account>> devices();
  // The ends of the tunnel that the gateway has to know. Nobody's without one.
  core::Result<std::vector<store::TunnelPeer>> tunnel_peers();
  core::Result<store::Totals> totals();
  Counters counters() const;
  // What the store said when it last failed; for the log.
  std::string last_store_failure() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace server::service
#endif  // SERVER_SERVICE_SERVICE_H_
