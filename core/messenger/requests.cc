#include "core/messenger/requests.h"

namespace core::messenger {

using api::Method;

static constexpr std::array<Method, api::kMethodCount> kByUrgency = {
    Method::kAck,    Method::kSend,     Method::kBundle, Method::kPublish,
    Method::kStatus, Method::kContacts, Method::kRenew};

void Requests::start(Method method, const RequestId& id, Instant now) {
  Request& request = of(method);
  request.active = true;
  request.id = id;
  request.due = now;
  request.sent = 0;
}

static bool belongs_to(Method method, Requests::Which which) {
  if (which == Requests::Which::kAll) return true;
  return method != Method::kSend && method != Method::kBundle && method != Method::kPublish;
}

std::optional<Method> Requests::due(Instant now, Which which) const {
  for (const auto method : kByUrgency) {
    if (belongs_to(method, which) && active(method) && now >= of(method).due) return method;
  }
  return std::nullopt;
}

void Requests::sent(Method method, Instant now) {
  Request& request = of(method);
  request.due = now + pause_ms(request.sent, kRepeatFirstMs, kRepeatMaxMs);
  if (request.sent < 16) ++request.sent;
}

void Requests::reconnected(Instant now) {
  for (auto& request : requests_) {
    request.due = now;
    request.sent = 0;
    request.retry.reset();
  }
}

Instant Requests::next(Which which) const {
  Instant next = kNever;
  for (const auto method : kByUrgency) {
    if (active(method) && belongs_to(method, which)) next = std::min(next, of(method).due);
  }
  return next;
}

std::optional<Method> Requests::find(View<api::kRequestIdSize> id) const {
  for (const auto method : kByUrgency) {
    if (active(method) && equal_var(of(method).id, id)) return method;
  }
  return std::nullopt;
}

}  // namespace core::messenger
