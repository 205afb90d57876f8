// Packets: sealed on their way out, opened on their way in.
#include "core/wg/device.h"
#include "core/wg/ip.h"
#include "core/wg/replay.h"

namespace core::wg {
namespace {

// How many datagrams at the front are packets of one session, to be decrypted
// together.
std::size_t run_size(std::span<const Incoming> batch) {
  std::size_t count = 0;
  std::uint32_t receiver = 0;
  for (; count < std::min(batch.size(), crypto::kAeadBatch); ++count) {
    const auto header = TransportHeader::parse(batch[count].datagram);
    if (!header || (count > 0 && header->receiver != receiver)) break;
    receiver = header->receiver;
  }
  return count;
}

}  // namespace

Result<Received> Device::receive(MutBytes datagram, const Endpoint& from, Instant now, Rng& rng) {
  Incoming one{.datagram = datagram};
  receive(std::span(&one, 1), from, now, rng);
  return one.received;
}

void Device::receive(std::span<Incoming> batch, const Endpoint& from, Instant now, Rng& rng) {
  now = advance(now);
  Seen seen;
  while (!batch.empty()) {
    const std::size_t count = run_size(batch);
    if (count > 0) {
      on_transport(batch.first(count), from, now, seen);
    } else {
      batch[0].received = receive_other(batch[0].datagram, from, now, rng);
      seen = {};  // indices may have changed
    }
    batch = batch.subspan(std::max<std::size_t>(count, 1));
  }
}

// What is no packet of a session.
Device::Outcome Device::receive_other(MutBytes datagram, const Endpoint& from, Instant now,
                                      Rng& rng) {
  const auto type = message_type(datagram);
  if (!type) return count(counters_.malformed, type.error());
  if (*type == MessageType::kTransport) return count(counters_.malformed, Error::kMalformed);
  if (*type == MessageType::kCookieReply) return on_cookie_reply(datagram, now);
  return on_handshake(*type, datagram, from, now, rng);
}

// REQUIRES: run_size(run) == run.size() > 0
void Device::on_transport(std::span<Incoming> run, const Endpoint& from, Instant now, Seen& seen) {
  const std::uint32_t index = TransportHeader::parse(run[0].datagram)->receiver;
  if (index != seen.index) {
    seen = {};
    seen.index = index;
    seen.slot = receiver_indices_.find(index);
  }
  using Place = Keypairs::Place;
  const Place place =
      seen.slot == kNoSlot ? Place::kNone : memory_.peers[seen.slot].keypairs_.find(index);
  const Keypair* session =
      place == Place::kNone ? nullptr : &memory_.peers[seen.slot].keypairs_.at(place);
  if (session == nullptr || !session->may_receive(0, now)) {
    for (Incoming& one : run) {
      one.received = session == nullptr ? count(counters_.unknown_indices, Error::kNotFound)
                                        : count(counters_.expired, Error::kExpired);
    }
    return;
  }
  std::array<crypto::CountedText, crypto::kAeadBatch> memory;
  const auto texts = std::span(memory).first(run.size());
  for (std::size_t i = 0; i < run.size(); ++i) {
    texts[i].counter = TransportHeader::parse(run[i].datagram)->counter;
    texts[i].text = run[i].datagram.subspan(TransportHeader::kSize);
  }
  crypto::chacha20_poly1305_open_many(session->keys.receive.view(), texts);
  for (std::size_t i = 0; i < run.size(); ++i) {
    run[i].received = texts[i].authentic ? on_authentic(texts[i], from, now, seen)
                                         : count(counters_.bad_tags, Error::kBadTag);
  }
}

// A packet that the peer sealed in the session seen.index, decrypted.
Device::Outcome Device::on_authentic(crypto::CountedText& opened, const Endpoint& from, Instant now,
                                     Seen& seen) {
  using Place = Keypairs::Place;
  Peer& peer = memory_.peers[seen.slot];
  const MutBytes text = opened.text;
  Place place = peer.keypairs_.find(seen.index);
  if (!peer.keypairs_.at(place).may_receive(opened.counter, now)) {
    wipe(text);
    return count(counters_.expired, Error::kExpired);
  }
  if (place == Place::kNext) {  // nothing has come in it before
    on_confirmed(seen.slot, now);
    place = Place::kCurrent;
  }
  ReplayWindow window(replay_window(seen.slot, peer.keypairs_.window(place)),
                      peer.keypairs_.at(place).receive_counter);
  if (!window.accept(opened.counter)) {
    wipe(text);
    return count(counters_.replays, Error::kReplay);
  }

  const std::size_t size = text.size() - kTagSize;
  peer.on_received(kHeadroom + text.size(), from, now);
  if (place == Place::kCurrent) peer.on_late_session(now);
  const PeerId id = id_of(seen.slot);
  if (size == 0) {
    ++counters_.keepalives_received;
    reschedule(seen.slot);
    return Received{.meaning = Meaning::kNothing, .peer = id, .bytes = {}};
  }
  peer.on_data_received(now);
  reschedule(seen.slot);

  const auto ip = parse_ip(text.first(size));
  if (!ip) {
    wipe(text);
    return count(counters_.malformed_packets, ip.error());
  }
  if (seen.source_owner == kNoSlot || ip->source != seen.source) {
    seen.source = ip->source;
    seen.source_owner = allowed_ips_.find(ip->source);
  }
  if (seen.source_owner != seen.slot) {
    wipe(text);
    return count(counters_.wrong_sources, Error::kRefused);
  }
  ++counters_.packets_received;
  return Received{.meaning = Meaning::kPacket, .peer = id, .bytes = text.first(ip->size)};
}

// The peer has sent in the session that it initiated: so may we.
void Device::on_confirmed(std::uint32_t slot, Instant now) {
  Peer& peer = memory_.peers[slot];
  drop_indices(slot, peer.keypairs_.confirm_next());
  peer.on_handshake_complete(now);
  if (peer.staged_.count > 0) peer.timers_.arm(Timer::kSendStaged, now);
}

Result<PeerId> Device::route(Bytes ip_packet) const {
  const auto ip = TRY(parse_ip(ip_packet));
  const std::uint32_t slot = allowed_ips_.find(ip.destination);
  if (slot == kNoSlot) return Error::kNotFound;
  return id_of(slot);
}

Result<Sent> Device::send(PeerId id, std::span<Outgoing> packets, Instant now) {
  now = advance(now);
  const std::uint32_t slot = slot_of(id);
  if (slot == kNoSlot) return Error::kNotFound;
  Peer& peer = memory_.peers[slot];
  if (!has_private_key_ || !peer.endpoint_.known()) return Error::kOutOfOrder;
  for (Outgoing& packet : packets) {
    packet.datagram = {};
    if (packet.size == 0 || packet.size > kMaxPacketSize ||
        packet.buffer.size() < kHeadroom + padded(packet.size) + kTagSize) {
      return Error::kMalformed;
    }
  }

  Sent out{.to = peer.endpoint_};
  Keypair& session = peer.keypairs_.current();
  std::size_t bytes = 0;
  while (out.sealed < packets.size() && session.may_send(now)) {
    std::array<crypto::CountedText, crypto::kAeadBatch> texts;
    std::size_t framed = 0;
    for (; framed < texts.size() && out.sealed < packets.size() && session.may_send(now);
         ++framed, ++out.sealed) {
      Outgoing& packet = packets[out.sealed];
      texts[framed] = frame(session, packet.buffer, packet.size);
      packet.datagram = packet.buffer.first(kHeadroom + texts[framed].text.size());
      bytes += packet.datagram.size();
    }
    crypto::chacha20_poly1305_seal_many(session.keys.send.view(), std::span(texts).first(framed));
  }
  if (out.sealed > 0) {
    counters_.packets_sent += out.sealed;
    peer.on_sent(bytes, now);
    peer.on_data_sent(now);
  }
  for (const Outgoing& packet : packets.subspan(out.sealed)) {
    const std::size_t lost =
        staging_.push(peer.staged_, packet.buffer.subspan(kHeadroom, packet.size),
                      sealing_room(packet.size), options_.staged_per_peer);
    ++counters_.staged;
    counters_.staged_dropped += lost;
    out.dropped += lost;
    peer.want_handshake(Peer::Wish::kForPacket, now);
  }
  reschedule(slot);
  return out;
}

// Makes the packet of `size` bytes in `buffer` a datagram but for the sealing of
// what is returned. Size 0: a keepalive.
crypto::CountedText Device::frame(Keypair& session, MutBytes buffer, std::size_t size) const {
  const std::size_t padded_size = padded(size);
  const MutBytes datagram = buffer.first(kHeadroom + padded_size + kTagSize);
  const MutBytes padding = datagram.subspan(kHeadroom + size, padded_size - size);
  std::fill(padding.begin(), padding.end(), 0);
  const std::uint64_t counter = session.send_counter++;
  TransportHeader{.receiver = session.remote_index, .counter = counter}.write(
      datagram.first<TransportHeader::kSize>());
  return {.counter = counter, .text = datagram.subspan(kHeadroom)};
}

Bytes Device::seal(Keypair& session, MutBytes buffer, std::size_t size) const {
  const auto framed = frame(session, buffer, size);
  crypto::chacha20_poly1305_seal_many(session.keys.send.view(), std::span(&framed, 1));
  return buffer.first(kHeadroom + framed.text.size());
}

std::size_t Device::padded(std::size_t size) const {
  const std::size_t whole = (size + kPaddingMultiple - 1) / kPaddingMultiple * kPaddingMultiple;
  return std::min(whole, std::max<std::size_t>(size, options_.mtu));
}

std::span<std::uint32_t> Device::replay_window(std::uint32_t slot, std::size_t which) const {
  const std::size_t words = memory_.replay_windows.size() / (2 * memory_.peers.size());
  return memory_.replay_windows.subspan((2 * std::size_t{slot} + which) * words, words);
}

}  // namespace core::wg
