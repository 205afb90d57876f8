// What lies in ginneld's data folder, and the small files of it that are ours.
#ifndef APPS_GINNELD_DATA_FOLDER_H_
#define APPS_GINNELD_DATA_FOLDER_H_

#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "core/base/time.h"
#include "server/broker/mosquitto.h"
#include "server/broker/outcome.h"
#include "server/store/store.h"

namespace ginneld {

using server::broker::Failure;
using server::broker::Outcome;

struct DataFolder {
  std::filesystem::path path;

  std::filesystem::path ca_pem() const { return path / "ca.pem"; }
  std::filesystem::path ca_crt() const { return path / "ca.crt"; }
  std::filesystem::path server_pem() const { return path / "server.pem"; }
  std::filesystem::path link_pem() const { return path / "ginneld.pem"; }
  std::filesystem::path database() const { return path / "ginnel.db"; }
  std::filesystem::path ports() const { return path / "ports.json"; }
  std::filesystem::path revoked() const { return path / "revoked"; }
  std::filesystem::path tunnel() const { return path / "tunnel.json"; }
  std::filesystem::path endpoints() const { return path / "endpoints"; }
  std::filesystem::path broker() const { return path / "broker"; }
  std::filesystem::path socket() const { return path / "control.sock"; }
};

// Where this site can be reached: ports.json. Written when everything
// listens, read by the commands and by the next start.
struct Addresses {
  std::string host;  // of tokens
  std::uint16_t https_port = 0;
  std::string broker_host;
  std::uint16_t mqtt_port = 0;

  // Nothing if the folder has none yet. Errors: kBadInput.
  static Outcome<std::optional<Addresses>> load(const DataFolder& folder);
  Outcome<void> save(const DataFolder& folder) const;
};

// Whose certificates up to when are refused by the broker: the file
// `revoked`. Revoking and enrolling a name again leaves its entry, so that
// certificates from before stay worthless. Thread-safe.
class Revocations {
 public:
  explicit Revocations(DataFolder folder) : folder_(std::move(folder)) {}
  // Errors: kBadInput.
  Outcome<void> load();
  Outcome<void> add(const std::string& name, core::WallTime now);
  // Adds the devices that the database calls revoked and the file does not:
  // the process ended between the two.
  Outcome<void> complete(const std::vector<server::store::Account>& devices, core::WallTime now);
  std::vector<server::broker::Revocation> list() const;
  // When a certificate for `name` is made at `now`: later than what is revoked.
  core::WallTime certificate_time(const std::string& name, core::WallTime now) const;

 private:
  Outcome<void> save() const;

  const DataFolder folder_;
  mutable std::mutex mutex_;
  std::map<std::string, std::int64_t> until_s_;
};

std::string text_of(const core::DeviceName& name);
core::WallTime wall_now();
core::Instant monotonic_now();

}  // namespace ginneld
#endif  // APPS_GINNELD_DATA_FOLDER_H_
