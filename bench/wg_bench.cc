// The tunnel's core in one thread, with 1 and with 100,000 peers.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "core/wg/device.h"
#include "ports/fake/rng.h"

namespace core::wg {
namespace {

using benchmark::State;

// A device and its memory.
struct Node {
  Node(std::size_t count, std::uint8_t number)
      : rng(number),
        peers(count),
        schedule(count),
        receiver_indices(table_size(4 * count)),
        public_keys(table_size(count)),
        windows(2 * count * 64),
        nodes(4 * count),
        lists(count),
        recent(4096),
        bytes(64 * sealing_room(1420)),
        slots(64),
        rates(64),
        device({.peers = peers,
                .schedule = schedule,
                .receiver_indices = receiver_indices,
                .public_keys = public_keys,
                .replay_windows = windows,
                .allowed_ips = nodes,
                .allowed_ip_lists = lists,
                .recent_addresses = recent,
                .staged_bytes = bytes,
                .staged_slots = slots,
                .rate_limits = rates},
               {.handshakes_per_s = 1'000'000'000}, ByteArray<32>{number}) {
    device.set_private_key(*rng.draw<32>());
    device.floor_stored(kNoFloor);
    endpoint.address = address(number);
    endpoint.port = 1;
  }
  static IpAddress address(std::uint32_t n) {
    return IpAddress::v4(ByteArray<4>{10, static_cast<std::uint8_t>(n >> 16),
                                      static_cast<std::uint8_t>(n >> 8),
                                      static_cast<std::uint8_t>(n)});
  }
  PeerId add(View<32> key, const Endpoint& there, std::uint32_t n) {
    const PeerId peer = *device.add_peer(key);
    CHECK(device.set_endpoint(peer, there).ok());
    CHECK(device.add_allowed_ip(peer, {address(n), 32}).ok());
    return peer;
  }
  ports::fake::FakeRng rng;
  std::vector<Peer> peers;
  std::vector<Schedule::Entry> schedule;
  std::vector<IndexTable::Entry> receiver_indices, public_keys;
  std::vector<std::uint32_t> windows;
  std::vector<AllowedIps::Node> nodes;
  std::vector<std::uint32_t> lists;
  std::vector<AllowedIps::Recent> recent;
  std::vector<std::uint8_t> bytes;
  std::vector<StagedSlot> slots;
  std::vector<RateLimiter::Entry> rates;
  Device device;
  Endpoint endpoint;
};

// `count` peers each; the two know each other.
struct Two {
  explicit Two(std::size_t count) : a(count, 1), b(count, 2) {
    for (std::uint32_t i = 3; i < count + 2; ++i) {
      ByteArray<32> key{static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8),
                        static_cast<std::uint8_t>(i >> 16), 1};
      a.add(key, b.endpoint, i);
      b.add(key, a.endpoint, i);
    }
    to_b = a.add(b.device.public_key(), b.endpoint, 2);
    to_a = b.add(a.device.public_key(), a.endpoint, 1);
    CHECK(a.device.set_persistent_keepalive(to_b, 60'000, now).ok());
    shake_hands();
  }
  // Polls `from` until it has something for the other, which gets it.
  void pass(Node& from, Node& to) {
    while (from.device.next_deadline().at <= now) {
      const auto sent = from.device.poll(now, {}, from.rng, room);
      if (!sent || !*sent) continue;
      const auto reply = to.device.receive(MutBytes(room).first((**sent).datagram.size()),
                                           from.endpoint, now, to.rng);
      CHECK(reply.ok());
      if (reply->meaning != Meaning::kReply) continue;
      CHECK(from.device.receive(reply->bytes, to.endpoint, now, from.rng).ok());
    }
  }
  void shake_hands() { pass(a, b); }

  Node a, b;
  PeerId to_a, to_b;
  Instant now{1'000'000};
  ByteArray<kMaxPollSize> room{};
};

// Both ends, from the wish to the confirmation.
void handshake(State& state) {
  Two two(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    two.now = two.now + 600'000;  // all sessions are over
    CHECK(two.a.device.set_persistent_keepalive(two.to_b, 0, two.now).ok());
    CHECK(two.a.device.set_persistent_keepalive(two.to_b, 60'000, two.now).ok());
    two.shake_hands();
  }
  CHECK(two.b.device.counters().initiations_received >=
        static_cast<std::uint64_t>(state.iterations()));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(handshake)->Arg(1)->Arg(100'000)->Unit(benchmark::kMicrosecond);

// Packets of range(0) bytes, range(2) at a time, sealed by one device and opened
// by the other, found by their addresses and indices among range(1) peers.
void seal_and_open(State& state) {
  Two two(static_cast<std::size_t>(state.range(1)));
  const auto size = static_cast<std::size_t>(state.range(0));
  const auto count = static_cast<std::size_t>(state.range(2));
  std::vector<std::uint8_t> memory(count * sealing_room(size));
  std::vector<Outgoing> out(count);
  std::vector<Incoming> in(count);
  for (auto _ : state) {
    for (std::size_t i = 0; i < count; ++i) {
      const MutBytes buffer = MutBytes(memory).subspan(i * sealing_room(size), sealing_room(size));
      const MutBytes ip = buffer.subspan(kHeadroom, size);
      ip[0] = 0x45;
      ip[2] = static_cast<std::uint8_t>(size >> 8);
      ip[3] = static_cast<std::uint8_t>(size);
      copy(Node::address(1).view(), ip.subspan(12));
      copy(Node::address(2).view(), ip.subspan(16));
      out[i] = {.buffer = buffer, .size = size};
    }
    const auto peer = two.a.device.route(Bytes(memory).subspan(kHeadroom, size));
    CHECK(two.a.device.send(*peer, out, two.now)->sealed == count);
    for (std::size_t i = 0; i < count; ++i) {
      in[i].datagram = out[i].buffer.first(out[i].datagram.size());
    }
    two.b.device.receive(in, two.a.endpoint, two.now, two.b.rng);
    CHECK(in[count - 1].received.ok());
  }
  state.SetItemsProcessed(state.iterations() * state.range(2));
  state.SetBytesProcessed(state.iterations() * state.range(2) * state.range(0));
}
BENCHMARK(seal_and_open)->ArgsProduct({{64, 1420}, {1, 100'000}, {1, 64}});

// Which of range(0) peers an address belongs to; another one each time.
void route(State& state) {
  Two two(static_cast<std::size_t>(state.range(0)));
  std::array<std::uint8_t, 20> ip{0x45, 0, 0, 20};
  std::uint32_t n = 1;
  for (auto _ : state) {
    n = n * 1664525 + 1013904223;
    copy(Node::address(3 + n % static_cast<std::uint32_t>(state.range(0))).view(),
         MutBytes(ip).subspan(16));
    benchmark::DoNotOptimize(two.a.device.route(ip));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(route)->Arg(1)->Arg(100'000);

}  // namespace
}  // namespace core::wg
BENCHMARK_MAIN();
