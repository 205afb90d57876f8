// How many bundles with one-time keys one device may take of another, so that
// no one can use up another's keys. In memory only.
#ifndef SERVER_SERVICE_BUNDLE_QUOTA_H_
#define SERVER_SERVICE_BUNDLE_QUOTA_H_

#include <map>

#include "core/base/time.h"
#include "server/service/limits.h"
#include "server/store/store.h"

namespace server::service {

// A token bucket for each pair of devices: `bundle_burst` at first, one more
// every `bundle_refill_ms`.
class BundleQuota {
 public:
  explicit BundleQuota(const Limits& limits) : limits_(limits) {}

  // Takes a token. False if there is none, or if too many pairs are active.
  bool take(store::AccountId asker, store::AccountId target, core::Instant now);
  std::size_t pairs() const { return buckets_.size(); }

 private:
  struct Bucket {
    std::int64_t tokens = 0;
    core::Instant filled_at;  // when `tokens` was right
  };
  void refill(Bucket& bucket, core::Instant now) const;

  const Limits& limits_;
  std::map<std::pair<store::AccountId, store::AccountId>, Bucket> buckets_;
  core::Instant swept_at_{};
};

}  // namespace server::service
#endif  // SERVER_SERVICE_BUNDLE_QUOTA_H_
