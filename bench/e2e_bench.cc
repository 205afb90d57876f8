// The end-to-end protocol between two devices in one thread: items per second
// are per second of CPU time. 100-byte messages.
#include <benchmark/benchmark.h>

#include "core/e2e/fingerprint.h"
#include "core/e2e/two_peers_test.h"

namespace core::e2e {
namespace {

constexpr std::size_t kTextSize = 100;
const std::string& text() {
  static const std::string bytes(kTextSize, 'x');
  return bytes;
}

// Two devices and buffers, so that only the protocol is measured.
struct Link {
  Peer alice{1}, bob{2};
  Buffer wire = Buffer(encrypted_size(kTextSize)), plain = wire;

  void carry(Peer& from, Peer& to) {
    const auto sealed = from.record->encrypt(from.with(to), bytes_of(text()), from.now, from.rng,
                                             Peer::work(), wire);
    CHECK(sealed.ok());
    const auto in = Bytes(wire).first(sealed->size);
    const auto parties = to.with(from);
    if (sealed->type == MessageType::kWhisper) {
      CHECK(to.record
                ->decrypt_whisper(parties, *SignalMessage::parse(in), to.rng, Peer::work(), plain)
                .ok());
      return;
    }
    const auto keys = to.keys();
    const auto message = PreKeyMessage::parse(in);
    CHECK(to.record
              ->decrypt_prekey(
                  {.identity = to.identity, .parties = parties, .message = *message, .keys = &keys},
                  to.rng, Peer::work(), plain)
              .ok());
  }
  void set_up() {
    alice.record->clear();
    bob.record->clear();
    CHECK(alice.initiate(bob).ok());
    carry(alice, bob);
  }
};

// Bundle verified, PQXDH on both sides, the first message written and read.
void full_set_up(benchmark::State& state) {
  Link link;
  for (auto _ : state) link.set_up();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(full_set_up);

void initiator_set_up(benchmark::State& state) {
  Link link;
  for (auto _ : state) {
    link.alice.record->clear();
    CHECK(link.alice.initiate(link.bob).ok());
    const auto sealed =
        link.alice.record->encrypt(link.alice.with(link.bob), bytes_of(text()), link.alice.now,
                                   link.alice.rng, Peer::work(), link.wire);
    CHECK(sealed.ok());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(initiator_set_up);

// Every message turns the ratchet.
void ping_pong(benchmark::State& state) {
  Link link;
  link.set_up();
  for (auto _ : state) {
    link.carry(link.bob, link.alice);
    link.carry(link.alice, link.bob);
  }
  state.SetItemsProcessed(2 * state.iterations());
}
BENCHMARK(ping_pong);

void one_way(benchmark::State& state) {
  Link link;
  link.set_up();
  link.carry(link.bob, link.alice);
  for (auto _ : state) link.carry(link.alice, link.bob);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(one_way);

// A record as the store holds it: read, and written again.
void store_record(benchmark::State& state) {
  Link link;
  link.set_up();
  for (int i = 0; i < 5; ++i) {
    link.carry(link.bob, link.alice);
    link.carry(link.alice, link.bob);
  }
  Buffer stored(SessionRecord::kMaxSerializedSize);
  std::size_t size = *link.alice.record->serialize(stored);
  for (auto _ : state) {
    CHECK(SessionRecord::parse(Bytes(stored).first(size), *link.alice.record).ok());
    size = *link.alice.record->serialize(stored);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(store_record);

// The most that one message may make us do: 25,000 chain steps.
void refuse_a_forged_jump(benchmark::State& state) {
  Link link;
  link.set_up();
  for (std::uint32_t i = 0; i < kMaxForwardJump; ++i) {
    CHECK(link.alice.record
              ->encrypt(link.alice.with(link.bob), bytes_of(text()), link.alice.now, link.alice.rng,
                        Peer::work(), link.wire)
              .ok());
  }
  link.carry(link.bob, link.alice);
  for (std::uint32_t i = 0; i < kMaxForwardJump; ++i) {
    CHECK(link.alice.record
              ->encrypt(link.alice.with(link.bob), bytes_of(text()), link.alice.now, link.alice.rng,
                        Peer::work(), link.wire)
              .ok());
  }
  const auto sealed =
      link.alice.record->encrypt(link.alice.with(link.bob), bytes_of(text()), link.alice.now,
                                 link.alice.rng, Peer::work(), link.wire);
  CHECK(sealed.ok());
  const auto in = MutBytes(link.wire).first(sealed->size);
  in.back() ^= 1;
  const auto parties = link.bob.with(link.alice);
  for (auto _ : state) {
    const auto message = SignalMessage::parse(in);
    CHECK(
        !link.bob.record->decrypt_whisper(parties, *message, link.bob.rng, Peer::work(), link.plain)
             .ok());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(refuse_a_forged_jump);

void safety_number(benchmark::State& state) {
  const Peer alice(1), bob(2);
  for (auto _ : state) {
    const Fingerprint number({alice.identity.public_key(), bytes_of("alice")},
                             {bob.identity.public_key(), bytes_of("bob")});
    benchmark::DoNotOptimize(number.digits());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(safety_number);

}  // namespace
}  // namespace core::e2e

BENCHMARK_MAIN();
