// Addresses and ports to listen on.
#ifndef SERVER_BROKER_SOCKETS_H_
#define SERVER_BROKER_SOCKETS_H_

#include <chrono>

#include "server/broker/outcome.h"

namespace server::broker {

// `port` if it can be listened on at `address` (an IP address; empty: all), or
// a free one if `port` is 0. Errors: kInUse, kBadInput (the address), kSystem.
Outcome<std::uint16_t> probe_port(const std::string& address, std::uint16_t port);

// Whether a TCP connection to `host`, a name or an address, is accepted within
// `limit` for each of its addresses. Errors: kSystem, with the reason.
Outcome<void> reachable(const std::string& host, std::uint16_t port,
                        std::chrono::milliseconds limit);

// True if a TCP connection to `address` (empty: this machine) is accepted.
bool accepts(const std::string& address, std::uint16_t port);

}  // namespace server::broker
#endif  // SERVER_BROKER_SOCKETS_H_
