#include "ports/linux/tunnel.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sodium.h>

#include <array>
#include <cstdlib>

#include "core/crypto/x25519.h"
#include "ports/linux/program.h"
#include "ports/linux/resolver.h"
#include "ports/linux/wg_interface.h"

namespace ports::linux_os {
namespace {

constexpr std::size_t kTextRoom = 2048;  // never exceeded: no copy of a key is left behind

// A key as wg(8) writes it.
void append_base64(std::string& text, core::View<32> key) {
  std::array<char, sodium_base64_ENCODED_LEN(32, sodium_base64_VARIANT_ORIGINAL)> out{};
  sodium_bin2base64(out.data(), out.size(), key.data(), key.size(), sodium_base64_VARIANT_ORIGINAL);
  text += out.data();
  sodium_memzero(out.data(), out.size());
}

SecretText finished(std::string& text) {
  SecretText out(text);
  core::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  return out;
}

std::string prefix_text(const TunnelSettings& tunnel) {
  return address_text(tunnel.prefix) + "/" + std::to_string(tunnel.prefix_bits);
}

std::string with_port(const std::string& host, std::uint16_t port) {
  const bool brackets = host.find(':') != std::string::npos;
  return (brackets ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Outcome<std::string> resolved_endpoint(const TunnelSettings& tunnel) {
  const auto question = TRY(start_resolving(tunnel.endpoint_host, tunnel.endpoint_port));
  const auto addresses = TRY(finish_resolving(question, tunnel.endpoint_host));
  std::array<char, NI_MAXHOST> host{};
  if (::getnameinfo(reinterpret_cast<const sockaddr*>(&addresses[0].storage), addresses[0].size,
                    host.data(), host.size(), nullptr, 0, NI_NUMERICHOST) != 0) {
    return Problem{ProblemKind::kNetwork, "The gateway's address cannot be used.", {}};
  }
  return with_port(host.data(), tunnel.endpoint_port);
}

// Whether an interface that is there already is this device's.
Outcome<bool> serves_us(const TunnelSettings& tunnel, const std::string& interface) {
  const auto answer = ask_interface(interface, SecretText("get=1\n\n"));
  if (!answer && answer.error().kind == ProblemKind::kNetwork) return false;
  if (!answer) return answer.error();
  std::string ours;
  append_hex(ours, tunnel.private_key.view());
  for (const auto& [key, value] : *answer) {
    if (key != "private_key" || value == ours) continue;
    return Problem{ProblemKind::kBusy, "The interface " + interface + " belongs to another tunnel.",
                   "Name another one with --interface."};
  }
  return true;
}

Done start_interface(const std::string& interface) {
  const std::string program = find_program("ginnel-wg");
  if (program.empty()) {
    return Problem{ProblemKind::kInternal, "The program ginnel-wg is not installed.",
                   "Install it, or use `ginnel tunnel config` with wg-quick(8)."};
  }
  const auto end = TRY(run_program({program, interface}));
  if (end.status == 0) return {};
  return Problem{ProblemKind::kInternal,
                 "ginnel-wg cannot make the interface " + interface + ": " + end.output,
                 {}};
}

Done configure(const TunnelSettings& tunnel, const std::string& interface,
               const std::string& endpoint) {
  TRY(ask_interface(interface, interface_request(tunnel, endpoint)));
  TRY(set_up_interface(interface, tunnel.address, tunnel.mtu));
  return run_ip({"route", "replace", prefix_text(tunnel), "dev", interface});
}

}  // namespace

SecretText wg_quick_file(const TunnelSettings& tunnel) {
  std::string text;
  text.reserve(kTextRoom);
  text += "[Interface]\nPrivateKey = ";
  append_base64(text, tunnel.private_key.view());
  text += "\nAddress = " + address_text(tunnel.address) +
          "/128\nMTU = " + std::to_string(tunnel.mtu) + "\n\n[Peer]\nPublicKey = ";
  append_base64(text, tunnel.gateway_key);
  text += "\nPresharedKey = ";
  append_base64(text, tunnel.preshared_key.view());
  text += "\nEndpoint = " + with_port(tunnel.endpoint_host, tunnel.endpoint_port) +
          "\nAllowedIPs = " + prefix_text(tunnel) + "\n";
  if (tunnel.keepalive_s != 0) {
    text += "PersistentKeepalive = " + std::to_string(tunnel.keepalive_s) + "\n";
  }
  return finished(text);
}

SecretText interface_request(const TunnelSettings& tunnel, const std::string& endpoint) {
  std::string text;
  text.reserve(kTextRoom);
  text += "set=1\nprivate_key=";
  append_hex(text, tunnel.private_key.view());
  text += "\nreplace_peers=true\npublic_key=";
  append_hex(text, tunnel.gateway_key);
  text += "\npreshared_key=";
  append_hex(text, tunnel.preshared_key.view());
  text += "\nendpoint=" + endpoint +
          "\npersistent_keepalive_interval=" + std::to_string(tunnel.keepalive_s) +
          "\nallowed_ip=" + prefix_text(tunnel) + "\n\n";
  return finished(text);
}

Done tunnel_up(const TunnelSettings& tunnel, const std::string& interface) {
  if (!is_interface_name(interface)) {
    return Problem{ProblemKind::kInput, "\"" + interface + "\" is no name for an interface.",
                   "Use 1 to 15 letters, digits, - and _."};
  }
  TRY(may_make_interfaces());
  const std::string endpoint = TRY(resolved_endpoint(tunnel));
  const bool running = TRY(serves_us(tunnel, interface));
  if (!running) TRY(start_interface(interface));
  const auto done = configure(tunnel, interface, endpoint);
  if (!done && !running) (void)run_ip({"link", "delete", "dev", interface});
  return done;
}

Outcome<bool> tunnel_down(const TunnelSettings& tunnel) {
  const std::string interface = interface_with(tunnel.address);
  if (interface.empty()) return false;
  TRY(may_make_interfaces());
  TRY(run_ip({"link", "delete", "dev", interface}));
  return true;
}

TunnelState tunnel_state(const TunnelSettings& tunnel) {
  TunnelState state;
  state.interface = interface_with(tunnel.address);
  if (state.interface.empty()) return state;
  const auto answer = ask_interface(state.interface, SecretText("get=1\n\n"));
  if (!answer) return state;
  state.counters = true;
  for (const auto& [key, value] : *answer) {
    const auto number = std::strtoull(value.c_str(), nullptr, 10);
    if (key == "endpoint") state.endpoint = value;
    if (key == "last_handshake_time_sec") state.handshake_s = static_cast<std::int64_t>(number);
    if (key == "rx_bytes") state.received = number;
    if (key == "tx_bytes") state.sent = number;
  }
  return state;
}

}  // namespace ports::linux_os
