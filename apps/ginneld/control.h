// The local socket by which commands talk to the running server: one line of
// JSON there, one line back. Mode 0600: only the server's user and root.
#ifndef APPS_GINNELD_CONTROL_H_
#define APPS_GINNELD_CONTROL_H_

#include <atomic>
#include <functional>
#include <nlohmann/json.hpp>
#include <thread>

#include "apps/ginneld/data_folder.h"

namespace ginneld {

class ControlServer {
 public:
  // Runs on the socket's thread, one request at a time.
  using OnRequest = std::function<nlohmann::json(const nlohmann::json&)>;

  ControlServer(DataFolder folder, OnRequest on_request)
      : folder_(std::move(folder)), on_request_(std::move(on_request)) {}
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;
  ~ControlServer() { stop(); }

  // REQUIRES: this process holds the folder; a socket left there is replaced.
  Outcome<void> start();
  void stop();

 private:
  void run();
  void serve(int connection) const;

  const DataFolder folder_;
  const OnRequest on_request_;
  std::atomic<bool> stopping_{false};
  int listener_ = -1;
  std::thread thread_;
};

// Asks the server that runs on `folder`; nothing if there is none.
Outcome<std::optional<nlohmann::json>> ask(const DataFolder& folder, const nlohmann::json& request);

}  // namespace ginneld
#endif  // APPS_GINNELD_CONTROL_H_
