// Handshakes, of both roles, and cookies.
#include "core/crypto/words.h"
#include "core/crypto/x25519.h"
#include "core/wg/device.h"

namespace core::wg {
namespace {

constexpr unsigned kIndexDraws = 16;

template <class Message>
MutView<Message::kSize> bytes_of(Message& message) {
  return MutView<Message::kSize>(reinterpret_cast<std::uint8_t*>(&message), Message::kSize);
}

}  // namespace

// Of all datagrams but packets.
Status Device::on_handshake(MutBytes datagram, Arrival& arrival) {
  if (is_message<CookieReply>(datagram)) {
    return on_cookie_reply(message_at<CookieReply>(datagram.first<CookieReply::kSize>()), arrival);
  }
  const bool initiates = is_message<Initiation>(datagram);
  if (!initiates && !is_message<Response>(datagram)) {
    return count(counters_.malformed, Error::kMalformed);
  }
  if (!has_private_key_) return count(counters_.unknown_keys, Error::kNotFound);
  if (!cookies_.mac1_is_valid(datagram)) return count(counters_.bad_mac1, Error::kBadTag);
  if (under_load()) {
    if (!cookies_.mac2_is_valid(datagram, arrival.from, now_)) {
      const auto reply = datagram.first<CookieReply::kSize>();
      const auto done = cookies_.create_reply(datagram, arrival.from, now_, arrival.rng, reply);
      if (!done) return count(counters_.rng_failures, done.error());
      count(counters_.cookies_sent);
      arrival.received.meaning = Meaning::kReply;
      arrival.received.bytes = reply;
      return {};
    }
    if (!rate_limiter_.allow(arrival.from.address, now_)) {
      return count(counters_.rate_limited, Error::kRefused);
    }
  }
  if (initiates) {
    return on_initiation(message_at<Initiation>(datagram.first<Initiation::kSize>()), arrival);
  }
  return on_response(message_at<Response>(datagram.first<Response::kSize>()), arrival);
}

// More handshakes than options_.handshakes_per_s in a second: cookies for one.
inline bool Device::under_load() {
  if (now_ >= load_until_) {
    load_until_ = now_ + kLoadMs;
    load_count_ = 0;
  }
  if (load_count_ >= options_.handshakes_per_s) {
    overloaded_until_ = now_ + kLoadMs;
  } else {
    ++load_count_;
  }
  return now_ < overloaded_until_;
}

Status Device::on_initiation(Initiation& message, Arrival& arrival) {
  SymmetricState state;
  const auto named = consume_static(private_key_, public_key_, message, state);
  if (!named) return count(counters_.bad_tags, named.error());
  Peer* const known = find_by_key(message.static_key());
  if (known == nullptr) return count(counters_.unknown_keys, Error::kNotFound);
  Peer& peer = *known;
  TRY(agree_statically(peer));
  const auto proved = consume_timestamp(peer.static_static_, message, state);
  if (!proved) return count(counters_.bad_tags, proved.error());
  const auto timestamp = to_array(message.timestamp());
  if (timestamp <= peer.greatest_timestamp_) {
    return count(counters_.old_timestamps, Error::kReplay);
  }
  if (elapsed_ms(peer.consumed_at_, now_) < kMinInitiationIntervalMs) {
    return count(counters_.rate_limited, Error::kRefused);
  }

  std::uint32_t index = 0;
  Secret<32> ephemeral;
  const auto drawn = draw(arrival.rng, index, ephemeral);
  if (!drawn) return count(counters_.rng_failures, drawn.error());
  // Over the end of the initiation, of which only its ephemeral key is still needed.
  const std::uint32_t sender = message.sender.get();
  const auto reply = bytes_of(message).last<Response::kSize>();
  Response& response = message_at<Response>(reply);
  response.sender.set(index);
  response.receiver.set(sender);
  const auto done = create_response(state, {peer.public_key_, message.ephemeral}, ephemeral,
                                    peer.preshared_key_.view(), response);
  if (!done) return count(counters_.bad_tags, done.error());

  peer.greatest_timestamp_ = timestamp;
  peer.consumed_at_ = now_;
  Keypair& session = peer.keypairs_.start_as_responder();
  drop_index(peer, session.begin(index, sender, now_));
  state.split(session.keys.receive, session.keys.send);
  receiver_indices_.insert(index, slot_of(peer));
  peer.cookie_.write_macs(peer.public_key_, now_, reply);
  count(counters_.initiations_received);
  count(counters_.responses_sent);
  peer.on_received(Initiation::kSize, arrival.from, now_);
  peer.on_new_keys(now_);
  peer.on_sent(Response::kSize, now_);
  arrival.peer = &peer;
  arrival.received.meaning = Meaning::kReply;
  arrival.received.bytes = reply;
  return {};
}

Status Device::on_response(Response& message, Arrival& arrival) {
  const std::uint32_t index = message.receiver.get();
  Peer* const known = find_by_index(index);
  if (known == nullptr || known->handshake_.local_index != index) {
    return count(counters_.unknown_indices, Error::kNotFound);
  }
  Peer& peer = *known;
  SymmetricState state;
  const auto done =
      consume_response(peer.handshake_, private_key_, peer.preshared_key_.view(), message, state);
  if (!done) return count(counters_.bad_tags, done.error());

  Keypair& session = peer.keypairs_.start_as_initiator();
  drop_index(peer, session.begin(index, message.sender.get(), now_));
  state.split(session.keys.send, session.keys.receive);
  peer.handshake_.forget();
  count(counters_.responses_received);
  peer.on_received(Response::kSize, arrival.from, now_);
  peer.on_new_keys(now_);
  peer.on_handshake_complete(now_);
  // Something is sent at once: the responder may not send before it has come.
  peer.timers_.arm(Timer::kSendStaged, now_);
  arrival.peer = &peer;
  return {};
}

inline Status Device::on_cookie_reply(CookieReply& message, Arrival& arrival) {
  Peer* const peer = find_by_index(message.receiver.get());
  if (peer == nullptr) return count(counters_.unknown_indices, Error::kNotFound);
  const auto taken = peer->cookie_.consume(peer->public_key_, message, now_);
  if (!taken) return count(counters_.bad_tags, taken.error());
  count(counters_.cookies_received);
  arrival.peer = peer;
  return {};
}

// The DH of the static keys is computed once. Errors: kBadKey.
Status Device::agree_statically(Peer& peer) {
  if (peer.has_static_static_) return {};
  TRY(agree(private_key_, peer.public_key_, peer.static_static_));
  peer.has_static_static_ = true;
  return {};
}

// Draws what a handshake needs: a local index that is not in use and not 0, and
// an ephemeral private key: X25519 clamps it. Errors: kRng, kFull.
Status Device::draw(Rng& rng, std::uint32_t& index, Secret<32>& ephemeral) const {
  TRY(rng.fill(ephemeral.mut()));
  for (unsigned i = 0; i < kIndexDraws; ++i) {
    ByteArray<4> drawn;
    TRY(rng.fill(drawn));
    index = crypto::load_u32_le(drawn);
    if (index != 0 && find_by_index(index) == nullptr) return {};
  }
  return Error::kFull;
}

Status Device::initiate(Peer& peer, Turn& turn) {
  TRY(agree_statically(peer));
  std::uint32_t index = 0;
  Secret<32> ephemeral;
  TRY(draw(turn.rng, index, ephemeral));
  ByteArray<2> jitter;
  TRY(turn.rng.fill(jitter));
  ByteArray<kTimestampSize> timestamp;
  TRY(clock_.stamp(turn.wall, timestamp));
  const auto out = turn.sent.buffer.first<Initiation::kSize>();
  Initiation& message = message_at<Initiation>(out);
  message.sender.set(index);
  TRY(create_initiation(
      {.our_public = public_key_, .theirs = peer.public_key_, .static_static = peer.static_static_},
      ephemeral, timestamp, peer.handshake_, message));

  drop_index(peer, peer.handshake_.local_index);
  receiver_indices_.insert(index, slot_of(peer));
  peer.handshake_.local_index = index;
  peer.cookie_.write_macs(peer.public_key_, now_, out);
  peer.jitter_ms_ = static_cast<std::uint16_t>((jitter[0] | jitter[1] << 8) % (kMaxJitterMs + 1));
  peer.initiated_at_ = now_;
  count(counters_.initiations_sent);
  peer.on_sent(out.size(), now_);
  turn.sent.datagram = out;
  return {};
}

}  // namespace core::wg
