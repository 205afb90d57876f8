// A request on its way through the service: parsed, recognised, verified, and
// then executed or answered with a refusal.
#ifndef SERVER_SERVICE_PENDING_H_
#define SERVER_SERVICE_PENDING_H_

#include <span>

#include "core/api/topic.h"
#include "server/service/answer.h"
#include "server/service/service.h"

namespace server::service {

struct Pending {
  core::DeviceName device{};
  std::optional<core::api::Method> method{};
  std::optional<core::api::RequestView> request{};  // views into the payload
  std::optional<core::ByteArray<16>> request_id{};
  core::ByteArray<32> digest{};  // of method and body: what a repetition repeats
  store::Account account{};
  bool dropped = false;             // gets no answer
  std::optional<Answer> refusal{};  // settled without the store
};

// Reads topic and payload and counts what is dropped. Views into `incoming`.
Pending parse_request(const IncomingRequest& incoming, const Limits& limits, Counters& counters);

// Checks all signatures of the requests that are neither dropped nor refused,
// on up to `threads` threads, and refuses those that fail.
void verify_requests(std::span<Pending> requests, unsigned threads);

}  // namespace server::service
#endif  // SERVER_SERVICE_PENDING_H_
