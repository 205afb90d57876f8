// A board that makes its key and asks for a certificate, or connects by TLS as
// its provisioning says, over the network or through a tunnel:
//   does=key      writes a new key and the request for its certificate
//   does=mqtt     connects to a broker and has one message acknowledged
//   does=enrol    connects trusting a CA by its fingerprint, and is echoed
#include "ports/mbedtls/tls.h"
#include "core/mqtt/client.h"
#include "ports/mbedtls/platform.h"
#include "ports/qemu_virt/clock.h"
#include "ports/qemu_virt/ethernet.h"
#include "ports/qemu_virt/pflash.h"
#include "ports/qemu_virt/provisioning.h"
#include "ports/qemu_virt/virtio_rng.h"
#include "test/firmware/console.h"

namespace {

using namespace core;
using namespace ports::qemu_virt;
using namespace test::firmware;
using ports::mbedtls::DeviceKey;
using ports::mbedtls::TlsContext;
using ports::mbedtls::TlsStream;

constexpr std::int64_t kPatienceMs = 20'000;

// Does `step` while lwIP works, until it gives true. An error ends the program.
template <class Step>
void until(Ethernet& ethernet, std::string_view what, Step step) {
  const Instant deadline = now() + kPatienceMs;
  for (;;) {
    ethernet.poll();
    const Result<bool> done = step();
    if (!done) {
      say_number("refused", static_cast<std::uint64_t>(done.error()));
      say(what);
      say("\n");
      power_off(2);
    }
    if (*done) return;
    must(now() < deadline, what);
    ethernet.sleep(20);
  }
}

void make_key() {
  DeviceKey key;
  must(!key.private_key().ok(), "no key yet");
  must(key.generate().ok(), "a key");
  const auto secret = key.private_key();
  must(secret.ok(), "the key's bytes");
  static ByteArray<1024> request;
  const auto size = key.write_csr(request);
  must(size.ok(), "a request");
  ByteArray<64> small;
  must(!key.write_csr(small).ok(), "no room for a request");
  DeviceKey again;
  must(again.restore(*secret).ok(), "the key again");
  must(!again.restore(Secret<32>()).ok(), "zero is no key");
  say("key ");
  say_hex(secret->view());
  say("csr ");
  say_hex(Bytes(request).first(*size));
}

void run_mqtt(Ethernet& ethernet, TlsStream& stream) {
  static ByteArray<1024> in, out;
  static core::mqtt::Client client(in, out);
  must(client.connect({.client_id = label("board"), .clean_start = true}, now()).ok(), "CONNECT");
  bool acknowledged = false;
  until(ethernet, "mqtt", [&]() -> Result<bool> {
    if (!client.output().empty()) client.output_sent(TRY(stream.write(client.output())));
    client.received(TRY(stream.read(client.receive_space())));
    while (auto event = TRY(client.next_event(now()))) {
      if (std::get_if<core::mqtt::Connected>(&*event) != nullptr) {
        TRY(client.publish({.topic = label("board/hello"), .payload = label("hello from a board")},
                           now()));
      }
      if (std::get_if<core::mqtt::Refused>(&*event) != nullptr) return Error::kRefused;
      acknowledged = acknowledged || std::get_if<core::mqtt::PublishAcked>(&*event) != nullptr;
    }
    return acknowledged;
  });
  say("acknowledged\n");
}

void run_echo(Ethernet& ethernet, TlsStream& stream) {
  constexpr auto kText = label("hello");
  std::size_t sent = 0, size = 0;
  ByteArray<16> back{};
  until(ethernet, "echo", [&]() -> Result<bool> {
    sent += TRY(stream.write(Bytes(kText).subspan(sent)));
    size += TRY(stream.read(MutBytes(back).subspan(size)));
    return size >= kText.size();
  });
  must(equal_var(Bytes(back).first(kText.size()), kText), "an echo");
  say("echoed\n");
}

}  // namespace

int board_main() {
  paint_stack();
  static Pflash provisioning_block(1, 1);
  static core::ByteArray<4096> text;
  static Provisioning told(text);
  must(told.read(provisioning_block).ok(), "provisioning");
  static VirtioRng rng;
  alignas(8) static ByteArray<40 * 1024> arena;
  must(ports::mbedtls::start(arena, rng, {.now = now, .wall_time = wall_time}).ok(), "mbedTLS");
  if (told.value("does") == "key") {
    make_key();
    return 0;
  }

  static Ethernet ethernet(rng);
  must(ethernet.start().ok(), "the network");
  const ip_addr_t ours = address_of_text("10.0.2.15"), router = address_of_text("10.0.2.2");
  ip4_addr_t mask;
  IP4_ADDR(&mask, 255, 255, 255, 0);
  netif_set_addr(&ethernet.netif(), ip_2_ip4(&ours), &mask, ip_2_ip4(&router));

  static TlsContext context;
  static DeviceKey key;
  static ByteArray<1024> bytes;
  if (told.value("does") == "enrol") {
    const Bytes fingerprint = bytes_of_hex(told.value("fingerprint"), bytes);
    must(context.for_enrolment(fingerprint.first<16>()).ok(), "a context");
  } else {
    const Bytes secret = bytes_of_hex(told.value("key"), bytes);
    must(key.restore(Secret<32>(secret.first<32>())).ok(), "the key");
    const Bytes ca = bytes_of_hex(told.value("ca"), bytes);
    const Bytes certificate =
        bytes_of_hex(told.value("certificate"), MutBytes(bytes).subspan(ca.size()));
    must(context.for_site(ca, certificate, key).ok(), "a context");
  }

  static TlsStream stream;
  char host[64] = {};
  const auto name = told.value("name");
  must(name.size() < sizeof(host), "a name");
  std::copy(name.begin(), name.end(), host);
  const auto before = instructions();
  const auto port = static_cast<std::uint16_t>(number_of(told.value("port")));
  must(stream.connect(context, router, port, host).ok(), "a connection");
  until(ethernet, "handshake", [&]() -> Result<bool> {
    TRY(stream.advance());
    return stream.open();
  });
  say_number("open: instructions", instructions() - before);
  say("\n");
  if (told.value("does") == "mqtt") {
    run_mqtt(ethernet, stream);
  } else {
    run_echo(ethernet, stream);
  }
  stream.close();
  say_number("stack", stack_used());
  say_number("arena", ports::mbedtls::arena_peak());
  say("\n");
  return 0;
}
