// Requests under way: each is repeated, under the same id, until it is answered.
#ifndef CORE_MESSENGER_REQUESTS_H_
#define CORE_MESSENGER_REQUESTS_H_

#include <optional>

#include "core/api/message.h"
#include "core/base/rng.h"
#include "core/messenger/retry.h"

namespace core::messenger {

using RequestId = ByteArray<api::kRequestIdSize>;

// At most one request of each method at a time.
class Requests {
 public:
  struct Request {
    bool active = false;
    RequestId id{};
    Instant due = kNever;    // to be sent, or sent again
    std::uint32_t sent = 0;  // times
    Retry retry;             // when a refused one may be made anew
  };

  Request& of(api::Method method) { return requests_[static_cast<std::size_t>(method)]; }
  const Request& of(api::Method method) const {
    return requests_[static_cast<std::size_t>(method)];
  }
  bool active(api::Method method) const { return of(method).active; }
  // True if one could be made now.
  bool idle(api::Method method, Instant now) const {
    return !active(method) && of(method).retry.due(now);
  }

  void start(api::Method method, const RequestId& id, Instant now);
  void finish(api::Method method) { of(method).active = false; }
  // The most urgent one that is due: acknowledgements and mail before upkeep.
  // kAsking: only those that give away nothing of our state.
  enum class Which : std::uint8_t { kAll, kAsking };
  std::optional<api::Method> due(Instant now, Which which) const;
  // It has been handed out: due again after a pause that doubles.
  void sent(api::Method method, Instant now);
  // A connection is up: what is under way is due at once.
  void reconnected(Instant now);
  // The first `due` of all, kNever if none is under way.
  Instant next(Which which) const;
  // The request that is answered under this id.
  std::optional<api::Method> find(View<api::kRequestIdSize> id) const;

 private:
  std::array<Request, api::kMethodCount> requests_{};
};

}  // namespace core::messenger
#endif  // CORE_MESSENGER_REQUESTS_H_
