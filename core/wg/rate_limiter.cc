#include "core/wg/rate_limiter.h"

#include "core/base/result.h"
#include "core/wg/keyed_hash.h"
#include "core/wg/timers.h"

namespace core::wg {

RateLimiter::RateLimiter(std::span<Entry> entries, const Secret<32>& hash_key)
    : entries_(entries), hash_key_(hash_key) {
  CHECK(!entries.empty() && entries.size() % kWays == 0);
  std::fill(entries.begin(), entries.end(), Entry{});
}

bool RateLimiter::allow(const IpAddress& address, Instant now) {
  const Bytes source = Bytes(address.bytes).first(address.family == Family::kIpv4 ? 4 : 8);
  const std::uint32_t hash = keyed_hash(hash_key_.view(), source) | 1;  // 0 is for free ones
  const std::size_t set = (hash >> 1) % (entries_.size() / kWays);
  Entry* entry = nullptr;
  for (Entry& candidate : entries_.subspan(set * kWays).first<kWays>()) {
    if (candidate.source == hash) {
      entry = &candidate;
      break;
    }
    if (entry == nullptr || candidate.paid_until < entry->paid_until) entry = &candidate;
  }
  if (entry->source != hash || entry->paid_until < now) *entry = {hash, now};
  if (elapsed_ms(now, entry->paid_until) > (kBurst - 1) * kIntervalMs) return false;
  entry->paid_until = entry->paid_until + kIntervalMs;
  return true;
}

}  // namespace core::wg
