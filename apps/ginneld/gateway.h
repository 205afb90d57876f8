// The site's end of the tunnel: a supervised ginnel-wg, its peers, its address.
// Spec: docs/spec/enrolment.md tunnel.
#ifndef APPS_GINNELD_GATEWAY_H_
#define APPS_GINNELD_GATEWAY_H_

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "apps/ginneld/data_folder.h"
#include "apps/ginneld/endpoints.h"
#include "ports/linux/wg_interface.h"
#include "server/service/tunnel.h"

namespace ginneld {

// What tunnel.json keeps: made once, except where devices reach us.
struct TunnelIdentity {
  core::Secret<32> private_key;
  core::ByteArray<8> prefix{};  // fdXX:XXXX:XXXX:0, random
  std::string host;             // outside: name or address
  std::uint16_t port = 0;       // UDP

  // What is in the folder, with `endpoint` (HOST, HOST:PORT, [IPV6]:PORT) in
  // place of the address there; made if there is none. Nothing if there is
  // none and `endpoint` is empty. Errors: kBadInput, kSystem.
  static Outcome<std::optional<TunnelIdentity>> open(const DataFolder& folder,
                                                     const std::string& endpoint);
  server::service::SiteTunnel site() const;
  ports::linux_os::InsideAddress address() const;
};

// Thread-safe. The interface dies with this process, also by SIGKILL.
class Gateway {
 public:
  // `endpoints` is the file that keeps where devices are.
  Gateway(TunnelIdentity identity, std::string interface, std::filesystem::path endpoints)
      : identity_(std::move(identity)),
        interface_(std::move(interface)),
        endpoints_path_(std::move(endpoints)) {}
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;
  ~Gateway() { stop(); }

  // Starts ginnel-wg and waits until the interface is up with these peers. From
  // then on it is started again when it ends.
  // Errors: kBadInput (interface), kNotInstalled, kSystem (rights and others).
  Outcome<void> start(const std::vector<server::store::TunnelPeer>& peers);
  // Makes these the only peers; in force on return if the interface is up.
  Outcome<void> set_peers(const std::vector<server::store::TunnelPeer>& peers);
  void stop();

  const TunnelIdentity& identity() const { return identity_; }
  const std::string& interface() const { return interface_; }
  pid_t pid() const { return pid_; }  // 0 while it is not running
  std::uint32_t restarts() const { return restarts_; }
  // Peers with a session: whose last handshake is less than 180 s ago.
  std::size_t connected() const;
  std::size_t peer_count() const;

 private:
  using Key = core::ByteArray<32>;
  struct Peer {
    core::ByteArray<32> preshared_key{};
    core::ByteArray<8> host{};
    bool operator==(const Peer&) const = default;
  };
  using Peers = std::map<Key, Peer>;

  void supervise();
  pid_t spawn() const;
  Outcome<void> wait_for_socket(pid_t pid) const;
  Outcome<void> configure();
  void append_peer(std::string& text, const Key& key, const Peer& peer) const;
  Outcome<void> keep_inside() const;
  Outcome<void> call_devices() const;
  void watch(pid_t pid);
  void remember_endpoints();

  const TunnelIdentity identity_;
  const std::string interface_;
  const std::filesystem::path endpoints_path_;
  std::string program_;
  Endpoints endpoints_;  // the supervisor's alone

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::thread supervisor_;
  Peers peers_;
  bool up_ = false, stopping_ = false;
  std::optional<Failure> failed_;  // of the last attempt
  std::atomic<pid_t> pid_{0};
  std::atomic<std::uint32_t> restarts_{0};
};

}  // namespace ginneld
#endif  // APPS_GINNELD_GATEWAY_H_
