// The operator's commands, on a service: the same whether they come over the
// control socket or the server is not running.
#ifndef APPS_GINNELD_ADMIN_H_
#define APPS_GINNELD_ADMIN_H_

#include <functional>
#include <nlohmann/json.hpp>

#include "apps/ginneld/data_folder.h"
#include "server/service/service.h"

namespace ginneld {

// Exit codes of all commands, as --help states them.
enum class Exit : int {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,
  kNotRunning = 3,
  kRefused = 4,       // the name is reserved, unknown or not a name
  kInUse = 5,         // the data folder or a port belongs to another process
  kNotInstalled = 6,  // Mosquitto or its plugin is missing
};

Exit exit_code(const Failure& failure);

class Admin {
 public:
  // `on_revoked` tells the broker; `describe` adds what only a running server
  // knows to its status. Both may be empty.
  Admin(server::service::Service& service, Revocations& revocations,
        std::function<void()> on_revoked, std::function<void(nlohmann::json&)> describe)
      : service_(service),
        revocations_(revocations),
        on_revoked_(std::move(on_revoked)),
        describe_(std::move(describe)) {}

  // {"command": "status" | "devices" | "invite" | "revoke", ...} to an object
  // with "ok"; if that is false, with "error" (a sentence) and "exit" (a
  // number of Exit). Any JSON value is answered.
  nlohmann::json execute(const nlohmann::json& request);

 private:
  nlohmann::json status();
  nlohmann::json devices();
  nlohmann::json invite(const std::string& name, std::int64_t ttl_s);
  nlohmann::json revoke(const std::string& name);

  server::service::Service& service_;
  Revocations& revocations_;
  const std::function<void()> on_revoked_;
  const std::function<void(nlohmann::json&)> describe_;
};

}  // namespace ginneld
#endif  // APPS_GINNELD_ADMIN_H_
