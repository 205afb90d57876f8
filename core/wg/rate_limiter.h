// How many handshakes a source may ask for, in memory of a fixed size.
// Spec: [WG] 5.3, docs/spec/tunnel.md cookies and load.
#ifndef CORE_WG_RATE_LIMITER_H_
#define CORE_WG_RATE_LIMITER_H_

#include "core/base/time.h"
#include "core/wg/endpoint.h"

namespace core::wg {

// 20 a second, and 5 at once, for each IPv4 address or IPv6 /64. A table of
// sets: in a full one the source that is nearest to its full allowance is
// forgotten, which costs least. Sources have proved their address by a cookie.
class RateLimiter {
 public:
  static constexpr std::size_t kWays = 4;
  static constexpr std::int64_t kIntervalMs = 50;  // 20 a second
  static constexpr std::int64_t kBurst = 5;

  struct Entry {
    std::uint32_t source = 0;  // hash; 0: free
    Instant paid_until;        // what it asked for is paid off then
  };

  // REQUIRES: entries.size() is a multiple of kWays and not 0; both outlive this.
  RateLimiter(std::span<Entry> entries, const Secret<32>& hash_key);

  // True, and counted, iff the source of `address` may ask once more.
  bool allow(const IpAddress& address, Instant now);

 private:
  std::span<Entry> entries_;
  const Secret<32>& hash_key_;
};

}  // namespace core::wg
#endif  // CORE_WG_RATE_LIMITER_H_
