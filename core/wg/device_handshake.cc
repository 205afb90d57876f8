// Handshakes, of both roles, and cookies.
#include "core/crypto/x25519.h"
#include "core/wg/device.h"

namespace core::wg {
namespace {

constexpr unsigned kIndexDraws = 16;

// Of an initiation or a response.
std::uint32_t sender_of(Bytes message) {
  return std::uint32_t{message[4]} | std::uint32_t{message[5]} << 8 |
         std::uint32_t{message[6]} << 16 | std::uint32_t{message[7]} << 24;
}

}  // namespace

Device::Outcome Device::on_handshake(MessageType type, MutBytes datagram, const Endpoint& from,
                                     Instant now, Rng& rng) {
  const bool initiation = type == MessageType::kInitiation;
  if (datagram.size() != (initiation ? Initiation::kSize : Response::kSize)) {
    return count(counters_.malformed, Error::kMalformed);
  }
  if (!has_private_key_) return count(counters_.unknown_keys, Error::kNotFound);
  if (!cookies_.mac1_is_valid(datagram)) return count(counters_.bad_mac1, Error::kBadTag);
  if (under_load(now)) {
    if (!cookies_.mac2_is_valid(datagram, from, now)) {
      ByteArray<CookieReply::kSize> reply;
      const auto done = cookies_.create_reply(datagram, sender_of(datagram), from, now, rng, reply);
      if (!done) return count(counters_.rng_failures, done.error());
      ++counters_.cookies_sent;
      copy(reply, datagram);
      return Received{
          .meaning = Meaning::kReply, .peer = {}, .bytes = datagram.first(reply.size())};
    }
    if (!rate_limiter_.allow(from.address, now)) {
      return count(counters_.rate_limited, Error::kRefused);
    }
  }
  return initiation ? on_initiation(datagram, from, now, rng) : on_response(datagram, from, now);
}

// More handshakes than options_.handshakes_per_s in a second: cookies for one.
bool Device::under_load(Instant now) {
  if (elapsed_ms(load_since_, now) >= kLoadMs) {
    load_since_ = now;
    load_count_ = 0;
  }
  if (load_count_ >= options_.handshakes_per_s) {
    overloaded_until_ = now + kLoadMs;
  } else {
    ++load_count_;
  }
  return now < overloaded_until_;
}

Device::Outcome Device::on_initiation(MutBytes datagram, const Endpoint& from, Instant now,
                                      Rng& rng) {
  const auto message = TRY(Initiation::parse(datagram));
  auto opened = consume_static(private_key_, public_key_, message);
  if (!opened) return count(counters_.bad_tags, opened.error());
  const std::uint32_t slot = find_slot(opened->their_static);
  if (slot == kNoSlot) return count(counters_.unknown_keys, Error::kNotFound);
  Peer& peer = memory_.peers[slot];
  TRY(agree_statically(peer));
  const auto timestamp = consume_timestamp(*opened, peer.static_static_, message);
  if (!timestamp) return count(counters_.bad_tags, timestamp.error());
  if (*timestamp <= peer.greatest_timestamp_)
    return count(counters_.old_timestamps, Error::kReplay);
  if (elapsed_ms(peer.consumed_at_, now) < kMinInitiationIntervalMs) {
    return count(counters_.rate_limited, Error::kRefused);
  }

  const auto index = unused_index(rng);
  if (!index) return count(counters_.rng_failures, index.error());
  const auto ephemeral = crypto::x25519_private(rng);
  if (!ephemeral) return count(counters_.rng_failures, ephemeral.error());
  ByteArray<Response::kSize> reply;
  auto keys = create_response(*opened, *index, *ephemeral, peer.preshared_key_.view(), reply);
  if (!keys) return count(counters_.bad_tags, keys.error());

  peer.greatest_timestamp_ = *timestamp;
  peer.consumed_at_ = now;
  receiver_indices_.insert(*index, slot);
  drop_indices(slot, peer.keypairs_.start_as_responder({.keys = std::move(*keys),
                                                        .send_counter = 0,
                                                        .receive_counter = 0,
                                                        .created_at = now,
                                                        .local_index = *index,
                                                        .remote_index = opened->their_index}));
  peer.cookie_.write_macs(peer.public_key_, now, reply);
  ++counters_.initiations_received;
  ++counters_.responses_sent;
  peer.on_received(datagram.size(), from, now);
  peer.on_new_keys(now);
  peer.on_sent(reply.size(), now);
  reschedule(slot);
  copy(reply, datagram);
  return Received{
      .meaning = Meaning::kReply, .peer = id_of(slot), .bytes = datagram.first(reply.size())};
}

Device::Outcome Device::on_response(Bytes datagram, const Endpoint& from, Instant now) {
  const auto message = TRY(Response::parse(datagram));
  const std::uint32_t slot = receiver_indices_.find(message.receiver);
  if (slot == kNoSlot || memory_.peers[slot].handshake_.local_index != message.receiver) {
    return count(counters_.unknown_indices, Error::kNotFound);
  }
  Peer& peer = memory_.peers[slot];
  auto keys = consume_response(peer.handshake_, private_key_, peer.preshared_key_.view(), message);
  if (!keys) return count(counters_.bad_tags, keys.error());

  drop_indices(slot, peer.keypairs_.start_as_initiator({.keys = std::move(*keys),
                                                        .send_counter = 0,
                                                        .receive_counter = 0,
                                                        .created_at = now,
                                                        .local_index = peer.handshake_.local_index,
                                                        .remote_index = message.sender}));
  peer.handshake_ = {};
  ++counters_.responses_received;
  peer.on_received(datagram.size(), from, now);
  peer.on_new_keys(now);
  peer.on_handshake_complete(now);
  // Something is sent at once: the responder may not send before it has come.
  peer.timers_.arm(Timer::kSendStaged, now);
  reschedule(slot);
  return Received{.meaning = Meaning::kNothing, .peer = id_of(slot), .bytes = {}};
}

Device::Outcome Device::on_cookie_reply(Bytes datagram, Instant now) {
  const auto message = CookieReply::parse(datagram);
  if (!message) return count(counters_.malformed, message.error());
  const std::uint32_t slot = receiver_indices_.find(message->receiver);
  if (slot == kNoSlot) return count(counters_.unknown_indices, Error::kNotFound);
  Peer& peer = memory_.peers[slot];
  const auto taken = peer.cookie_.consume(peer.public_key_, *message, now);
  if (!taken) return count(counters_.bad_tags, taken.error());
  ++counters_.cookies_received;
  return Received{.meaning = Meaning::kNothing, .peer = id_of(slot), .bytes = {}};
}

// The DH of the static keys is computed once. Errors: kBadKey.
Status Device::agree_statically(Peer& peer) {
  if (peer.has_static_static_) return {};
  peer.static_static_ = TRY(crypto::x25519(private_key_, peer.public_key_));
  peer.has_static_static_ = true;
  return {};
}

// A random index that is not in use, and not 0. Errors: kRng, kFull.
Result<std::uint32_t> Device::unused_index(Rng& rng) const {
  for (unsigned i = 0; i < kIndexDraws; ++i) {
    ByteArray<4> drawn;
    TRY(rng.fill(drawn));
    const std::uint32_t index = std::uint32_t{drawn[0]} << 24 | std::uint32_t{drawn[1]} << 16 |
                                std::uint32_t{drawn[2]} << 8 | drawn[3];
    if (index != 0 && receiver_indices_.find(index) == kNoSlot) return index;
  }
  return Error::kFull;
}

Device::Poll Device::initiate(std::uint32_t slot, Instant now, WallTime wall, Rng& rng,
                              MutBytes out) {
  Peer& peer = memory_.peers[slot];
  TRY(agree_statically(peer));
  const auto ephemeral = TRY(crypto::x25519_private(rng));
  const std::uint32_t index = TRY(unused_index(rng));
  ByteArray<2> jitter;
  TRY(rng.fill(jitter));
  const auto timestamp = TRY(clock_.stamp(wall));
  const MutBytes datagram = out.first(Initiation::kSize);
  auto handshake =
      TRY(create_initiation({.ours = private_key_,
                             .our_public = public_key_,
                             .theirs = peer.public_key_,
                             .static_static = peer.static_static_},
                            index, ephemeral, timestamp, out.first<Initiation::kSize>()));

  drop_indices(slot, {peer.handshake_.local_index});
  receiver_indices_.insert(index, slot);
  peer.handshake_ = std::move(handshake);
  peer.cookie_.write_macs(peer.public_key_, now, datagram);
  peer.jitter_ms_ = static_cast<std::uint16_t>((jitter[0] << 8 | jitter[1]) % (kMaxJitterMs + 1));
  peer.initiated_at_ = now;
  ++counters_.initiations_sent;
  peer.on_sent(datagram.size(), now);
  return to_send(slot, datagram);
}

}  // namespace core::wg
