// Peers that are known by a host name: when one has been silent through a
// whole handshake attempt, its name is asked for anew.
#ifndef PORTS_LINUX_WG_ENDPOINT_NAMES_H_
#define PORTS_LINUX_WG_ENDPOINT_NAMES_H_

#include <string>
#include <string_view>
#include <vector>

#include "ports/linux/wg/gateway.h"

namespace ports::linux_os::wg {

struct PeerName {
  core::ByteArray<32> public_key;
  std::string host;
  std::uint16_t port = 0;
};

// The names in a file as wg(8) and wg-quick(8) read it: `Endpoint` lines of
// [Peer] sections that hold no address. All else is theirs and is skipped.
std::vector<PeerName> peer_names(std::string_view text);

class EndpointNames {
 public:
  // How long a peer is silent before its name is asked for, and how often then.
  static constexpr std::int64_t kSilenceMs = 90'000;

  // Errors: kStore.
  static Outcome<EndpointNames> read(const std::string& path);

  // Readable when an answer is there; -1: no question is open.
  int fd() const { return question_.get(); }
  core::Instant next_check() const { return next_check_; }
  // Looks for a silent peer and asks for its name; one at a time.
  void check(const Gateway& gateway, core::Instant now);
  // Takes the answer and sets the peer's endpoint if it is another.
  void take_answer(Gateway& gateway);

 private:
  static constexpr std::int64_t kCheckIntervalMs = 5'000;
  struct Watched {
    PeerName name;
    std::uint64_t rx_bytes = 0;
    std::uint64_t initiations_sent = 0;
    core::Instant heard_at{INT64_MIN / 2};
    std::size_t answers = 0;  // so far, to try the addresses of a name in turn
  };

  explicit EndpointNames(std::vector<PeerName> names);
  bool is_silent(const Gateway& gateway, Watched& watched, core::Instant now) const;

  std::vector<Watched> watched_;
  std::size_t asked_ = 0;  // whose name the open question is of
  Fd question_;
  core::Instant next_check_;
};

}  // namespace ports::linux_os::wg
#endif  // PORTS_LINUX_WG_ENDPOINT_NAMES_H_
