// The running server: the service with everything around it.
#ifndef APPS_GINNELD_DAEMON_H_
#define APPS_GINNELD_DAEMON_H_

#include <atomic>
#include <memory>
#include <thread>

#include "apps/ginneld/admin.h"
#include "apps/ginneld/control.h"
#include "apps/ginneld/gateway.h"
#include "apps/ginneld/signer.h"
#include "server/broker/authority.h"
#include "server/broker/enrolment_listener.h"
#include "server/broker/files.h"
#include "server/broker/link.h"
#include "server/broker/mosquitto.h"
#include "server/broker/request_queue.h"

namespace ginneld {

struct RunOptions {
  DataFolder folder;
  std::vector<std::string> hosts;  // the first goes into tokens; empty: as before, or localhost
  std::string listen;              // IP address; empty: see Daemon
  std::uint16_t mqtt_port = 8883, https_port = 8443;  // 0: as before, or a free one
  std::string tunnel;                                 // HOST[:PORT]; empty: as before, or none
  std::string interface = "ginnel-gw";                // the tunnel's
  std::string broker;  // URL of an external broker; empty: our own Mosquitto
  std::filesystem::path broker_ca, broker_certificate, broker_key;  // empty: the folder's own
};

// Without an address to listen on, a site named localhost listens on
// 127.0.0.1 and every other on all addresses.
class Daemon {
 public:
  explicit Daemon(RunOptions options) : options_(std::move(options)) {}
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon();

  // Takes the folder, makes what it lacks and starts everything. On return
  // devices can enrol and connect, and ports.json says where.
  Outcome<void> start();
  // Answers what has arrived, then ends everything. Does nothing twice.
  void stop();
  // Renews certificates that are due. Call it now and then.
  void upkeep();

  bool created() const { return created_; }
  const Addresses& addresses() const { return addresses_; }
  std::string ca_fingerprint() const;

 private:
  Outcome<void> open_folder();
  Outcome<void> start_tunnel();
  Outcome<void> update_tunnel();
  Outcome<void> start_own_broker();
  Outcome<void> start_service();
  Outcome<void> start_link();
  std::string listener_pem() const;
  server::broker::EnrolmentListener::Answer enrol(core::Bytes sealed);
  void on_request(server::service::IncomingRequest request);
  void tell_busy(const server::service::IncomingRequest& request);
  void work();
  void publish(const std::vector<server::service::OutgoingPublish>& messages);
  void describe(nlohmann::json& status) const;

  const RunOptions options_;
  const core::Instant started_ = monotonic_now();
  bool created_ = false;
  std::vector<std::string> hosts_;
  std::string listen_;         // for enrolments
  std::string broker_listen_;  // the same, or inside the tunnel
  std::string link_host_;      // by which we reach our own broker
  Addresses addresses_;
  // In the order they are made; destroyed the other way round.
  std::optional<server::broker::FolderLock> lock_;
  std::optional<server::broker::Authority> authority_;
  std::optional<Revocations> revocations_;
  std::optional<Signer> signer_;
  SystemRng rng_;
  std::unique_ptr<server::store::Store> store_;
  std::unique_ptr<server::broker::EnrolmentListener> listener_;
  std::unique_ptr<Gateway> gateway_;
  std::unique_ptr<server::broker::Mosquitto> mosquitto_;
  std::unique_ptr<server::service::Service> service_;
  std::optional<server::broker::RequestQueue> queue_;
  std::unique_ptr<server::broker::Link> link_;
  std::unique_ptr<Admin> admin_;
  std::unique_ptr<ControlServer> control_;
  std::thread worker_;
  std::atomic<bool> serving_{false};
};

}  // namespace ginneld
#endif  // APPS_GINNELD_DAEMON_H_
