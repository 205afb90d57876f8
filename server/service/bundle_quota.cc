#include "server/service/bundle_quota.h"

#include <algorithm>

namespace server::service {
namespace {

constexpr std::int64_t kSweepIntervalMs = 60 * 1000;

}  // namespace

void BundleQuota::refill(Bucket& bucket, core::Instant now) const {
  const std::int64_t burst = limits_.bundle_burst;
  const std::int64_t periods =
      std::max<std::int64_t>(0, now.ms - bucket.filled_at.ms) / limits_.bundle_refill_ms;
  bucket.tokens = std::min(burst, bucket.tokens + std::min(burst, periods));
  bucket.filled_at.ms += periods * limits_.bundle_refill_ms;
}

bool BundleQuota::take(store::AccountId asker, store::AccountId target, core::Instant now) {
  const std::pair key{asker, target};
  auto found = buckets_.find(key);
  if (found == buckets_.end()) {
    if (buckets_.size() >= limits_.max_bundle_pairs && now >= swept_at_ + kSweepIntervalMs) {
      swept_at_ = now;
      std::erase_if(buckets_, [&](const auto& pair) {
        Bucket bucket = pair.second;
        refill(bucket, now);
        return bucket.tokens == limits_.bundle_burst;  // as good as new
      });
    }
    if (buckets_.size() >= limits_.max_bundle_pairs) return false;
    found = buckets_.emplace(key, Bucket{limits_.bundle_burst, now}).first;
  }
  refill(found->second, now);
  if (found->second.tokens == 0) return false;
  --found->second.tokens;
  return true;
}

}  // namespace server::service
