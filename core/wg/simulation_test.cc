// Many devices on a bad network and a virtual clock, from many seeds. Of every
// one: nothing arrives that its sender did not send, in no session is a counter
// used twice, nobody sends in a session that is not confirmed, and once the
// network is whole again all packets get through.
#include <gtest/gtest.h>

#include <set>

#include "core/wg/pair_test.h"
#include "ports/fake/net.h"

namespace core::wg {
namespace {

class World {
 public:
  World(std::uint64_t seed, unsigned devices) : rng_(seed), net_(seed + 1) {
    for (unsigned i = 0; i < devices; ++i) {
      rigs_.push_back(std::make_unique<Rig>(
          i + 1, RigOptions{.peers = devices, .allowed_ips = 2 * devices, .staged = 8}));
    }
    for (auto& a : rigs_) {
      for (auto& b : rigs_) {
        if (a != b) a->add(*b);
      }
      if (rng_.chance(20)) {
        EXPECT_TRUE(a->device.set_persistent_keepalive(*a->device.first_peer(), 10, now_).ok());
      }
    }
  }

  // `steps` of bad weather, then good; then every pair of a sample must talk.
  void run(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
      net_.set_weather({.loss_percent = static_cast<unsigned>(rng_.next() % 60),
                        .duplicate_percent = 20,
                        .delay_ms = 5,
                        .jitter_ms = 3000});
      step();
    }
    net_.set_weather({.delay_ms = 5});
    net_.drop_all();
    Rig& a = any();
    for (const auto& b : rigs_) {
      if (&a == b.get()) continue;
      heals(a, *b);
      if (rng_.chance(50)) return;
    }
  }

 private:
  Rig& any() { return *rigs_[rng_.next() % rigs_.size()]; }

  void step() {
    switch (rng_.next() % 12) {
      case 0: advance(static_cast<std::int64_t>(rng_.next() % 200'000)); break;
      case 1: {  // another address
        Rig& rig = any();
        rig.endpoint.port = static_cast<std::uint16_t>(rng_.next());
        break;
      }
      case 2: {  // restarted: sessions are gone, the timestamps are not
        Rig& rig = any();
        const auto peer = rig.device.first_peer();
        EXPECT_TRUE(rig.device.reset_peer(*peer).ok());
        break;
      }
      case 3:  // the clock is late
        now_ = now_ + -static_cast<std::int64_t>(rng_.next() % 3000);
        break;
      default: {
        Rig &a = any(), &b = any();
        if (&a != &b) say(a, b);
        advance(static_cast<std::int64_t>(rng_.next() % 3000));
      }
    }
  }

  void say(Rig& a, Rig& b) {
    const std::string text = std::to_string(++said_);
    sent_.insert({a.number(), b.number(), text});
    if (const auto flying = a.send(b, text, now_)) put(a, *flying);
  }

  // All that happens in the next `ms`.
  void advance(std::int64_t ms) {
    const Instant end = now_ + ms;
    for (int bound = 0; bound < 20'000; ++bound) {
      Instant next = net_.next_arrival();
      for (auto& rig : rigs_) next = std::min(next, rig->device.next_deadline().at);
      if (next > end) break;
      now_ = std::max(now_, next);
      while (const auto flying = net_.receive(now_)) arrive(*flying);
      for (auto& rig : rigs_) {
        if (rig->device.next_deadline().at > now_) continue;
        for (const auto& flying : rig->poll(now_)) put(*rig, flying);
      }
    }
    now_ = std::max(now_, end);
  }

  void put(Rig& from, const Flying& flying) {
    if (flying.bytes[0] == 4) {
      Buffer bytes = flying.bytes;
      ASSERT_TRUE(is_packet(bytes));
      const auto& header = transport_header(bytes);
      const std::uint32_t receiver = header.receiver.get();
      // Receiver indices are random, so a session is known by the one it has
      // and by who sends in it.
      EXPECT_TRUE(agreed_.contains(receiver)) << "the other side has no such session yet";
      EXPECT_TRUE(counters_.insert({from.number(), receiver, header.counter.get()}).second)
          << "a counter used twice";
    }
    net_.send(flying, now_);
  }

  void arrive(const Flying& flying) {
    for (auto& rig : rigs_) {
      if (rig->endpoint.address != flying.to.address || rig->endpoint.port != flying.to.port) {
        continue;
      }
      const std::size_t before = rig->packets.size();
      const auto reply = rig->receive(flying, now_);
      TestOnlyAccess::add_session_indices(*rig, agreed_);
      if (reply) put(*rig, *reply);
      if (rig->packets.size() > before) check(*rig, rig->packets.back());
      rig->packets.clear();
    }
  }

  void check(const Rig& to, const Buffer& packet) {
    const unsigned from = packet[15];
    const std::string text(packet.begin() + 20, packet.end());
    EXPECT_EQ(sent_.erase({from, to.number(), text}), 1u) << "never sent, or twice: " << text;
    arrived_ = text;
  }

  void heals(Rig& a, Rig& b) {
    // The endpoints are known: someone told them, by DNS or by hand.
    EXPECT_TRUE(a.device.set_endpoint(a.peer(b), b.endpoint).ok());
    EXPECT_TRUE(b.device.set_endpoint(b.peer(a), a.endpoint).ok());
    // Until 15 s after a packet neither may know that a session is dead; then
    // a handshake follows, which is within 6 s.
    for (int i = 0; i < 8; ++i) {
      say(a, b);
      advance(3000);
    }
    for (int i = 0; i < 2; ++i) {
      say(a, b);
      advance(1000);
      EXPECT_EQ(arrived_, std::to_string(said_)) << "the network has healed";
      say(b, a);
      advance(1000);
      EXPECT_EQ(arrived_, std::to_string(said_)) << "the network has healed";
    }
  }

  ports::fake::FakeRng rng_;
  ports::fake::Net<Flying> net_;
  std::vector<std::unique_ptr<Rig>> rigs_;
  Instant now_{1'000'000};
  std::uint64_t said_ = 0;
  std::set<std::tuple<unsigned, unsigned, std::string>> sent_;
  std::set<std::tuple<unsigned, std::uint32_t, std::uint64_t>> counters_;
  std::set<std::uint32_t> agreed_;  // indices of all sessions that ever were
  std::string arrived_;
};

constexpr std::uint64_t kShards = 10;

class Simulation : public testing::TestWithParam<std::uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, Simulation, testing::Range(std::uint64_t{0}, kShards));

TEST_P(Simulation, TwoDevicesAlwaysFindEachOtherAgain) {
  for (std::uint64_t seed = 0; seed < 960; ++seed) {
    SCOPED_TRACE(seed * kShards + GetParam());
    World(seed * kShards + GetParam(), 2).run(6);
    if (HasFailure()) return;
  }
}

TEST_P(Simulation, FewDevicesDoToo) {
  for (std::uint64_t seed = 0; seed < 39; ++seed) {
    SCOPED_TRACE(seed * kShards + GetParam());
    World(seed * kShards + GetParam(), static_cast<unsigned>(3 + seed % 5)).run(15);
    if (HasFailure()) return;
  }
}

TEST_P(Simulation, FiftyDevicesDoToo) {
  for (std::uint64_t seed = 0; seed < 1; ++seed) {
    SCOPED_TRACE(seed * kShards + GetParam());
    World(seed * kShards + GetParam(), 50).run(60);
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace core::wg
