// Two devices whose traffic the input directs: what is sent, lost, kept and
// changed on the way, and how time passes. Nothing arrives that was not sent.
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/wg/device.h"

namespace {

using namespace core;
using namespace core::wg;

// The input as a source of choices; zeros at its end.
class Choices {
 public:
  explicit Choices(Bytes in) : in_(in) {}
  bool empty() const { return in_.empty(); }
  std::uint8_t byte() {
    if (in_.empty()) return 0;
    const std::uint8_t out = in_[0];
    in_ = in_.subspan(1);
    return out;
  }

 private:
  Bytes in_;
};

class CountingRng final : public Rng {
 public:
  Status fill(MutBytes out) override {
    if (fails) {
      wipe(out);
      return Error::kRng;
    }
    for (auto& byte : out) {
      state_ = state_ * 6364136223846793005u + 1442695040888963407u;
      byte = static_cast<std::uint8_t>(state_ >> 56);
    }
    return {};
  }
  bool fails = false;

 private:
  std::uint64_t state_ = 7;
};

struct Side {
  Side(std::uint8_t number, Rng& rng)
      : device(storage.memory(), {.staged_per_peer = 2, .handshakes_per_s = 5},
               ByteArray<32>{number}) {
    device.set_private_key(*rng.draw<32>());
    device.floor_stored(kNoFloor);
    endpoint.address = IpAddress::v4(ByteArray<4>{10, 1, 1, number});
    endpoint.port = number;
    packet.resize(sealing_room(60));
  }
  DeviceStorage<2, 4, 3, 64, 100> storage;
  Device device;
  Endpoint endpoint;
  PeerId other;
  std::vector<std::uint8_t> packet;
};

class Conversation {
 public:
  explicit Conversation(Bytes in) : choices_(in) {
    for (int i = 0; i < 2; ++i) sides_[i] = std::make_unique<Side>(i + 1, rng_);
    for (int i = 0; i < 2; ++i) {
      Side &own = *sides_[i], &other = *sides_[1 - i];
      own.other = *own.device.add_peer(other.device.public_key());
      CHECK(own.device.set_endpoint(own.other, other.endpoint).ok());
      CHECK(own.device.add_allowed_ip(own.other, {other.endpoint.address, 32}).ok());
    }
  }

  void run() {
    while (!choices_.empty()) {
      const std::uint8_t action = choices_.byte();
      act(*sides_[action & 1], *sides_[1 - (action & 1)], action >> 1 & 7, action >> 4);
    }
  }

 private:
  void act(Side& own, Side& other, unsigned action, unsigned argument) {
    rng_.fails = false;
    switch (action) {
      case 0:
      case 1: send(own, other, argument); break;
      case 2:
        rng_.fails = argument == 15;
        poll(own);
        break;
      case 3: deliver(own, argument, 0); break;
      case 4: deliver(own, argument, choices_.byte()); break;
      case 5: now_ = now_ + (std::int64_t{1} << argument) * 50; break;
      case 6: configure(own, argument); break;
      default: {  // bytes of nobody
        std::vector<std::uint8_t> wire(choices_.byte());
        for (auto& byte : wire) byte = choices_.byte();
        receive(own, wire);
      }
    }
  }

  void send(Side& own, Side& other, unsigned argument) {
    const std::size_t size = 20 + argument;
    MutBytes ip = MutBytes(own.packet).subspan(kHeadroom, size);
    std::fill(ip.begin(), ip.end(), 0x77);
    ip[0] = 0x45;
    ip[2] = 0;
    ip[3] = static_cast<std::uint8_t>(size);
    copy(own.endpoint.address.view(), ip.subspan(12));
    copy(other.endpoint.address.view(), ip.subspan(16));
    CHECK(*own.device.route(ip) == own.other);
    Outgoing out{.buffer = own.packet, .size = size};
    const auto sent = own.device.send(own.other, std::span(&out, 1), now_);
    if (sent && sent->sealed > 0) keep(out.datagram);
  }

  void poll(Side& own) {
    std::array<std::uint8_t, kMaxPollSize> room;
    const auto sent = own.device.poll(now_, {}, rng_, room);
    if (sent && *sent) keep((**sent).datagram);
  }

  void deliver(Side& own, unsigned which, unsigned change) {
    if (kept_.empty()) return;
    auto wire = kept_[which % kept_.size()];
    if (change != 0) wire[change % wire.size()] ^= static_cast<std::uint8_t>(change | 1);
    receive(own, wire);
  }

  void receive(Side& own, std::vector<std::uint8_t>& wire) {
    Endpoint from;
    from.address = IpAddress::v4(ByteArray<4>{9, 9, 9, 9});
    const auto got = own.device.receive(wire, from, now_, rng_);
    if (!got) return;
    if (got->meaning == Meaning::kReply) keep(got->bytes);
    if (got->meaning != Meaning::kPacket) return;
    CHECK(got->bytes.size() >= 20 && got->bytes.size() < 40);
    CHECK(got->bytes[15] == 3 - own.endpoint.address.bytes[3]);  // from the other side
    for (const std::uint8_t byte : got->bytes.subspan(20)) CHECK(byte == 0x77);
  }

  void configure(Side& own, unsigned what) {
    switch (what) {
      case 0: (void)own.device.reset_peer(own.other); break;
      case 1: (void)own.device.set_persistent_keepalive(own.other, choices_.byte(), now_); break;
      case 2: own.device.note_overload(now_); break;
      case 3: (void)own.device.set_preshared_key(own.other, ByteArray<32>{choices_.byte()}); break;
      default: own.device.set_mtu(static_cast<std::uint16_t>(choices_.byte()));
    }
  }

  void keep(Bytes datagram) {
    if (kept_.size() == 16) kept_.erase(kept_.begin());
    kept_.emplace_back(datagram.begin(), datagram.end());
  }

  Choices choices_;
  CountingRng rng_;
  std::array<std::unique_ptr<Side>, 2> sides_;
  std::vector<std::vector<std::uint8_t>> kept_;
  Instant now_{1000};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Conversation(Bytes(data, size)).run();
  return 0;
}
