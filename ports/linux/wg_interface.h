// A WireGuard interface from outside: its configuration socket, and what
// iproute2 sets. Serves both ends of a site's tunnel.
// Spec: docs/spec/wg-uapi.md.
#ifndef PORTS_LINUX_WG_INTERFACE_H_
#define PORTS_LINUX_WG_INTERFACE_H_

#include <string>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "ports/linux/files.h"

namespace ports::linux_os {

using InsideAddress = core::ByteArray<16>;  // IPv6

// Whether this process may make interfaces. Errors: kInternal, with what it
// lacks: CAP_NET_ADMIN, or /dev/net/tun.
Done may_make_interfaces();

// 1 to 15 characters that can stand in a path and in a command.
bool is_interface_name(std::string_view name);

// The lines of an answer, as key and value, without its errno.
using WgAnswer = std::vector<std::pair<std::string, std::string>>;
// One request, its empty line included, to the program that serves `name`.
// Errors: kNetwork (nobody serves it), kInternal (not allowed, or no answer),
// kRefused (an errno).
Outcome<WgAnswer> ask_interface(const std::string& name, const SecretText& request);

// 64 hexadecimal digits; time does not depend on the bytes.
void append_hex(std::string& text, core::Bytes bytes);

// "fd00::1".
std::string address_text(const InsideAddress& address);
// The interface that has `address`; empty if none has.
std::string interface_with(const InsideAddress& address);

// Gives the interface its MTU and its only address, and brings it up. Errors:
// kInternal, with what ip(8) said.
Done set_up_interface(const std::string& name, const InsideAddress& address, unsigned mtu);
// Runs `ip -6 WORDS`. Errors: kInternal, with what it said.
Done run_ip(std::vector<std::string> words);

}  // namespace ports::linux_os
#endif  // PORTS_LINUX_WG_INTERFACE_H_
