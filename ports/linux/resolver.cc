#include "ports/linux/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

namespace ports::linux_os {
namespace {

// What the thread writes, in one packet: plain data, so that a packet is
// complete or absent.
struct Answer {
  int error = 0;  // of getaddrinfo
  std::uint32_t count = 0;
  std::array<SocketAddress, kMaxAddresses> address{};
};

Answer resolve(const std::string& host, std::uint16_t port) {
  Answer answer;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | (is_ip_address(host) ? AI_NUMERICHOST : 0);
  addrinfo* list = nullptr;
  answer.error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
  if (answer.error != 0) return answer;
  for (const addrinfo* a = list; a && answer.count < kMaxAddresses; a = a->ai_next) {
    if (a->ai_addrlen > sizeof(sockaddr_storage)) continue;
    auto& address = answer.address[answer.count++];
    std::memcpy(&address.storage, a->ai_addr, a->ai_addrlen);
    address.size = a->ai_addrlen;
  }
  freeaddrinfo(list);
  return answer;
}

void resolve_to(const std::string& host, std::uint16_t port, const Fd& to) {
  const Answer answer = resolve(host, port);
  (void)!send(to.get(), &answer, sizeof answer, MSG_NOSIGNAL);
}

}  // namespace

bool is_ip_address(const std::string& host) {
  in6_addr address{};
  return inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

Outcome<Fd> start_resolving(const std::string& host, std::uint16_t port) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
    return system_problem(ProblemKind::kInternal, "No socket to be had");
  }
  Fd ours(pair[0]), theirs(pair[1]);
  if (is_ip_address(host)) {
    resolve_to(host, port, theirs);
    return ours;
  }
  try {
    std::thread([host, port, to = std::move(theirs)] { resolve_to(host, port, to); }).detach();
  } catch (const std::system_error& e) {
    return Problem{ProblemKind::kInternal, std::string("No thread to be had: ") + e.what(), {}};
  }
  return ours;
}

Outcome<std::vector<SocketAddress>> finish_resolving(const Fd& resolver, const std::string& host) {
  Answer answer;
  const auto size = recv(resolver.get(), &answer, sizeof answer, 0);
  if (size != sizeof answer) answer = {EAI_FAIL, 0, {}};
  if (answer.error != 0 || answer.count == 0) {
    const char* reason = answer.error != 0 ? gai_strerror(answer.error) : "no address";
    return Problem{ProblemKind::kNetwork,
                   "The name " + host + " cannot be resolved: " + reason + ".",
                   "Check the network connection and the name server."};
  }
  return std::vector<SocketAddress>(answer.address.begin(), answer.address.begin() + answer.count);
}

}  // namespace ports::linux_os
