// The whole device on QEMU's virt machine. What it is told when it is made
// stands in its provisioning block: docs/firmware.md.
#include "apps/firmware/console.h"
#include "lwip/dhcp.h"
#include "lwip/dns.h"
#include "ports/flash/store.h"
#include "ports/mbedtls/platform.h"
#include "ports/qemu_virt/board.h"
#include "ports/qemu_virt/clock.h"
#include "ports/qemu_virt/ethernet.h"
#include "ports/qemu_virt/panic.h"
#include "ports/qemu_virt/pflash.h"
#include "ports/qemu_virt/provisioning.h"
#include "ports/qemu_virt/virtio_rng.h"

namespace {

using namespace core;
using namespace ports::qemu_virt;
namespace firmware = apps::firmware;

// Blocks of flash unit 1; block 0 is left as it is.
constexpr std::uint32_t kProvisioning = 1, kFloor = 2, kPanics = 4, kStore = 8, kStoreBlocks = 16;
// For SMALL and TINY, docs/profiles.md.
#ifdef FIRMWARE_INDEX_ENTRIES
constexpr std::size_t kIndexEntries = FIRMWARE_INDEX_ENTRIES;
#else
constexpr std::size_t kIndexEntries = messenger::by_profile(0, 1900, 460);
#endif
constexpr std::size_t kArenaSize = messenger::by_profile(0, 40 * 1024, 15'232);
constexpr std::int64_t kLongestSleepMs = 1000, kWatchdogMs = 30'000;

class Machine final : public firmware::Board {
 public:
  Machine(ports::flash::FlashStore& store, Rng& rng, bool has_clock)
      : store_(store), rng_(rng), has_clock_(has_clock) {}
  Instant now() override { return ports::qemu_virt::now(); }
  WallTime wall_time() override { return has_clock_ ? ports::qemu_virt::wall_time() : WallTime{}; }
  void write(Bytes text) override { ports::qemu_virt::write(text); }
  std::size_t stack_used() override { return ports::qemu_virt::stack_used(); }
  std::uint64_t awake_us() override { return ports::qemu_virt::awake_us(); }
  [[noreturn]] void restart() override { ports::qemu_virt::restart(); }
  Status erase_and_restart() override {
    TRY(store_.format(rng_));
    restart();
  }

 private:
  ports::flash::FlashStore& store_;
  Rng& rng_;
  bool has_clock_;
};

void say(std::string_view text) {
  write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

void say_hex(std::string_view name, std::uint32_t number) {
  char digits[8];
  const auto end = std::to_chars(digits, digits + sizeof(digits), number, 16).ptr;
  say(name);
  say({digits, static_cast<std::size_t>(end - digits)});
}

// Without these there is no device.
void must(bool holds, std::string_view what) {
  if (holds) return;
  say("error: ");
  say(what);
  say("\n");
  power_off(1);
}

std::optional<Secret<32>> key_of(std::string_view digits) {
  Secret<32> key;
  if (digits.size() != 2 * key.mut().size()) return std::nullopt;
  for (std::size_t i = 0; i < key.mut().size(); ++i) {
    const char* at = &digits[2 * i];
    if (std::from_chars(at, at + 2, key.mut()[i], 16).ptr != at + 2) return std::nullopt;
  }
  return key;
}

bool address_of(std::string_view text, ip_addr_t& out) {
  firmware::Text<48> copy;
  return copy.set({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}) &&
         ipaddr_aton(copy.chars.data(), &out) != 0;
}

// As provisioned, or by DHCP.
void set_address(netif& network, const Provisioning& told) {
  ip_addr_t address{}, router{}, dns{};
  ip4_addr_t mask;
  IP4_ADDR(&mask, 255, 255, 255, 0);
  if (address_of(told.value("dns"), dns)) dns_setserver(0, &dns);
  if (!address_of(told.value("ip4"), address)) {
    must(dhcp_start(&network) == ERR_OK, "DHCP does not start");
    return;
  }
  static_cast<void>(address_of(told.value("router"), router));
  netif_set_addr(&network, ip_2_ip4(&address), &mask, ip_2_ip4(&router));
}

void mount(ports::flash::FlashStore& store, Rng& rng) {
  auto mounted = store.mount();
  if (!mounted && mounted.error() == Error::kNotFound) {
    must(store.format(rng).ok(), "the store cannot be made");
    mounted = store.mount();
  }
  if (!mounted && mounted.error() == Error::kBadTag) must(false, "the store is of another key");
  must(mounted.ok(), "the store cannot be read");
}

// What ended the program the last time, unless a user did.
void show_panic(ports::flash::Nor& blocks) {
  static PanicLog log(blocks);
  const auto panic = log.open();
  must(panic.ok(), "the record of panics cannot be read");
  if (!*panic) return;
  say((*panic)->watchdog() ? "* panic watchdog" : "* panic trap");
  say_hex(" cause=", (*panic)->cause);
  say_hex(" pc=", (*panic)->pc);
  say_hex(" value=", (*panic)->value);
  say("\n");
}

}  // namespace

int board_main() {
  paint_stack();
  must(Pflash::present(), "there is no flash");
  static Pflash panic_block(kPanics, 1);
  show_panic(panic_block);
  static Pflash provisioning_block(kProvisioning, 1), floor_blocks(kFloor, 2),
      store_blocks(kStore, kStoreBlocks);
  static core::ByteArray<1024> text;
  static Provisioning told(text);
  must(told.read(provisioning_block).ok(), "the provisioning block is not text");
  const auto device_key = key_of(told.value("device_key"));
  must(device_key.has_value(), "the provisioning block has no device_key of 64 hex digits");

  static VirtioRng rng;
  must(rng.draw<32>().ok(), "there is no randomness to be had");
  static std::array<ports::flash::IndexEntry, kIndexEntries> index;
  static ports::flash::FlashStore store(store_blocks, *device_key, index);
  mount(store, rng);
  static ports::flash::HighMark floor(floor_blocks);
  must(floor.open().ok(), "the tunnel's floor cannot be read");
  alignas(8) static ByteArray<kArenaSize> arena;
  must(ports::mbedtls::start(arena, rng, {.now = now, .wall_time = wall_time}).ok(),
       "mbedTLS does not start");

  static Ethernet ethernet(rng);
  must(ethernet.start().ok(), "there is no network");
  set_address(ethernet.netif(), told);

  static Machine machine(store, rng, told.value("clock") != "none");
  static firmware::Device device(machine, rng, store, floor);
  static firmware::Sensor sensor(device, machine, store);
  static firmware::Console console(device, machine, sensor);
  const auto problem = device.open();
  must(problem == firmware::Problem::kNone, firmware::sentence(problem));
  must(sensor.load().ok(), "the sensor's record cannot be read");
  say("ginnel firmware: ready\n");
  const auto token = told.value("token");
  if (!device.enrolled() && !token.empty()) {
    static_cast<void>(
        device.enrol({reinterpret_cast<const std::uint8_t*>(token.data()), token.size()}));
  }
  wake_on_input();
  watch(kWatchdogMs);
  for (;;) {
    ethernet.poll();
    device.step();
    sensor.step();
    console.step();
    while (const auto typed = read_byte()) console.take(*typed);
    const auto at = std::min(device.next_deadline(), sensor.next_deadline());
    ethernet.sleep(std::clamp<std::int64_t>(at.ms - now().ms, 0, kLongestSleepMs));
  }
}
