// Packets: sealed on their way out, opened on their way in.
#include "core/wg/device.h"
#include "core/wg/ip.h"
#include "core/wg/replay.h"

namespace core::wg {

struct Device::Seen {
  std::uint32_t index = 0;
  Peer* peer = nullptr;        // that has the index
  Keypair* session = nullptr;  // that of the index; nullptr: there is none
};

namespace {

// Bytes of a packet with its padding, which never goes beyond `mtu`.
std::size_t padded(std::size_t size, std::size_t mtu) {
  const std::size_t whole = (size + kPaddingMultiple - 1) / kPaddingMultiple * kPaddingMultiple;
  return whole <= mtu ? whole : std::max(size, mtu);
}

// How many datagrams at the front are packets of one session, to be decrypted
// together.
std::size_t run_size(std::span<const Incoming> batch) {
  std::size_t count = 0;
  std::uint32_t receiver = 0;
  for (; count < std::min(batch.size(), crypto::kAeadBatch); ++count) {
    const MutBytes datagram = batch[count].datagram;
    if (!is_packet(datagram)) break;
    const std::uint32_t index = transport_header(datagram).receiver.get();
    if (count > 0 && index != receiver) break;
    receiver = index;
  }
  return count;
}

}  // namespace

Result<Received> Device::receive(MutBytes datagram, const Endpoint& from, Instant now, Rng& rng) {
  advance(now);
  Arrival arrival{from, rng};
  const Status done =
      is_packet(datagram) ? on_packet(datagram, arrival) : on_handshake(datagram, arrival);
  return outcome(done, arrival);
}

void Device::receive(std::span<Incoming> batch, const Endpoint& from, Instant now, Rng& rng) {
  advance(now);
  Seen seen;
  while (!batch.empty()) {
    const std::size_t count = run_size(batch);
    if (count > 0) {
      on_packets(batch.first(count), from, rng, seen);
    } else {
      batch[0].received = receive(batch[0].datagram, from, now, rng);
      seen = {};  // indices may have changed
    }
    batch = batch.subspan(std::max<std::size_t>(count, 1));
  }
}

// What the caller learns. Deadlines of the peer may be nearer now.
Result<Received> Device::outcome(Status done, const Arrival& arrival) {
  Result<Received> out = arrival.received;
  if (arrival.peer != nullptr) {
    reschedule(*arrival.peer);
    out->peer = id_of(*arrival.peer);
  }
  if (!done) out = done.error();
  return out;
}

// Finds the session of a receiver index, unless it was seen last.
Status Device::find_session(std::uint32_t index, Seen& seen) {
  if (index != seen.index) {
    seen.index = index;
    seen.peer = find_by_index(index);
    seen.session = seen.peer == nullptr ? nullptr : seen.peer->keypairs_.find(index);
  }
  if (seen.session == nullptr) return count(counters_.unknown_indices, Error::kNotFound);
  if (!seen.session->may_receive(0, now_)) return count(counters_.expired, Error::kExpired);
  return {};
}

// REQUIRES: is_packet(datagram)
Status Device::on_packet(MutBytes datagram, Arrival& arrival) {
  const auto& header = transport_header(datagram);
  Seen seen;
  TRY(find_session(header.receiver.get(), seen));
  const crypto::CountedText packet{.counter = header.counter.get(),
                                   .text = datagram.subspan(TransportHeader::kSize)};
  if (!crypto::chacha20_poly1305_open(seen.session->keys.receive.view(), packet.counter, {},
                                      packet.text)) {
    return count(counters_.bad_tags, Error::kBadTag);
  }
  const auto done = on_authentic(packet, seen, arrival);
  if (!done) wipe(packet.text);
  return done;
}

// The same for packets of one session. REQUIRES: run_size(run) == run.size() > 0
void Device::on_packets(std::span<Incoming> run, const Endpoint& from, Rng& rng, Seen& seen) {
  std::array<crypto::CountedText, crypto::kAeadBatch> memory;
  const auto texts = std::span(memory).first(run.size());
  Status found;
  for (std::size_t i = 0; i < run.size(); ++i) {
    const auto& header = transport_header(run[i].datagram);
    found = find_session(header.receiver.get(), seen);
    if (!found) run[i].received = found.error();
    texts[i].counter = header.counter.get();
    texts[i].text = run[i].datagram.subspan(TransportHeader::kSize);
  }
  if (!found) return;  // nor any of the others
  crypto::chacha20_poly1305_open_many(seen.session->keys.receive.view(), texts);
  for (std::size_t i = 0; i < run.size(); ++i) {
    Arrival arrival{from, rng};
    const Status done = texts[i].authentic ? on_authentic(texts[i], seen, arrival)
                                           : count(counters_.bad_tags, Error::kBadTag);
    if (!done) wipe(texts[i].text);
    run[i].received = outcome(done, arrival);
  }
}

// A packet that the peer sealed in seen.session, decrypted.
Status Device::on_authentic(const crypto::CountedText& opened, const Seen& seen, Arrival& arrival) {
  Peer& peer = *seen.peer;
  Keypair& session = *seen.session;
  if (!session.may_receive(opened.counter, now_)) {
    return count(counters_.expired, Error::kExpired);
  }
  arrival.peer = &peer;
  if (peer.keypairs_.is_next(session)) {  // nothing has come in it before
    peer.keypairs_.confirm_next();
    peer.on_handshake_complete(now_);
    if (peer.staged_.count > 0) peer.timers_.arm(Timer::kSendStaged, now_);
  }
  const std::uint32_t slot = slot_of(peer);
  const std::size_t place = 2 * std::size_t{slot} + peer.keypairs_.window(session);
  ReplayWindow window(replay_windows_.subspan(place * window_words_).first(window_words_),
                      session.receive_counter);
  if (!window.accept(opened.counter)) return count(counters_.replays, Error::kReplay);

  const Bytes packet = opened.text.first(opened.text.size() - kTagSize);
  peer.on_received(kHeadroom + opened.text.size(), arrival.from, now_);
  if (peer.keypairs_.is_current(session)) peer.on_late_session(now_);
  if (!packet.empty()) peer.on_data_received(now_);
  if (packet.empty()) {
    count(counters_.keepalives_received);
    return {};
  }

  const auto ip = parse_ip(packet);
  if (!ip) return count(counters_.malformed_packets, ip.error());
  if (allowed_ips_.find(ip->source) != slot) return count(counters_.wrong_sources, Error::kRefused);
  count(counters_.packets_received);
  arrival.received.meaning = Meaning::kPacket;
  arrival.received.bytes = opened.text.first(ip->size);
  return {};
}

Result<PeerId> Device::route(Bytes ip_packet) const {
  const auto ip = parse_ip(ip_packet);
  if (!ip) return ip.error();
  const std::uint32_t slot = allowed_ips_.find(ip->destination);
  if (slot == kNoSlot) return Error::kNotFound;
  return PeerId{slot, peers_[slot].generation_};
}

Result<Sent> Device::send(PeerId id, std::span<Outgoing> packets, Instant now) {
  advance(now);
  Peer* const known = find(id);
  if (known == nullptr) return Error::kNotFound;
  Peer& peer = *known;
  if (!has_private_key_ || !peer.endpoint_.known()) return Error::kOutOfOrder;
  for (Outgoing& packet : packets) {
    packet.datagram = {};
    if (packet.size == 0 || packet.size > kMaxPacketSize ||
        packet.buffer.size() < kHeadroom + padded(packet.size, options_.mtu) + kTagSize) {
      return Error::kMalformed;
    }
  }

  const std::size_t sealed = seal(peer, packets);
  if (sealed > 0) {
    count(counters_.packets_sent, sealed);
    peer.on_data_sent(now_);
  }
  const auto rest = packets.subspan(sealed);
  std::size_t dropped = 0;
  for (const Outgoing& packet : rest) {
    dropped += staging_.push(peer.staged_, packet.buffer.subspan(kHeadroom).first(packet.size),
                             sealing_room(packet.size), options_.staged_per_peer);
  }
  if (!rest.empty()) {
    count(counters_.staged, rest.size());
    count(counters_.staged_dropped, dropped);
    peer.want_handshake(Peer::Wish::kForPacket, now_);
  }
  reschedule(peer);
  return Sent{.sealed = sealed, .dropped = dropped, .to = &peer.endpoint_};
}

// Seals as many packets as the current session may still send, which it returns.
// Size 0: a keepalive.
std::size_t Device::seal(Peer& peer, std::span<Outgoing> packets) {
  Keypair& session = peer.keypairs_.current();
  const View<32> key = session.keys.send.view();
  std::array<crypto::CountedText, crypto::kAeadBatch> texts;
  std::size_t sealed = 0, bytes = 0;
  for (Outgoing& packet : packets) {
    if (!session.may_send(now_)) break;
    const std::size_t padded_size = padded(packet.size, options_.mtu);
    const MutBytes datagram = packet.buffer.first(kHeadroom + padded_size + kTagSize);
    wipe(datagram.subspan(kHeadroom + packet.size).first(padded_size - packet.size));
    auto& header = transport_header(datagram);
    header.type.set(MessageType::kTransport);
    header.receiver.set(session.remote_index);
    header.counter.set(session.send_counter);
    packet.datagram = datagram;
    bytes += datagram.size();
    crypto::CountedText& text = texts[sealed % texts.size()];
    text.counter = session.send_counter++;
    text.text = datagram.subspan(kHeadroom);
    if (++sealed % texts.size() == 0) crypto::chacha20_poly1305_seal_many(key, texts);
  }
  crypto::chacha20_poly1305_seal_many(key, std::span(texts).first(sealed % texts.size()));
  if (sealed > 0) peer.on_sent(bytes, now_);
  return sealed;
}

}  // namespace core::wg
