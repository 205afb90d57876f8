// A program that does nothing but call what a port calls of core/wg: its link map
// says what that needs. It is never run.
#include "bench/board/probe.h"
#include "core/crypto/x25519.h"
#include "core/wg/device.h"

namespace {

using namespace core;
using namespace core::wg;

class NoRng final : public Rng {
 public:
  Status fill(MutBytes) override { return Error::kRng; }
};

ByteArray<sealing_room(1420)> g_buffer;

Status run() {
  static DeviceStorage<2, 4, 2, 256> storage;
  NoRng rng;
  const auto secret = TRY(rng.draw<32>());
  Device device(storage.memory(), {}, secret.view());
  device.set_private_key(crypto::x25519_private(secret.view()));
  const auto peer = TRY(device.add_peer(View<32>(g_buffer.data(), 32)));
  TRY(device.set_preshared_key(peer, secret.view()));
  TRY(device.set_endpoint(peer, {.port = 51820}));
  TRY(device.set_persistent_keepalive(peer, 25, Instant{}));
  TRY(device.add_allowed_ip(peer, {}));
  if (const auto floor = device.floor_to_store({})) device.floor_stored(*floor);
  Outgoing out{.buffer = g_buffer, .size = g_buffer.size()};
  const auto to = TRY(device.route(g_buffer));
  TRY(device.send(to, std::span(&out, 1), Instant{}));
  TRY(device.receive(g_buffer, {}, Instant{}, rng));
  TRY(device.poll(device.next_deadline().at, {}, rng, MutBytes(g_buffer).first<kMaxPollSize>()));
  return {};
}

}  // namespace

int board_main() { return run().ok() ? 0 : 1; }
