#include "server/service/request_rate.h"

#include <algorithm>

namespace server::service {
namespace {

constexpr std::int64_t kRequest = 1000;      // a rate per second fills as many a millisecond
constexpr std::int64_t kLongMs = 1'000'000;  // a longer silence counts as this long

}  // namespace

bool RequestRate::take(store::AccountId account, core::Instant now) {
  const std::int64_t full = limits_.request_burst * kRequest;
  auto& bucket = buckets_.try_emplace(account, Bucket{full, now}).first->second;
  const std::int64_t passed = std::clamp<std::int64_t>(now.ms - bucket.at.ms, 0, kLongMs);
  bucket.level = std::min(full, bucket.level + passed * limits_.requests_per_second);
  bucket.at = now;
  if (bucket.level < kRequest) return false;
  bucket.level -= kRequest;
  return true;
}

}  // namespace server::service
