// A device with a session is given any bytes: a first byte that says what
// message they are, then the message. Either it decrypts, or nothing changes
// and no plaintext comes out.
#include "core/e2e/two_peers_test.h"

namespace {

using namespace core::e2e;

// Bob, who has a session with Alice and misses two of her messages.
struct Device {
  Device() : alice(1), bob(2) {
    CHECK(alice.initiate(bob).ok());
    CHECK(bob.receive(alice, alice.send(bob, "one")).ok());
    CHECK(alice.receive(bob, bob.send(alice, "two")).ok());
    alice.send(bob, "skipped");
    alice.send(bob, "skipped too");
    CHECK(bob.receive(alice, alice.send(bob, "three")).ok());
    before = bob.stored();
  }
  Peer alice, bob;
  Buffer before;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Device device;
  if (size == 0) return 0;
  auto& bob = device.bob;
  const Wire wire{data[0] == 3 ? MessageType::kPreKey : MessageType::kWhisper,
                  Buffer(data + 1, data + size)};
  bob.plaintext.clear();
  if (bob.receive(device.alice, wire)) {
    CHECK(SessionRecord::parse(device.before, *bob.record).ok());
    return 0;
  }
  CHECK(bob.stored() == device.before);
  const bool parsed = wire.type == MessageType::kPreKey ? PreKeyMessage::parse(wire.bytes).ok()
                                                        : SignalMessage::parse(wire.bytes).ok();
  if (parsed)
    for (const auto byte : bob.plaintext) CHECK(byte == 0);
  return 0;
}
