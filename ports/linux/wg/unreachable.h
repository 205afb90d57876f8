// What the host is told of a packet that leads to no peer: ICMP "host
// unreachable" or its like in IPv6, so that programs fail at once and do not wait.
// Spec: [RFC792] destination unreachable, [RFC1812] 4.3.2, [RFC4443] 2.4, 3.1.
#ifndef PORTS_LINUX_WG_UNREACHABLE_H_
#define PORTS_LINUX_WG_UNREACHABLE_H_

#include "core/base/bytes.h"
#include "core/base/time.h"

namespace ports::linux_os::wg {

class Unreachable {
 public:
  // Messages in a second, at most.
  static constexpr unsigned kPerSecond = 100;

  // The message about an IP packet, whose front it holds. It comes from where the
  // packet was to go: of an address of its own the host would not believe it.
  // Empty: there must be none (about another error, about multicast, about the
  // rest of a fragment), or there were enough. Valid until the next call.
  core::MutBytes message_about(core::Bytes packet, core::Instant now);

 private:
  // What every host takes. [RFC1812] 4.3.2.3, [RFC4443] 2.4 (c)
  static constexpr std::size_t kMaxIpv4Size = 576, kMaxIpv6Size = 1280;

  core::MutBytes write_ipv4(core::Bytes packet);
  core::MutBytes write_ipv6(core::Bytes packet);

  core::Instant second_began_;
  unsigned count_ = 0;  // since then
  core::ByteArray<kMaxIpv6Size> message_;
};

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_UNREACHABLE_H_
