// MAC1, MAC2 and cookies, of both sides. A message's MACs are its last 32 bytes.
// Spec: [WG] 5.3, 5.4.4, 5.4.7, docs/spec/tunnel.md cookies and load.
#ifndef CORE_WG_COOKIE_H_
#define CORE_WG_COOKIE_H_

#include "core/base/rng.h"
#include "core/base/time.h"
#include "core/wg/endpoint.h"
#include "core/wg/messages.h"
#include "core/wg/timers.h"

namespace core::wg {

inline constexpr std::size_t kCookieSize = 16;
inline constexpr std::int64_t kCookieMs = 120'000;

// The side that is asked for handshakes.
class CookieChecker {
 public:
  // From here on messages are for the owner of `public_key`.
  void set_public_key(View<32> public_key);

  // `message`: an initiation or a response. Constant time in the MACs.
  bool mac1_is_valid(Bytes message) const;
  // True iff the message proves that its sender hears what is sent to `from`.
  bool mac2_is_valid(Bytes message, const Endpoint& from, Instant now) const;
  // Writes what gives the sender of `message` its cookie. A new secret is drawn
  // each 120 s. `out` may begin where `message` does.
  // Errors: kRng, and `out` is as it was.
  Status create_reply(Bytes message, const Endpoint& from, Instant now, Rng& rng,
                      MutView<CookieReply::kSize> out);

 private:
  void cookie(const Endpoint& from, MutView<kCookieSize> out) const;

  ByteArray<32> mac1_key_{}, cookie_key_{};
  Secret<32> secret_;
  Instant secret_until_ = kLongAgo;
};

// The side that asks: what a peer gave us, and the MACs of what we send it.
class ReceivedCookie {
 public:
  // Writes both MACs of an initiation or a response.
  void write_macs(View<32> peer_public_key, Instant now, MutBytes message);
  // Takes the cookie, which it opens in place, for the message that was last given
  // its MACs; one for each.
  // Errors: kOutOfOrder: none is awaited; kBadTag.
  Status consume(View<32> peer_public_key, CookieReply& reply, Instant now);
  void clear();

 private:
  ByteArray<kCookieSize> cookie_{};
  ByteArray<kMacSize> last_mac1_{};  // zeros: of no message that awaits a reply
  Instant until_ = kLongAgo;         // the cookie is of use
};

}  // namespace core::wg
#endif  // CORE_WG_COOKIE_H_
