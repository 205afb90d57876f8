// Ginnel's own core/e2e: version 4 and version 3, with sessions kept in memory
// and with sessions read from and written to their stored form around each
// call, as most of the others have to.
#include "bench/peers/measure.h"
#include "core/e2e/two_peers_test.h"

namespace bench::peers {
namespace {

using namespace core;
using namespace core::e2e;

enum class Keep : std::uint8_t { kInMemory, kStored };

class Link {
 public:
  Link(std::uint8_t version, Keep keep) : version_(version), keep_(keep) {}

  void set_up() {
    alice_.stored.clear();
    bob_.stored.clear();
    alice_.peer.record->clear();
    bob_.peer.record->clear();
    auto bundle = bob_.peer.bundle();
    if (version_ == 3) bundle.kem.reset();
    load(alice_);
    require(alice_.peer.initiate(bob_.peer, bundle).ok(), "initiate");
    store(alice_);
    alice_to_bob();
  }
  void alice_to_bob() { carry(alice_, bob_); }
  void bob_to_alice() { carry(bob_, alice_); }

 private:
  struct Side {
    explicit Side(std::uint64_t seed) : peer(seed), room(SessionRecord::kMaxSerializedSize) {}
    Peer peer;
    Buffer room, stored;
  };

  void load(Side& side) const {
    if (keep_ == Keep::kInMemory || side.stored.empty()) return;
    require(SessionRecord::parse(side.stored, *side.peer.record).ok(), "parse");
  }
  void store(Side& side) const {
    if (keep_ == Keep::kInMemory) return;
    const auto size = side.peer.record->serialize(side.room);
    require(size.ok(), "serialize");
    side.stored.assign(side.room.begin(), side.room.begin() + static_cast<std::ptrdiff_t>(*size));
  }
  void carry(Side& from, Side& to) {
    load(from);
    const auto sealed =
        from.peer.record->encrypt(from.peer.with(to.peer), bytes_of(text_), from.peer.now,
                                  from.peer.rng, Peer::work(), wire_);
    require(sealed.ok(), "encrypt");
    store(from);
    load(to);
    const auto in = Bytes(wire_).first(sealed->size);
    const auto parties = to.peer.with(from.peer);
    if (sealed->type == MessageType::kWhisper) {
      const auto message = SignalMessage::parse(in);
      require(
          message.ok() &&
              to.peer.record->decrypt_whisper(parties, *message, to.peer.rng, Peer::work(), plain_)
                  .ok(),
          "decrypt");
    } else {
      const auto keys = to.peer.keys();
      const auto message = PreKeyMessage::parse(in);
      require(message.ok() && message->version == version_ &&
                  to.peer.record
                      ->decrypt_prekey({.identity = to.peer.identity,
                                        .parties = parties,
                                        .message = *message,
                                        .keys = &keys},
                                       to.peer.rng, Peer::work(), plain_)
                      .ok(),
              "decrypt the first message");
    }
    store(to);
  }

  const std::uint8_t version_;
  const Keep keep_;
  const std::string text_ = std::string(kTextSize, 'x');
  Side alice_{1}, bob_{2};
  Buffer wire_ = Buffer(encrypted_size(kTextSize)), plain_ = wire_;
};

void measure_sessions(const char* name, std::uint8_t version, Keep keep) {
  const Program program{name, "this tree"};
  Link link(version, keep);
  program.measure("set_up", 1, [&] { link.set_up(); });
  link.set_up();
  program.measure("ping_pong", 2, [&] {
    link.bob_to_alice();
    link.alice_to_bob();
  });
  link.set_up();
  link.bob_to_alice();
  program.measure("one_way", 1, [&] { link.alice_to_bob(); });
}

void measure_keys() {
  const Program program{"ginnel", "this tree"};
  const Peer owner(3);
  TestRng rng(4);
  const Program version_3{"ginnel, version 3", "this tree"};
  const auto make_one_time = [&] {
    const OurOneTimePreKey key(draw32(rng).view());
    require(key.public_key()[0] == prekey::kCurveKeyType, "a one-time key");
  };
  program.measure("one_time_key", 1, make_one_time);
  version_3.measure("one_time_key", 1, make_one_time);
  ByteArray<64> seed{};
  ByteArray<prekey::kKemKeySize> public_key{};
  program.measure("kem_key", 1, [&] {
    require(rng.fill(seed).ok(), "random bytes");
    crypto::kyber1024_public_key(seed, public_key, Peer::work());
    require(sign_pre_key(owner.identity, public_key, rng).ok(), "a signature");
  });
  const auto bundle = owner.bundle();
  program.measure("verify_bundle", 1, [&] { require(prekey::verify(bundle).ok(), "verify"); });
  auto x3dh = bundle;
  x3dh.kem.reset();
  version_3.measure("verify_bundle", 1, [&] { require(prekey::verify(x3dh).ok(), "verify"); });
}

}  // namespace
}  // namespace bench::peers

int main() {
  using namespace bench::peers;
  measure_sessions("ginnel", 4, Keep::kInMemory);
  measure_sessions("ginnel, stored", 4, Keep::kStored);
  measure_sessions("ginnel, version 3", 3, Keep::kInMemory);
  measure_sessions("ginnel, version 3, stored", 3, Keep::kStored);
  measure_keys();
}
