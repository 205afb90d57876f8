// Packets: sealed on their way out, opened on their way in.
#include "core/wg/device.h"
#include "core/wg/ip.h"
#include "core/wg/replay.h"

namespace core::wg {

struct Device::Seen {
  std::uint32_t index = 0, slot = kNoSlot;
  Keypair* session = nullptr;  // that of the index; nullptr: there is none
  IpAddress source;
  std::uint32_t source_owner = kNoSlot;
};

namespace {

// How many datagrams at the front are packets of one session, to be decrypted
// together.
std::size_t run_size(std::span<const Incoming> batch) {
  std::size_t count = 0;
  std::uint32_t receiver = 0;
  for (; count < std::min(batch.size(), crypto::kAeadBatch); ++count) {
    const auto* header = transport_header_in(batch[count].datagram);
    if (header == nullptr || (count > 0 && header->receiver.get() != receiver)) break;
    receiver = header->receiver.get();
  }
  return count;
}

}  // namespace

Result<Received> Device::receive(MutBytes datagram, const Endpoint& from, Instant now, Rng& rng) {
  advance(now);
  if (transport_header_in(datagram) == nullptr) return on_handshake(datagram, from, rng);
  Incoming one{.datagram = datagram};
  Seen seen;
  on_transport(std::span(&one, 1), from, seen);
  return one.received;
}

void Device::receive(std::span<Incoming> batch, const Endpoint& from, Instant now, Rng& rng) {
  advance(now);
  Seen seen;
  while (!batch.empty()) {
    const std::size_t count = run_size(batch);
    if (count > 0) {
      on_transport(batch.first(count), from, seen);
    } else {
      batch[0].received = on_handshake(batch[0].datagram, from, rng);
      seen = {};  // indices may have changed
    }
    batch = batch.subspan(std::max<std::size_t>(count, 1));
  }
}

// REQUIRES: run_size(run) == run.size() > 0
void Device::on_transport(std::span<Incoming> run, const Endpoint& from, Seen& seen) {
  const auto header_of = [](const Incoming& one) -> const TransportHeader& {
    return message_at<TransportHeader>(one.datagram.first<TransportHeader::kSize>());
  };
  const std::uint32_t index = header_of(run[0]).receiver.get();
  if (index != seen.index) {
    seen.index = index;
    seen.slot = receiver_indices_.find(index);
    seen.session = seen.slot == kNoSlot ? nullptr : memory_.peers[seen.slot].keypairs_.find(index);
    seen.source_owner = kNoSlot;
  }
  if (seen.session == nullptr || !seen.session->may_receive(0, now_)) {
    for (Incoming& one : run) {
      one.received = seen.session == nullptr ? count(counters_.unknown_indices, Error::kNotFound)
                                             : count(counters_.expired, Error::kExpired);
    }
    return;
  }
  std::array<crypto::CountedText, crypto::kAeadBatch> memory;
  const auto texts = std::span(memory).first(run.size());
  for (std::size_t i = 0; i < run.size(); ++i) {
    texts[i].counter = header_of(run[i]).counter.get();
    texts[i].text = run[i].datagram.subspan(TransportHeader::kSize);
  }
  crypto::chacha20_poly1305_open_many(seen.session->keys.receive.view(), texts);
  for (std::size_t i = 0; i < run.size(); ++i) {
    if (texts[i].authentic) {
      run[i].received = on_authentic(texts[i], from, seen);
    } else {
      run[i].received = count(counters_.bad_tags, Error::kBadTag);
    }
    if (!run[i].received) wipe(texts[i].text);
  }
}

// A packet that the peer sealed in seen.session, decrypted.
Device::Outcome Device::on_authentic(const crypto::CountedText& opened, const Endpoint& from,
                                     Seen& seen) {
  Peer& peer = memory_.peers[seen.slot];
  Keypair& session = *seen.session;
  if (!session.may_receive(opened.counter, now_)) {
    return count(counters_.expired, Error::kExpired);
  }
  if (peer.keypairs_.is_next(session)) {  // nothing has come in it before
    peer.keypairs_.confirm_next();
    peer.on_handshake_complete(now_);
    if (peer.staged_.count > 0) peer.timers_.arm(Timer::kSendStaged, now_);
  }
  const std::size_t words = memory_.replay_windows.size() / (2 * memory_.peers.size());
  const std::size_t place = 2 * std::size_t{seen.slot} + peer.keypairs_.window(session);
  ReplayWindow window(memory_.replay_windows.subspan(place * words, words),
                      session.receive_counter);
  if (!window.accept(opened.counter)) return count(counters_.replays, Error::kReplay);

  const Bytes packet = opened.text.first(opened.text.size() - kTagSize);
  peer.on_received(kHeadroom + opened.text.size(), from, now_);
  if (peer.keypairs_.is_current(session)) peer.on_late_session(now_);
  if (!packet.empty()) peer.on_data_received(now_);
  reschedule(seen.slot);
  Outcome out = Received{.meaning = Meaning::kNothing, .peer = id_of(seen.slot), .bytes = {}};
  if (packet.empty()) {
    count(counters_.keepalives_received);
    return out;
  }

  const auto ip = parse_ip(packet);
  if (!ip) {
    out = count(counters_.malformed_packets, Error::kMalformed);
    return out;
  }
  if (seen.source_owner == kNoSlot || ip->source != seen.source) {
    seen.source = ip->source;
    seen.source_owner = allowed_ips_.find(ip->source);
  }
  if (seen.source_owner != seen.slot) {
    out = count(counters_.wrong_sources, Error::kRefused);
    return out;
  }
  count(counters_.packets_received);
  out->meaning = Meaning::kPacket;
  out->bytes = opened.text.first(ip->size);
  return out;
}

Result<PeerId> Device::route(Bytes ip_packet) const {
  const auto ip = TRY(parse_ip(ip_packet));
  const std::uint32_t slot = allowed_ips_.find(ip.destination);
  if (slot == kNoSlot) return Error::kNotFound;
  return id_of(slot);
}

Result<Sent> Device::send(PeerId id, std::span<Outgoing> packets, Instant now) {
  advance(now);
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

  Result<Sent> out = Sent{};
  out->to = peer.endpoint_;
  std::size_t bytes = 0;
  out->sealed = seal(peer.keypairs_.current(), packets, bytes);
  if (out->sealed > 0) {
    counters_.packets_sent += out->sealed;
    peer.on_sent(bytes, now_);
    peer.on_data_sent(now_);
  }
  for (const Outgoing& packet : packets.subspan(out->sealed)) {
    const std::size_t lost =
        staging_.push(peer.staged_, packet.buffer.subspan(kHeadroom, packet.size),
                      sealing_room(packet.size), options_.staged_per_peer);
    count(counters_.staged);
    counters_.staged_dropped += lost;
    out->dropped += lost;
    peer.want_handshake(Peer::Wish::kForPacket, now_);
  }
  reschedule(slot);
  return out;
}

// Seals as many packets as the session may still send, which it returns, and
// adds the sizes of their datagrams to `bytes`.
std::size_t Device::seal(Keypair& session, std::span<Outgoing> packets, std::size_t& bytes) const {
  std::size_t sealed = 0;
  while (sealed < packets.size() && session.may_send(now_)) {
    std::array<crypto::CountedText, crypto::kAeadBatch> texts;
    std::size_t framed = 0;
    for (; framed < texts.size() && sealed < packets.size() && session.may_send(now_);
         ++framed, ++sealed) {
      Outgoing& packet = packets[sealed];
      texts[framed] = frame(session, packet.buffer, packet.size);
      packet.datagram = packet.buffer.first(kHeadroom + texts[framed].text.size());
      bytes += packet.datagram.size();
    }
    crypto::chacha20_poly1305_seal_many(session.keys.send.view(), std::span(texts).first(framed));
  }
  return sealed;
}

Bytes Device::seal(Keypair& session, MutBytes buffer, std::size_t size) const {
  Outgoing one{.buffer = buffer, .size = size};
  std::size_t bytes = 0;
  seal(session, std::span(&one, 1), bytes);
  return one.datagram;
}

// Makes the packet of `size` bytes in `buffer` a datagram but for the sealing of
// what is returned. Size 0: a keepalive.
crypto::CountedText Device::frame(Keypair& session, MutBytes buffer, std::size_t size) const {
  const std::size_t padded_size = padded(size);
  const MutBytes datagram = buffer.first(kHeadroom + padded_size + kTagSize);
  const MutBytes padding = datagram.subspan(kHeadroom + size, padded_size - size);
  std::fill(padding.begin(), padding.end(), 0);
  auto& header = message_at<TransportHeader>(datagram.first<TransportHeader::kSize>());
  header.type.set(MessageType::kTransport);
  header.receiver.set(session.remote_index);
  header.counter.set(session.send_counter);
  return {.counter = session.send_counter++, .text = datagram.subspan(kHeadroom)};
}

std::size_t Device::padded(std::size_t size) const {
  const std::size_t whole = (size + kPaddingMultiple - 1) / kPaddingMultiple * kPaddingMultiple;
  return std::min(whole, std::max<std::size_t>(size, options_.mtu));
}

}  // namespace core::wg
