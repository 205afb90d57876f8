#include "core/wg/cookie.h"

#include "core/crypto/aead.h"
#include "core/crypto/blake2s.h"
#include "core/crypto/ct.h"
#include "core/wg/kdf.h"

namespace core::wg {
namespace {

// A cookie that is about to become void may be so when the message arrives.
constexpr std::int64_t kCookieLatencyMs = 5'000;

constexpr auto kMac1Label = label("mac1----"), kCookieLabel = label("cookie--");

void key_for(View<8> purpose, View<32> public_key, MutView<32> out) {
  hash_of(purpose, public_key, out);
}

// A message ends with MAC1 and MAC2, each of all before it.
Bytes before_mac1(Bytes message) { return message.first(message.size() - kMacsSize); }
Bytes before_mac2(Bytes message) { return message.first(message.size() - kMacSize); }
View<kMacSize> mac1_of(Bytes message) { return message.last<kMacsSize>().first<kMacSize>(); }
View<4> sender_of(Bytes message) { return message.subspan<4, 4>(); }

// Whether the last bytes of what is given are the MAC of those before.
bool ends_with_mac(Bytes key, Bytes message) {
  ByteArray<kMacSize> mac;
  crypto::blake2s(key, before_mac2(message), mac);
  return crypto::ct_equal(mac, message.last<kMacSize>());
}

}  // namespace

void CookieChecker::set_public_key(View<32> public_key) {
  key_for(kMac1Label, public_key, mac1_key_);
  key_for(kCookieLabel, public_key, cookie_key_);
}

bool CookieChecker::mac1_is_valid(Bytes message) const {
  return ends_with_mac(mac1_key_, before_mac2(message));
}

bool CookieChecker::mac2_is_valid(Bytes message, const Endpoint& from, Instant now) const {
  if (now >= secret_until_) return false;
  ByteArray<kCookieSize> key;
  cookie(from, key);
  return ends_with_mac(key, message);
}

Status CookieChecker::create_reply(Bytes message, const Endpoint& from, Instant now, Rng& rng,
                                   MutView<CookieReply::kSize> out) {
  ByteArray<24> nonce;
  TRY(rng.fill(nonce));
  if (now >= secret_until_) {
    TRY(rng.fill(secret_.mut()));
    secret_until_ = now + kCookieMs;
  }
  ByteArray<kMacSize> mac1;
  copy(mac1_of(message), mac1);
  CookieReply& reply = message_at<CookieReply>(out);
  copy(sender_of(message), out.subspan<4, 4>());
  reply.type.set(MessageType::kCookieReply);
  copy(nonce, reply.nonce);
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
  key_for(kMac1Label, peer_public_key, key);
  crypto::blake2s(key, before_mac1(message), last_mac1_);
  copy(last_mac1_, macs);
  const auto mac2 = macs.last<kMacSize>();
  if (now < until_) {
    crypto::blake2s(cookie_, before_mac2(message), mac2);
  } else {
    wipe(mac2);
  }
}

Status ReceivedCookie::consume(View<32> peer_public_key, CookieReply& reply, Instant now) {
  if (last_mac1_ == ByteArray<kMacSize>{}) return Error::kOutOfOrder;
  ByteArray<32> key;
  key_for(kCookieLabel, peer_public_key, key);
  TRY(crypto::xchacha20_poly1305_open(key, reply.nonce, last_mac1_, reply.encrypted_cookie));
  copy(View<32>(reply.encrypted_cookie).first<kCookieSize>(), cookie_);
  until_ = now + (kCookieMs - kCookieLatencyMs);
  last_mac1_ = {};
  return {};
}

void ReceivedCookie::clear() {
  wipe(cookie_);
  wipe(last_mac1_);
  until_ = kLongAgo;
}

}  // namespace core::wg
