#include "ports/linux/wg/gateway.h"

#include "ports/linux/wg/mss_clamp.h"

namespace ports::linux_os::wg {
namespace {

using core::wg::Family;

// DSCP AF41 for handshakes, and nothing for packets: an observer must not see
// the inner class. Spec: docs/spec/wg-uapi.md outer headers.
constexpr std::uint8_t kHandshakeClass = 0x88;
constexpr std::uint8_t kTransportType = 4;
constexpr std::size_t kMaxReads = 64;
constexpr std::uint16_t kMinClampMtu = 576;

std::uint8_t class_of(core::Bytes datagram) {
  return datagram[0] == kTransportType ? 0 : kHandshakeClass;
}

}  // namespace

Outcome<std::unique_ptr<Gateway>> Gateway::make(Tun tun, core::Rng& rng) {
  const auto hash_key = rng.draw<32>();
  if (!hash_key) return Problem{ProblemKind::kInternal, "No randomness to be had.", {}};
  std::unique_ptr<Gateway> gateway(new Gateway(std::move(tun), rng, hash_key->view()));
  return gateway;
}

Gateway::Gateway(Tun tun, core::Rng& rng, core::View<32> hash_key)
    : tun_(std::move(tun)),
      rng_(rng),
      memory_(hash_key),
      batch_(new std::uint8_t[kBatchSize]),
      outbox_(new UdpOutbox),
      to_host_(new Coalescer(tun_.join())),
      handshakes_(new HandshakeQueue) {}

// --- From the host to the network ---

Life Gateway::take_from_host(core::Instant now) {
  // One read if packets come singly, more if they wait in a queue: so that the
  // read that finds nothing is rare.
  std::size_t reads = 0;
  bool drained = false;
  while (reads < read_limit_ && outgoing_count_ + kMaxSegments <= kMaxOutgoing &&
         batch_used_ + kReadRoom <= kBatchSize) {
    VnetHeader header;
    std::size_t size = 0;
    const core::MutBytes room(&batch_[batch_used_], kReadRoom);
    const auto read = tun_.read(room.subspan(core::wg::kHeadroom), header, size);
    if (read == Tun::Read::kGone) return Life::kEnds;
    drained = read == Tun::Read::kNothing;
    if (drained) break;
    ++reads;
    if (!take_packet(room, size, header, now)) ++counters_.malformed;
  }
  read_limit_ = drained ? std::max<std::size_t>(reads, 1) : std::min(2 * read_limit_, kMaxReads);
  seal_and_send(now);
  do_due(now);
  return life_;
}

// `room` begins with headroom, then the packet as it was read.
bool Gateway::take_packet(core::MutBytes room, std::size_t size, const VnetHeader& header,
                          core::Instant now) {
  const auto packet = room.subspan(core::wg::kHeadroom, size);
  const auto plan = plan_segments(header, packet);
  if (!plan || plan->count > kMaxSegments || size == 0) return false;
  const auto peer = device().route(packet);
  if (!peer) {
    const bool malformed = peer.error() == core::Error::kMalformed;
    if (malformed) return false;
    ++counters_.unroutable;
    tell_unreachable(packet, now);
    return true;
  }
  const std::size_t stride = core::wg::sealing_room(plan->size);
  if (plan->count * stride > room.size()) return false;
  cut_segments(*plan, header, room.subspan(core::wg::kHeadroom), size, stride);
  if (plan->protocol == 0) clamp_mss(packet, std::max(link_.mtu, kMinClampMtu));
  const Ecn mark = outer_ecn(packet);
  if (group_count_ > 0 && groups_[group_count_ - 1].peer == *peer) {
    groups_[group_count_ - 1].count += plan->count;
  } else {
    groups_[group_count_++] = {*peer, outgoing_count_, plan->count};
  }
  for (std::size_t k = 0; k < plan->count; ++k) {
    marks_[outgoing_count_] = mark;
    outgoing_[outgoing_count_++] = {.buffer = room.subspan(k * stride, stride),
                                    .size = plan->size_of(k)};
  }
  batch_used_ += plan->count * stride;
  return true;
}

void Gateway::seal_and_send(core::Instant now) {
  for (std::size_t g = 0; g < group_count_; ++g) {
    const Group& group = groups_[g];
    const auto packets = std::span(outgoing_).subspan(group.first, group.count);
    const auto sent = device().send(group.peer, packets, now);
    if (!sent) {
      counters_.not_sent += group.count;
      const core::wg::Outgoing& first = packets.front();
      tell_unreachable(first.buffer.subspan(core::wg::kHeadroom, first.size), now);
      continue;
    }
    counters_.not_sent += sent->dropped;
    for (std::size_t i = 0; i < sent->sealed; ++i) {
      if (outbox_->full()) flush_outbox();
      outbox_->add(packets[i].datagram, *sent->to, group.peer,
                   static_cast<std::uint8_t>(marks_[group.first + i]));
    }
  }
  flush_outbox();
  outgoing_count_ = group_count_ = batch_used_ = 0;
}

void Gateway::flush_outbox() {
  outbox_->flush(sockets_);
  for (const UdpOutbox::Failure& failure : outbox_->failures()) {
    if (failure.size == 0) (void)device().clear_source(failure.peer);
    device().note_unsent(failure.peer, failure.size);
  }
}

void Gateway::do_due(core::Instant now) {
  if (link_.up == LinkState::Up::kNo) return;
  do_handshakes(now);
  core::ByteArray<core::wg::kMaxPollSize> out;
  for (std::size_t i = 0; i < kMaxDuePerCall && device().next_deadline().at <= now; ++i) {
    const auto due = device().poll(now, wall_now(), rng_, out);
    if (!due || !*due) continue;
    const core::wg::ToSend& send = **due;
#ifdef GINNEL_KEYLOG
    if (keylog_ != nullptr) keylog_->note(device(), send.peer, send.datagram);
#endif
    outbox_->add(send.datagram, *send.to, send.peer, class_of(send.datagram));
    flush_outbox();
  }
}

// --- From the network to the host ---

Life Gateway::take_from_network(Family family, core::Instant now) {
  const UdpSocket* socket = sockets_.of(family);
  if (socket == nullptr) return life_;
  // A flood of handshakes is taken off the socket quickly, so that what comes
  // behind it is not late.
  for (std::size_t i = 0; i < kMaxReceives; ++i) {
    socket->receive(inbox_);
    Seen seen = Seen::kHandshakesOnly;
    for (Arrived& arrived : inbox_.arrived()) {
      if (open_arrived(arrived, now) == Seen::kPackets) seen = Seen::kPackets;
    }
    write_to_host();
    if (seen == Seen::kPackets || !inbox_.full()) break;
  }
  do_due(now);
  return life_;
}

Gateway::Seen Gateway::open_arrived(Arrived& arrived, core::Instant now) {
  Seen seen = Seen::kHandshakesOnly;
  core::MutBytes rest = arrived.bytes;
  std::size_t count = 0;
  while (!rest.empty()) {
    const auto datagram = rest.first(std::min(arrived.datagram_size, rest.size()));
    rest = rest.subspan(datagram.size());
    if (datagram[0] != kTransportType) {
      handshakes_->push(datagram, arrived.from);
      continue;
    }
    seen = Seen::kPackets;
    incoming_[count++] = {.datagram = datagram};
    if (count < incoming_.size()) continue;
    open_packets(incoming_, arrived, now);
    count = 0;
  }
  open_packets(std::span(incoming_).first(count), arrived, now);
  return seen;
}

void Gateway::open_packets(std::span<core::wg::Incoming> batch, const Arrived& arrived,
                           core::Instant now) {
  if (batch.empty()) return;
  device().receive(batch, arrived.from, now, rng_);
  for (core::wg::Incoming& one : batch) {
    if (one.received && one.received->meaning == core::wg::Meaning::kPacket) {
      deliver(one.received->bytes, arrived.ecn);
    }
  }
}

void Gateway::do_handshakes(core::Instant now) {
  if (handshakes_->size() >= HandshakeQueue::kLoad) device().note_overload(now);
  for (std::size_t i = 0; i < kMaxHandshakesPerCall && !handshakes_->empty(); ++i) {
    HandshakeQueue::Waiting& waiting = handshakes_->pop();
    const auto datagram = core::MutBytes(waiting.bytes).first(waiting.size);
    const auto received = device().receive(datagram, waiting.from, now, rng_);
    if (!received || received->meaning != core::wg::Meaning::kReply) continue;
#ifdef GINNEL_KEYLOG
    if (keylog_ != nullptr) keylog_->note(device(), received->peer, received->bytes);
#endif
    outbox_->add(received->bytes, waiting.from, received->peer, kHandshakeClass);
    if (outbox_->full()) flush_outbox();
  }
  flush_outbox();
}

void Gateway::deliver(core::MutBytes packet, Ecn outer) {
  if (carry_ecn_inside(outer, packet) == Deliver::kNo) {
    ++counters_.congested;
    return;
  }
  clamp_mss(packet, std::max(link_.mtu, kMinClampMtu));
  if (to_host_->full()) write_to_host();
  to_host_->add(packet);
}

void Gateway::write_to_host() {
  while (true) {
    const auto pieces = to_host_->next();
    if (pieces.empty()) return;
    write(pieces);
  }
}

void Gateway::write(std::span<const iovec> header_and_pieces) {
  const auto written = tun_.write(header_and_pieces);
  if (written == Tun::Write::kGone) life_ = Life::kEnds;
  if (written == Tun::Write::kDropped) ++counters_.host_refused;
}

void Gateway::tell_unreachable(core::Bytes packet, core::Instant now) {
  const auto message = unreachable_.message_about(packet, now);
  if (message.empty()) return;
  VnetHeader header;
  const std::array<iovec, 2> pieces{iovec{&header, sizeof header},
                                    iovec{message.data(), message.size()}};
  write(pieces);
}

// --- Configuration ---

Done Gateway::open_sockets(std::uint16_t port) {
  UdpSockets fresh;
  fresh.segments = sockets_.segments;
  // A port that is free for IPv4 may be taken for IPv6: then another is tried.
  for (int tries = 0;; ++tries) {
    auto v4 = UdpSocket::open(Family::kIpv4, port, mark_);
    if (!v4 && v4.error().kind != ProblemKind::kNetwork) return v4.error();
    if (v4) fresh.v4 = std::make_unique<UdpSocket>(*std::move(v4));
    auto v6 = UdpSocket::open(Family::kIpv6, fresh.v4 ? fresh.v4->port() : port, mark_);
    if (v6) fresh.v6 = std::make_unique<UdpSocket>(*std::move(v6));
    if (v6 || (v6.error().kind == ProblemKind::kNetwork && fresh.v4)) break;
    const bool again = port == 0 && v6.error().kind == ProblemKind::kBusy && tries < 100;
    if (!again) return v6.error();
  }
  port_ = fresh.v4 ? fresh.v4->port() : fresh.v6->port();
  sockets_ = std::move(fresh);
  ++sockets_made_;
  return {};
}

Done Gateway::set_listen_port(std::uint16_t port) {
  if (link_.up == LinkState::Up::kYes) {
    const bool same = port != 0 && port == port_ && (sockets_.v4 || sockets_.v6);
    if (!same) {
      // Our own sockets must not be in the way of a port that we have.
      TRY(open_sockets(port));
    }
  } else {
    port_ = port;
  }
  port_is_chosen_ = port != 0;
  return {};
}

Done Gateway::set_mark(std::uint32_t mark) {
  if (mark == mark_) return {};
  if (sockets_.v4) TRY(sockets_.v4->set_mark(mark));
  if (sockets_.v6) TRY(sockets_.v6->set_mark(mark));
  mark_ = mark;
  forget_sources();
  return {};
}

void Gateway::forget_sources() {
  for (auto peer = device().first_peer(); peer; peer = device().next_peer(*peer)) {
    (void)device().clear_source(*peer);
  }
}

Done Gateway::follow_link(const LinkState& state, core::Instant now) {
  const bool was_up = link_.up == LinkState::Up::kYes, is_up = state.up == LinkState::Up::kYes;
  link_ = state;
  device().set_mtu(state.mtu);
  if (was_up == is_up) return {};
  if (!is_up) {
    sockets_.v4.reset();
    sockets_.v6.reset();
    ++sockets_made_;
    if (!port_is_chosen_) port_ = 0;
    for (auto peer = device().first_peer(); peer; peer = device().next_peer(*peer)) {
      (void)device().reset_peer(*peer);
    }
    return {};
  }
  TRY(open_sockets(port_));
  for (auto peer = device().first_peer(); peer; peer = device().next_peer(*peer)) {
    const std::uint16_t interval_s = device().status(*peer)->persistent_keepalive_s;
    if (interval_s == 0) continue;
    (void)device().set_persistent_keepalive(*peer, 0, now);
    (void)device().set_persistent_keepalive(*peer, interval_s, now);
  }
  return {};
}

core::Result<core::wg::PeerId> Gateway::add_peer(core::View<32> public_key) {
  auto added = device().add_peer(public_key);
  if (added || added.error() != core::Error::kFull || !memory_.grow_peers()) return added;
  return device().add_peer(public_key);
}

core::Status Gateway::add_allowed_ip(core::wg::PeerId peer, const core::wg::Prefix& prefix) {
  const auto added = device().add_allowed_ip(peer, prefix);
  if (added || added.error() != core::Error::kFull || !memory_.grow_prefixes()) return added;
  return device().add_allowed_ip(peer, prefix);
}

}  // namespace ports::linux_os::wg
