// Two devices of a test, and what is inside them.
#ifndef CORE_WG_PAIR_TEST_H_
#define CORE_WG_PAIR_TEST_H_

#include <set>

#include "core/wg/rig_test.h"

namespace core::wg {

struct TestOnlyAccess {
  static Keypair& current(Rig& rig, PeerId peer) {
    return rig.device.peers_[peer.slot].keypairs_.current();
  }
  // Of all sessions that a device has.
  static void add_session_indices(const Rig& rig, std::set<std::uint32_t>& out) {
    for (auto id = rig.device.first_peer(); id; id = rig.device.next_peer(*id)) {
      for (const Keypair& session : rig.device.peers_[id->slot].keypairs_.sessions_) {
        out.insert(session.local_index);
      }
    }
  }
  static std::size_t used_indices(const Rig& rig) { return rig.device.receiver_indices_.used(); }
};

// Two rigs that know each other.
struct Pair {
  explicit Pair(const RigOptions& options = {}) : alice(1, options), bob(2, options) {
    to_bob = alice.add(bob);
    to_alice = bob.add(alice);
  }

  // Alice initiates and confirms. The session is made at `now`.
  void shake_hands() {
    EXPECT_FALSE(alice.send(bob, "hello", now));
    const auto initiation = alice.poll(now);
    ASSERT_EQ(initiation.size(), 1u);
    const auto response = bob.receive(initiation[0], now);
    ASSERT_TRUE(response);
    EXPECT_FALSE(alice.receive(*response, now));
    for (const auto& flying : alice.poll(now)) bob.receive(flying, now);
    ASSERT_EQ(bob.packets.size(), 1u);
    bob.packets.clear();
  }
  // A packet from one to the other arrives.
  bool passes(Rig& from, Rig& to, const std::string& text = "text") {
    const auto flying = from.send(to, text, now);
    if (!flying) return false;
    const std::size_t before = to.packets.size();
    to.receive(*flying, now);
    return to.packets.size() == before + 1 &&
           to.packets.back() ==
               ip_packet(from.inner(), to.inner(), Buffer(text.begin(), text.end()));
  }
  void later(std::int64_t ms) { now = now + ms; }

  Rig alice, bob;
  PeerId to_bob, to_alice;
  Instant now{1'000'000};
};

}  // namespace core::wg
#endif  // CORE_WG_PAIR_TEST_H_
