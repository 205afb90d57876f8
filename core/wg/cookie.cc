#include "core/wg/cookie.h"

#include "core/crypto/aead.h"
#include "core/crypto/blake2s.h"
#include "core/crypto/ct.h"
#include "core/wg/kdf.h"

namespace core::wg {
namespace {

// A cookie that is about to become void may be so when the message arrives.
constexpr std::int64_t kCookieLatencyMs = 5'000;

enum class Purpose : std::uint8_t { kMac1, kCookie };

void key_for(Purpose purpose, View<32> public_key, MutView<32> out) {
  constexpr auto kMac1Label = label("mac1----"), kCookieLabel = label("cookie--");
  hash_of({purpose == Purpose::kMac1 ? kMac1Label : kCookieLabel, public_key}, out);
}

bool mac_is(View<kMacSize> expected, Bytes key, Bytes message) {
  ByteArray<kMacSize> mac;
  crypto::blake2s(key, message, mac);
  return crypto::ct_equal(mac, expected);
}

// What MAC1 and MAC2 are of, and they themselves.
Bytes before_mac1(Bytes message) { return message.first(message.size() - kMacsSize); }
Bytes before_mac2(Bytes message) { return message.first(message.size() - kMacSize); }
View<kMacSize> mac1_of(Bytes message) { return message.last<kMacsSize>().first<kMacSize>(); }
View<kMacSize> mac2_of(Bytes message) { return message.last<kMacSize>(); }

}  // namespace

void CookieChecker::set_public_key(View<32> public_key) {
  key_for(Purpose::kMac1, public_key, mac1_key_);
  key_for(Purpose::kCookie, public_key, cookie_key_);
}

bool CookieChecker::mac1_is_valid(Bytes message) const {
  return mac_is(mac1_of(message), mac1_key_, before_mac1(message));
}

bool CookieChecker::mac2_is_valid(Bytes message, const Endpoint& from, Instant now) const {
  if (elapsed_ms(secret_since_, now) >= kCookieMs) return false;
  ByteArray<kCookieSize> key;
  cookie(from, key);
  return mac_is(mac2_of(message), key, before_mac2(message));
}

Status CookieChecker::create_reply(Bytes message, std::uint32_t receiver, const Endpoint& from,
                                   Instant now, Rng& rng, MutView<CookieReply::kSize> out) {
  ByteArray<24> nonce;
  TRY(rng.fill(nonce));
  if (elapsed_ms(secret_since_, now) >= kCookieMs) {
    TRY(rng.fill(secret_.mut()));
    secret_since_ = now;
  }
  const auto mac1 = to_array(mac1_of(message));
  CookieReply& reply = message_at<CookieReply>(out);
  reply.type.set(MessageType::kCookieReply);
  reply.receiver.set(receiver);
  reply.nonce = nonce;
  cookie(from, MutView<32>(reply.encrypted_cookie).first<kCookieSize>());
  crypto::xchacha20_poly1305_seal(cookie_key_, nonce, mac1, reply.encrypted_cookie);
  return {};
}

// Of the address and the port: another host behind the same address gets
// another one.
void CookieChecker::cookie(const Endpoint& from, MutView<kCookieSize> out) const {
  crypto::Blake2s hash(out.size(), secret_.view());
  const ByteArray<2> port{static_cast<std::uint8_t>(from.port >> 8),
                          static_cast<std::uint8_t>(from.port)};
  hash.update(from.address.view());
  hash.update(port);
  hash.finish(out);
}

void ReceivedCookie::write_macs(View<32> peer_public_key, Instant now, MutBytes message) {
  const MutView<kMacsSize> macs = message.last<kMacsSize>();
  ByteArray<32> key;
  key_for(Purpose::kMac1, peer_public_key, key);
  crypto::blake2s(key, before_mac1(message), last_mac1_);
  copy(last_mac1_, macs);
  const auto mac2 = macs.last<kMacSize>();
  if (elapsed_ms(since_, now) < kCookieMs - kCookieLatencyMs) {
    crypto::blake2s(cookie_, before_mac2(message), mac2);
  } else {
    wipe(mac2);
  }
}

Status ReceivedCookie::consume(View<32> peer_public_key, const CookieReply& reply, Instant now) {
  if (last_mac1_ == ByteArray<kMacSize>{}) return Error::kOutOfOrder;
  ByteArray<32> key;
  key_for(Purpose::kCookie, peer_public_key, key);
  auto opened = reply.encrypted_cookie;
  TRY(crypto::xchacha20_poly1305_open(key, reply.nonce, last_mac1_, opened));
  copy(Bytes(opened).first(kCookieSize), cookie_);
  since_ = now;
  last_mac1_ = {};
  return {};
}

void ReceivedCookie::clear() {
  wipe(cookie_);
  wipe(last_mac1_);
  since_ = kLongAgo;
}

}  // namespace core::wg
