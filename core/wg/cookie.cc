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

ByteArray<32> key_for(Purpose purpose, View<32> public_key) {
  constexpr auto kMac1Label = label("mac1----"), kCookieLabel = label("cookie--");
  ByteArray<32> out;
  hash_of({purpose == Purpose::kMac1 ? kMac1Label : kCookieLabel, public_key}, out);
  return out;
}

ByteArray<kMacSize> mac(Bytes key, Bytes message) {
  ByteArray<kMacSize> out;
  crypto::blake2s(key, message, out);
  return out;
}

// What MAC1 and MAC2 are of, and they themselves.
Bytes before_mac1(Bytes message) { return message.first(message.size() - kMacsSize); }
Bytes before_mac2(Bytes message) { return message.first(message.size() - kMacSize); }
View<kMacSize> mac1_of(Bytes message) { return message.last<kMacsSize>().first<kMacSize>(); }
Bytes mac2_of(Bytes message) { return message.last(kMacSize); }

}  // namespace

void CookieChecker::set_public_key(View<32> public_key) {
  mac1_key_ = key_for(Purpose::kMac1, public_key);
  cookie_key_ = key_for(Purpose::kCookie, public_key);
}

bool CookieChecker::mac1_is_valid(Bytes message) const {
  return crypto::ct_equal(mac(mac1_key_, before_mac1(message)), mac1_of(message));
}

bool CookieChecker::mac2_is_valid(Bytes message, const Endpoint& from, Instant now) const {
  if (elapsed_ms(secret_since_, now) >= kCookieMs) return false;
  return crypto::ct_equal(mac(cookie(from), before_mac2(message)), mac2_of(message));
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
  copy(cookie(from), reply.encrypted_cookie);
  crypto::xchacha20_poly1305_seal(cookie_key_, nonce, mac1, reply.encrypted_cookie);
  return {};
}

// Of the address and the port: another host behind the same address gets
// another one.
ByteArray<kCookieSize> CookieChecker::cookie(const Endpoint& from) const {
  ByteArray<kCookieSize> out;
  crypto::Blake2s hash(out.size(), secret_.view());
  const ByteArray<2> port{static_cast<std::uint8_t>(from.port >> 8),
                          static_cast<std::uint8_t>(from.port)};
  hash.update(from.address.view());
  hash.update(port);
  hash.finish(out);
  return out;
}

void ReceivedCookie::write_macs(View<32> peer_public_key, Instant now, MutBytes message) {
  last_mac1_ = mac(key_for(Purpose::kMac1, peer_public_key), before_mac1(message));
  const MutBytes macs = message.last(kMacsSize);
  copy(last_mac1_, macs);
  if (elapsed_ms(since_, now) < kCookieMs - kCookieLatencyMs) {
    copy(mac(cookie_, before_mac2(message)), macs.last(kMacSize));
  } else {
    wipe(macs.last(kMacSize));
  }
}

Status ReceivedCookie::consume(View<32> peer_public_key, const CookieReply& reply, Instant now) {
  if (last_mac1_ == ByteArray<kMacSize>{}) return Error::kOutOfOrder;
  auto opened = reply.encrypted_cookie;
  TRY(crypto::xchacha20_poly1305_open(key_for(Purpose::kCookie, peer_public_key), reply.nonce,
                                      last_mac1_, opened));
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
