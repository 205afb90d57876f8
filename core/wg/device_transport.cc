// Packets: sealed on their way out, opened on their way in.
#include "core/crypto/aead.h"
#include "core/crypto/words.h"
#include "core/wg/device.h"
#include "core/wg/ip.h"
#include "core/wg/replay.h"

namespace core::wg {
namespace {

// Spec: [WG] 5.4.6: 32 zero bits, then the counter.
ByteArray<12> nonce_of(std::uint64_t counter) {
  ByteArray<12> out{};
  crypto::store_u64_le(counter, MutView<12>(out).last<8>());
  return out;
}

}  // namespace

Result<Received> Device::receive(MutBytes datagram, const Endpoint& from, Instant now, Rng& rng) {
  Seen seen;
  return receive_one(datagram, from, advance(now), rng, seen);
}

void Device::receive(std::span<Incoming> batch, const Endpoint& from, Instant now, Rng& rng) {
  now = advance(now);
  Seen seen;
  for (Incoming& one : batch) one.received = receive_one(one.datagram, from, now, rng, seen);
}

Device::Outcome Device::receive_one(MutBytes datagram, const Endpoint& from, Instant now, Rng& rng,
                                    Seen& seen) {
  const auto type = message_type(datagram);
  if (!type) return count(counters_.malformed, type.error());
  if (*type == MessageType::kTransport) return on_transport(datagram, from, now, seen);
  seen = {};  // indices may change
  if (*type == MessageType::kCookieReply) return on_cookie_reply(datagram, now);
  return on_handshake(*type, datagram, from, now, rng);
}

Device::Outcome Device::on_transport(MutBytes datagram, const Endpoint& from, Instant now,
                                     Seen& seen) {
  using Place = Keypairs::Place;
  const auto header = TransportHeader::parse(datagram);
  if (!header) return count(counters_.malformed, header.error());
  if (header->receiver != seen.index) {
    seen = {};
    seen.index = header->receiver;
    seen.slot = receiver_indices_.find(header->receiver);
  }
  if (seen.slot == kNoSlot) return count(counters_.unknown_indices, Error::kNotFound);
  Peer& peer = memory_.peers[seen.slot];
  Place place = peer.keypairs_.find(header->receiver);
  if (place == Place::kNone) return count(counters_.unknown_indices, Error::kNotFound);
  const Keypair& session = peer.keypairs_.at(place);
  if (!session.may_receive(header->counter, now)) return count(counters_.expired, Error::kExpired);

  const MutBytes text = datagram.subspan(TransportHeader::kSize);
  const auto size = crypto::chacha20_poly1305_open(session.keys.receive.view(),
                                                   nonce_of(header->counter), {}, text);
  if (!size) return count(counters_.bad_tags, size.error());
  if (place == Place::kNext) {  // nothing has come in it before
    on_confirmed(seen.slot, now);
    place = Place::kCurrent;
  }
  ReplayWindow window(replay_window(seen.slot, peer.keypairs_.window(place)),
                      peer.keypairs_.at(place).receive_counter);
  if (!window.accept(header->counter)) {
    wipe(text);
    return count(counters_.replays, Error::kReplay);
  }

  peer.on_received(datagram.size(), from, now);
  if (place == Place::kCurrent) peer.on_late_session(now);
  const PeerId id = id_of(seen.slot);
  if (*size == 0) {
    ++counters_.keepalives_received;
    reschedule(seen.slot);
    return Received{.meaning = Meaning::kNothing, .peer = id, .bytes = {}};
  }
  peer.on_data_received(now);
  reschedule(seen.slot);

  const auto ip = parse_ip(text.first(*size));
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
  for (; out.sealed < packets.size() && session.may_send(now); ++out.sealed) {
    Outgoing& packet = packets[out.sealed];
    packet.datagram = seal(session, packet.buffer, packet.size);
    bytes += packet.datagram.size();
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

// Makes the packet of `size` bytes in `buffer` a datagram. Size 0: a keepalive.
Bytes Device::seal(Keypair& session, MutBytes buffer, std::size_t size) const {
  const std::size_t padded_size = padded(size);
  const MutBytes datagram = buffer.first(kHeadroom + padded_size + kTagSize);
  const MutBytes padding = datagram.subspan(kHeadroom + size, padded_size - size);
  std::fill(padding.begin(), padding.end(), 0);
  const std::uint64_t counter = session.send_counter++;
  TransportHeader{.receiver = session.remote_index, .counter = counter}.write(
      datagram.first<TransportHeader::kSize>());
  crypto::chacha20_poly1305_seal(session.keys.send.view(), nonce_of(counter), {},
                                 datagram.subspan(kHeadroom));
  return datagram;
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
