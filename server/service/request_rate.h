// How many requests one device may make, so that it cannot keep the server
// from the others. In memory only; one entry for each enrolled device.
#ifndef SERVER_SERVICE_REQUEST_RATE_H_
#define SERVER_SERVICE_REQUEST_RATE_H_

#include <map>

#include "core/base/time.h"
#include "server/service/limits.h"
#include "server/store/store.h"

namespace server::service {

// A bucket for each device that holds `request_burst` requests and fills at
// `requests_per_second`.
class RequestRate {
 public:
  explicit RequestRate(const Limits& limits) : limits_(limits) {}

  // Takes one request. False if there is none left.
  bool take(store::AccountId account, core::Instant now);

 private:
  struct Bucket {
    std::int64_t level = 0;  // thousandths of a request
    core::Instant at;        // when it was right
  };
  const Limits& limits_;
  std::map<store::AccountId, Bucket> buckets_;
};

}  // namespace server::service
#endif  // SERVER_SERVICE_REQUEST_RATE_H_
