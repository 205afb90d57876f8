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
Device::Outcome Device::on_handshake(MutBytes datagram, const Endpoint& from, Rng& rng) {
  if (const auto* reply = message_in<CookieReply>(datagram)) return on_cookie_reply(*reply);
  auto* const initiation = message_in<Initiation>(datagram);
  auto* const response = message_in<Response>(datagram);
  if (initiation == nullptr && response == nullptr) {
    return count(counters_.malformed, Error::kMalformed);
  }
  if (!has_private_key_) return count(counters_.unknown_keys, Error::kNotFound);
  if (!cookies_.mac1_is_valid(datagram)) return count(counters_.bad_mac1, Error::kBadTag);
  if (under_load()) {
    if (!cookies_.mac2_is_valid(datagram, from, now_)) {
      const std::uint32_t sender = (initiation ? initiation->sender : response->sender).get();
      const auto reply = datagram.first<CookieReply::kSize>();
      const auto done = cookies_.create_reply(datagram, sender, from, now_, rng, reply);
      if (!done) return count(counters_.rng_failures, done.error());
      count(counters_.cookies_sent);
      return Received{.meaning = Meaning::kReply, .peer = {}, .bytes = reply};
    }
    if (!rate_limiter_.allow(from.address, now_)) {
      return count(counters_.rate_limited, Error::kRefused);
    }
  }
  return initiation ? on_initiation(*initiation, from, rng) : on_response(*response, from);
}

// More handshakes than options_.handshakes_per_s in a second: cookies for one.
bool Device::under_load() {
  if (elapsed_ms(load_since_, now_) >= kLoadMs) {
    load_since_ = now_;
    load_count_ = 0;
  }
  if (load_count_ >= options_.handshakes_per_s) {
    overloaded_until_ = now_ + kLoadMs;
  } else {
    ++load_count_;
  }
  return now_ < overloaded_until_;
}

Device::Outcome Device::on_initiation(Initiation& message, const Endpoint& from, Rng& rng) {
  Keypair session;
  session.created_at = now_;
  session.remote_index = message.sender.get();
  SymmetricState state;
  const auto key = consume_static(private_key_, public_key_, message, state);
  if (!key) return count(counters_.bad_tags, key.error());
  const std::uint32_t slot = find_slot(*key);
  if (slot == kNoSlot) return count(counters_.unknown_keys, Error::kNotFound);
  Peer& peer = memory_.peers[slot];
  TRY(agree_statically(peer));
  const auto timestamp = consume_timestamp(peer.static_static_, message, state);
  if (!timestamp) return count(counters_.bad_tags, timestamp.error());
  if (*timestamp <= peer.greatest_timestamp_)
    return count(counters_.old_timestamps, Error::kReplay);
  if (elapsed_ms(peer.consumed_at_, now_) < kMinInitiationIntervalMs) {
    return count(counters_.rate_limited, Error::kRefused);
  }

  Secret<32> ephemeral;
  const auto drawn = draw(rng, session.local_index, ephemeral);
  if (!drawn) return count(counters_.rng_failures, drawn.error());
  // Over the end of the initiation, of which only its ephemeral key is still needed.
  const auto reply = bytes_of(message).last<Response::kSize>();
  Response& response = message_at<Response>(reply);
  response.sender.set(session.local_index);
  response.receiver.set(session.remote_index);
  const auto done = create_response(state, {peer.public_key_, message.ephemeral}, ephemeral,
                                    peer.preshared_key_.view(), response, session.keys);
  if (!done) return count(counters_.bad_tags, done.error());

  peer.greatest_timestamp_ = *timestamp;
  peer.consumed_at_ = now_;
  receiver_indices_.insert(session.local_index, slot);
  drop_index(slot, peer.keypairs_.start_as_responder(std::move(session)));
  peer.cookie_.write_macs(peer.public_key_, now_, reply);
  count(counters_.initiations_received);
  count(counters_.responses_sent);
  peer.on_received(Initiation::kSize, from, now_);
  peer.on_new_keys(now_);
  peer.on_sent(Response::kSize, now_);
  reschedule(slot);
  return Received{.meaning = Meaning::kReply, .peer = id_of(slot), .bytes = reply};
}

Device::Outcome Device::on_response(Response& message, const Endpoint& from) {
  const std::uint32_t index = message.receiver.get();
  const std::uint32_t slot = receiver_indices_.find(index);
  if (slot == kNoSlot || memory_.peers[slot].handshake_.local_index != index) {
    return count(counters_.unknown_indices, Error::kNotFound);
  }
  Peer& peer = memory_.peers[slot];
  Keypair session;
  session.created_at = now_;
  session.local_index = index;
  session.remote_index = message.sender.get();
  const auto done = consume_response(peer.handshake_, private_key_, peer.preshared_key_.view(),
                                     message, session.keys);
  if (!done) return count(counters_.bad_tags, done.error());

  drop_index(slot, peer.keypairs_.start_as_initiator(std::move(session)));
  peer.handshake_.forget();
  count(counters_.responses_received);
  peer.on_received(Response::kSize, from, now_);
  peer.on_new_keys(now_);
  peer.on_handshake_complete(now_);
  // Something is sent at once: the responder may not send before it has come.
  peer.timers_.arm(Timer::kSendStaged, now_);
  reschedule(slot);
  return Received{.meaning = Meaning::kNothing, .peer = id_of(slot), .bytes = {}};
}

Device::Outcome Device::on_cookie_reply(const CookieReply& message) {
  const std::uint32_t slot = receiver_indices_.find(message.receiver.get());
  if (slot == kNoSlot) return count(counters_.unknown_indices, Error::kNotFound);
  Peer& peer = memory_.peers[slot];
  const auto taken = peer.cookie_.consume(peer.public_key_, message, now_);
  if (!taken) return count(counters_.bad_tags, taken.error());
  count(counters_.cookies_received);
  return Received{.meaning = Meaning::kNothing, .peer = id_of(slot), .bytes = {}};
}

// The DH of the static keys is computed once. Errors: kBadKey.
Status Device::agree_statically(Peer& peer) {
  if (peer.has_static_static_) return {};
  TRY(agree(private_key_, peer.public_key_, peer.static_static_));
  peer.has_static_static_ = true;
  return {};
}

// Draws what a handshake needs: a local index that is not in use and not 0, and
// an ephemeral private key. Errors: kRng, kFull.
Status Device::draw(Rng& rng, std::uint32_t& index, Secret<32>& ephemeral) const {
  TRY(rng.fill(ephemeral.mut()));
  ephemeral = crypto::x25519_private(ephemeral.view());
  for (unsigned i = 0; i < kIndexDraws; ++i) {
    ByteArray<4> drawn;
    TRY(rng.fill(drawn));
    index = crypto::load_u32_le(drawn);
    if (index != 0 && receiver_indices_.find(index) == kNoSlot) return {};
  }
  return Error::kFull;
}

Device::Datagram Device::initiate(std::uint32_t slot, const Means& means) {
  Peer& peer = memory_.peers[slot];
  TRY(agree_statically(peer));
  std::uint32_t index = 0;
  Secret<32> ephemeral;
  TRY(draw(means.rng, index, ephemeral));
  ByteArray<2> jitter;
  TRY(means.rng.fill(jitter));
  const auto timestamp = TRY(clock_.stamp(means.wall));
  const auto out = means.out.first<Initiation::kSize>();
  Initiation& message = message_at<Initiation>(out);
  message.sender.set(index);
  TRY(create_initiation({.ours = private_key_,
                         .our_public = public_key_,
                         .theirs = peer.public_key_,
                         .static_static = peer.static_static_},
                        ephemeral, timestamp, peer.handshake_, message));

  drop_index(slot, peer.handshake_.local_index);
  receiver_indices_.insert(index, slot);
  peer.handshake_.local_index = index;
  peer.cookie_.write_macs(peer.public_key_, now_, out);
  peer.jitter_ms_ = static_cast<std::uint16_t>((jitter[0] << 8 | jitter[1]) % (kMaxJitterMs + 1));
  peer.initiated_at_ = now_;
  count(counters_.initiations_sent);
  peer.on_sent(out.size(), now_);
  return Bytes(out);
}

}  // namespace core::wg
