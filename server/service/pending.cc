#include "server/service/pending.h"

#include <atomic>
#include <system_error>
#include <thread>

#include "core/api/request.h"
#include "core/base/protobuf.h"
#include "core/crypto/sha2.h"
#include "server/service/prekeys.h"

namespace server::service {

using core::api::Method;

namespace {

// Fewer requests than this are verified faster than a thread is started.
constexpr std::size_t kWorthAThread = 4;

// The request id of a payload that is otherwise no request.
std::optional<core::ByteArray<16>> salvage_request_id(Bytes payload) {
  core::ProtobufReader reader(payload);
  std::optional<core::ByteArray<16>> out;
  while (const auto* field = reader.next()) {
    if (field->number != 1 || field->type != core::WireType::kBytes) continue;
    if (field->bytes.size() == 16) out = core::to_array(field->bytes.first<16>());
  }
  return out;
}

core::ByteArray<32> digest_of(Method method, Bytes body) {
  core::ByteArray<33> text{};
  text[0] = static_cast<std::uint8_t>(method);
  core::copy(core::crypto::sha256(body), core::MutBytes(text).subspan(1));
  return core::crypto::sha256(text);
}

void verify(Pending& pending) {
  const auto& identity_key = pending.account.identity_key;
  if (!core::api::verify_request(pending.device, *pending.method, *pending.request, identity_key)) {
    pending.refusal = refuse(Code::kBadSignature, "The request is not signed by the identity key.");
    return;
  }
  if (*pending.method == Method::kPublish) {
    pending.refusal = PreKeys::fault_of_upload(identity_key, pending.request->body);
  }
}

}  // namespace

Pending parse_request(const IncomingRequest& incoming, const Limits& limits, Counters& counters) {
  ++counters.requests;
  Pending out;
  const auto topic = core::api::parse_up_topic(as_bytes(incoming.topic));
  if (!topic) {
    ++counters.dropped_topic;
    out.dropped = true;
    return out;
  }
  out.device = topic->device;
  out.method = topic->method;
  const auto request = core::api::RequestView::parse(incoming.payload);
  out.request_id =
      request ? core::to_array(request->request_id) : salvage_request_id(incoming.payload);
  if (!out.request_id) {
    ++counters.dropped_payload;
    out.dropped = true;
  } else if (incoming.payload.size() > limits.max_request_size) {
    out.refusal = refuse(Code::kTooLarge, "The request is too large.");
  } else if (!request) {
    out.refusal = refuse(Code::kMalformed, "The request does not parse.");
  } else if (!out.method) {
    out.refusal = refuse(Code::kUnknownMethod, "There is no such method.");
  } else {
    out.request = *request;
    out.digest = digest_of(*out.method, request->body);
  }
  return out;
}

void verify_requests(std::span<Pending> requests, unsigned threads) {
  std::vector<Pending*> work;
  for (auto& pending : requests) {
    if (!pending.dropped && !pending.refusal) work.push_back(&pending);
  }
  std::atomic<std::size_t> next{0};
  const auto run = [&] {
    for (std::size_t i = next++; i < work.size(); i = next++) verify(*work[i]);
  };
  std::vector<std::thread> helpers;
  if (work.size() >= kWorthAThread) {
    try {
      for (unsigned i = 1; i < threads; ++i) helpers.emplace_back(run);
    } catch (const std::system_error&) {
      // No more threads to be had: those there are do the work.
    }
  }
  run();
  for (auto& helper : helpers) helper.join();
}

}  // namespace server::service
