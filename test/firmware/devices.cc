// What the board's devices do, for devices_test.py: which of them are there, and
// whether each does what its header says.
#include "ports/flash/store.h"
#include "ports/qemu_virt/board.h"
#include "ports/qemu_virt/clock.h"
#include "ports/qemu_virt/pflash.h"
#include "ports/qemu_virt/virtio_net.h"
#include "ports/qemu_virt/virtio_rng.h"
#include "test/firmware/console.h"

namespace {

using namespace core;
using namespace ports::qemu_virt;
using namespace test::firmware;

void check(bool holds, const char* what) {
  say(holds ? "holds: " : "FAILED: ");
  say(what);
  say("\n");
  if (!holds) power_off(1);
}

void check_entropy(VirtioRng& rng) {
  ByteArray<150> drawn;
  drawn.fill(0xee);
  const auto filled = rng.fill(drawn);
  if (!filled) {
    check(filled.error() == Error::kRng, "entropy says that it failed");
    check(std::all_of(drawn.begin(), drawn.end(), [](auto byte) { return byte == 0; }),
          "failed entropy is zeros");
    check(!rng.fill(drawn), "failed entropy fails again");
    say("entropy: none\n");
    return;
  }
  say("entropy: ");
  say_hex(Bytes(drawn).first(32));
  check(!equal_var(Bytes(drawn).first(64), Bytes(drawn).subspan(64, 64)), "two draws differ");
}

void check_clock() {
  const Instant start = now();
  while (now() < start + 50) sleep_until(start + 50);
  const auto slept = now().ms - start.ms;
  check(slept >= 50 && slept < 5000, "a sleep of 50 ms");
  say("wall time: ");
  ByteArray<8> ms;
  for (std::size_t i = 0; i < 8; ++i) {
    ms[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(wall_time().ms) >> (56 - 8 * i));
  }
  say_hex(ms);
}

void check_flash() {
  if (!Pflash::present()) {
    say("flash: none\n");
    return;
  }
  Pflash flash(2, 2);
  const auto geometry = flash.geometry();
  check(geometry.block_size == Pflash::kBlockSize && geometry.block_count == 2, "geometry");
  ByteArray<8> bytes;
  check(flash.read(8, bytes).ok(), "flash is read");
  say("flash: ");
  say_hex(bytes);
  check(flash.erase(0).ok() && flash.read(8, bytes).ok() && bytes[0] == 0xff, "a block is erased");
  const ByteArray<8> first{1, 2, 3, 4, 5, 6, 7, 0xf0}, fewer{1, 2, 3, 4, 5, 6, 7, 0x30};
  check(flash.program(8, first).ok() && flash.read(8, bytes).ok() && bytes == first,
        "flash is programmed");
  check(flash.program(8, fewer).ok(), "bits are cleared");
  check(!flash.program(8, first).ok(), "bits are not set");
  check(!flash.program(6, first).ok() && !flash.program(8, Bytes(first).first(5)).ok(),
        "only whole units");
  check(!flash.program(Pflash::kBlockSize - 4, first).ok(), "not over the end of a block");
  check(!flash.program(2 * Pflash::kBlockSize, first).ok() && !flash.erase(2).ok() &&
            !flash.read(2 * Pflash::kBlockSize - 4, bytes).ok(),
        "not beyond its blocks");
}

// A device's store on this chip: what a restart before this one left, and one more.
void check_store(VirtioRng& rng) {
  constexpr auto kKey = label("boots");
  static Pflash chip(4, 8);
  static std::array<ports::flash::IndexEntry, 200> index;
  static ports::flash::FlashStore store(chip, Secret<32>(ByteArray<32>{1, 2, 3}), index);
  auto mounted = store.mount();
  if (!mounted && mounted.error() == Error::kNotFound) {
    if (!store.format(rng)) return say("store: none\n");  // without entropy, or without a chip
    mounted = store.mount();
  }
  check(mounted.ok(), "the store is mounted");
  ByteArray<8> boots{};
  const auto size = store.get(kKey, boots);
  check(size.ok() || size.error() == Error::kNotFound, "the store is read");
  say("store: ");
  say_hex(boots);
  ++boots[7];
  check(store.begin().ok() && store.put(kKey, boots).ok() && store.commit().ok(),
        "the store is written");
  ByteArray<8> again{};
  check(store.get(kKey, again).ok() && again == boots, "the store has what it was given");
}

// Asks for the Ethernet address of QEMU's router, 10.0.2.2, until it answers.
void check_network() {
  static VirtioNet net;
  if (!net.start().ok()) {
    say("network: none\n");
    return;
  }
  say("network: ");
  say_hex(net.mac());
  check(!net.room(VirtioNet::kMaxFrameSize + 1).ok(), "no frame is too long");
  constexpr ByteArray<22> kAsk{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0,
                               0,    8,    6,    0,    1,    8,    0, 6, 4, 0, 1};
  bool answered = false;
  for (int i = 0; i < 20 && !answered; ++i) {
    const auto frame = net.room(60);
    check(frame.ok(), "room for a frame");
    wipe(*frame);
    copy(kAsk, *frame);
    copy(net.mac(), frame->subspan(6));
    copy(net.mac(), frame->subspan(22));
    copy(ByteArray<4>{10, 0, 2, 15}, frame->subspan(28));
    copy(ByteArray<4>{10, 0, 2, 2}, frame->subspan(38));
    net.send();
    const Instant deadline = now() + 500;
    while (!answered && now() < deadline) {
      const Bytes in = net.receive();
      answered = in.size() >= 42 && in[12] == 8 && in[13] == 6 && in[21] == 2 && in[31] == 2;
      if (in.empty()) sleep_until(deadline);
    }
  }
  check(answered, "an ARP answer");
}

}  // namespace

int board_main() {
  static VirtioRng rng;
  check_entropy(rng);
  check_clock();
  check_flash();
  check_store(rng);
  check_network();
  say("all checked\n");
  return 0;
}
