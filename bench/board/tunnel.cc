// Two ends of a tunnel: the handshake in both roles, packets in both directions.
#include "bench/board/report.h"
#include "bench/board/sequence.h"
#include "core/crypto/x25519.h"
#include "core/wg/device.h"

namespace bench::board {
namespace {

using namespace core;
using namespace core::wg;

constexpr std::size_t kPacketSize = 1000;
constexpr WallTime kWall{1'700'000'000'000};

using Storage = DeviceStorage<2, 4, 2, 256>;
ByteArray<sealing_room(kPacketSize)> g_buffer;
ByteArray<kMaxPollSize> g_wire;

IpAddress address(std::uint8_t first, std::uint8_t last) {
  return IpAddress::v4(ByteArray<4>{first, 0, 0, last});
}

struct End {
  End(Storage& storage, std::uint8_t number)
      : rng(number),
        device(storage.memory(), {.staged_per_peer = 2}, rng.draw<32>()->view()),
        inner(address(10, number)),
        outer{.address = address(192, number), .port = 51820} {
    device.set_private_key(crypto::x25519_private(rng.draw<32>()->view()));
    device.floor_stored(kNoFloor);
  }
  void add(const End& other) {
    const auto peer = device.add_peer(other.device.public_key());
    must(peer.ok() && device.add_allowed_ip(*peer, {other.inner, 32}).ok() &&
             device.set_endpoint(*peer, other.outer).ok(),
         "a peer");
  }

  Sequence rng;
  Device device;
  IpAddress inner;
  Endpoint outer;
};

// An IPv4 packet from one end to the other, in g_buffer where it can be sealed.
Outgoing packet(const End& from, const End& to) {
  g_buffer.fill(0x5a);
  const MutBytes ip = MutBytes(g_buffer).subspan(kHeadroom, kPacketSize);
  std::fill_n(ip.begin(), 20, std::uint8_t{0});
  ip[0] = 0x45;
  ip[2] = kPacketSize >> 8;
  ip[3] = kPacketSize & 0xff;
  copy(from.inner.view(), ip.subspan(12));
  copy(to.inner.view(), ip.subspan(16));
  return {.buffer = g_buffer, .size = kPacketSize};
}

// What a datagram of `from` in `wire` means to the other end.
Received receive(Report& report, const char* what, End& at, MutBytes wire, const End& from,
                 Instant now) {
  auto received = Result<Received>(Error::kNotFound);
  report.measure(what, [&] { received = at.device.receive(wire, from.outer, now, at.rng); });
  must(received.ok(), what);
  return *received;
}

MutBytes in_wire(Bytes datagram) {
  copy(datagram, g_wire);
  return MutBytes(g_wire).first(datagram.size());
}

// Alice initiates; the packet for which she does so waits and goes last.
void run_handshake(Report& report, Transcript& transcript, End& alice, End& bob, Instant now) {
  Outgoing first = packet(alice, bob);
  const auto to_bob = alice.device.route(first.buffer.subspan(kHeadroom, first.size));
  must(to_bob.ok(), "a route");
  const auto sent = alice.device.send(*to_bob, std::span(&first, 1), now);
  must(sent.ok() && sent->sealed == 0 && sent->dropped == 0, "a packet that waits");

  auto polled = Result<std::optional<ToSend>>(Error::kNotFound);
  report.measure("tunnel: write an initiation",
                 [&] { polled = alice.device.poll(now, kWall, alice.rng, g_wire); });
  must(polled.ok() && polled->has_value(), "an initiation");
  transcript.add((*polled)->datagram);
  const MutBytes initiation = MutBytes(g_wire).first((*polled)->datagram.size());
  const auto response =
      receive(report, "tunnel: answer an initiation", bob, initiation, alice, now);
  must(response.meaning == Meaning::kReply, "a response");
  transcript.add(response.bytes);
  receive(report, "tunnel: take a response", alice, in_wire(response.bytes), bob, now);

  polled = alice.device.poll(now, kWall, alice.rng, g_wire);
  must(polled.ok() && polled->has_value(), "the packet that waited");
  transcript.add((*polled)->datagram);
  copy((*polled)->datagram, g_buffer);
  const auto opened = receive(report, "tunnel: open the first packet, 1000 bytes", bob,
                              MutBytes(g_buffer).first((*polled)->datagram.size()), alice, now);
  must(opened.meaning == Meaning::kPacket && opened.bytes.size() == kPacketSize, "its packet");
}

void run_packet(Report& report, Transcript& transcript, End& from, End& to, Instant now) {
  Outgoing one = packet(from, to);
  const auto before = packet(from, to).buffer;
  auto sent = Result<Sent>(Error::kNotFound);
  report.measure("tunnel: route and seal, 1000 bytes", [&] {
    const auto peer = from.device.route(before.subspan(kHeadroom, kPacketSize));
    if (peer) sent = from.device.send(*peer, std::span(&one, 1), now);
  });
  must(sent.ok() && sent->sealed == 1, "a sealed packet");
  transcript.add(one.datagram);
  const auto opened = receive(report, "tunnel: open, 1000 bytes", to,
                              MutBytes(g_buffer).first(one.datagram.size()), from, now);
  must(opened.meaning == Meaning::kPacket && opened.bytes.size() == kPacketSize, "its packet");
  transcript.add(opened.bytes);
}

}  // namespace

void run_tunnel(Report& report, Transcript& transcript) {
  static Storage alice_storage, bob_storage;  // a board makes no globals that need code
  End alice(alice_storage, 1), bob(bob_storage, 2);
  alice.add(bob);
  bob.add(alice);
  const Instant now{1'000'000};
  run_handshake(report, transcript, alice, bob, now);
  for (int i = 0; i < 4; ++i) {
    run_packet(report, transcript, alice, bob, now + i);
    run_packet(report, transcript, bob, alice, now + i);
  }
}

}  // namespace bench::board
