// Names to addresses without stopping the event loop.
#ifndef PORTS_LINUX_RESOLVER_H_
#define PORTS_LINUX_RESOLVER_H_

#include <sys/socket.h>

#include <string>
#include <vector>

#include "ports/linux/problem.h"
#include "ports/linux/system.h"

namespace ports::linux_os {

struct SocketAddress {
  sockaddr_storage storage;
  socklen_t size;
};

inline constexpr std::size_t kMaxAddresses = 8;

// Starts to resolve in a thread of its own that shares nothing with us but
// the returned descriptor: readable when there is an answer. Closing it
// forgets the question. IP addresses are answered at once.
Outcome<Fd> start_resolving(const std::string& host, std::uint16_t port);

// Takes the answer: 1 to kMaxAddresses addresses. REQUIRES: readable.
// Errors: kNetwork with the resolver's reason.
Outcome<std::vector<SocketAddress>> finish_resolving(const Fd& resolver, const std::string& host);

// True iff `host` is an IPv4 or IPv6 address and not a name.
bool is_ip_address(const std::string& host);

}  // namespace ports::linux_os
#endif  // PORTS_LINUX_RESOLVER_H_
