// The Mosquitto that ginneld configures and keeps running: devices and the
// server on one TLS 1.3 listener, client certificates required, each
// certificate's name its owner's user name and client id.
#ifndef SERVER_BROKER_MOSQUITTO_H_
#define SERVER_BROKER_MOSQUITTO_H_

#include <sys/types.h>

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>

#include "server/broker/outcome.h"

namespace server::broker {

// Largest MQTT packet: a request of 64 KiB of mail with room for its frame.
inline constexpr std::size_t kMaxPacketSize = 128 * 1024;

// What the broker's folder is made from. Everything in the folder is written
// anew at each start; the broker itself writes nothing.
struct MosquittoSetup {
  std::filesystem::path folder;  // the broker's own, for example DIR/broker
  std::string listen;            // address; empty: all
  std::uint16_t port = 0;        // of the only listener
  std::filesystem::path ca_file, server_pem, plugin;
};

// Every certificate of `name` made at or before `until_s` (seconds since 1970)
// is revoked.
struct Revocation {
  std::string name;
  std::int64_t until_s = 0;
};

// mosquitto.conf and the access list as texts: functions of the setup.
std::string mosquitto_conf(const MosquittoSetup& setup);
std::string mosquitto_acl();

// Where the plugin lies: beside the running program, in ../server/broker or
// ../lib/ginnel, or in the library folder chosen when it was built.
// Errors: kNotInstalled.
Outcome<std::filesystem::path> find_plugin();

// Supervises one Mosquitto: starts it, starts it again with growing pauses
// (0.1 s to 10 s) when it ends by itself, ends it in the end. The broker dies
// with this process, also by SIGKILL. As root, it runs as user `mosquitto`
// (or `nobody`), which can read its folder and write nowhere.
class Mosquitto {
 public:
  enum class Event : std::uint8_t { kOutput, kStarted, kEnded };
  // Runs on the supervisor's threads. kOutput: a line of the broker's log.
  using OnEvent = std::function<void(Event, const std::string& text)>;

  Mosquitto(MosquittoSetup setup, OnEvent on_event);
  Mosquitto(const Mosquitto&) = delete;
  Mosquitto& operator=(const Mosquitto&) = delete;
  ~Mosquitto();  // stops

  // Ends a broker that a killed process left behind on this folder, writes the
  // folder, starts the broker and waits until it accepts connections.
  // Errors: kNotInstalled, kInUse (the port), kSystem (the broker's last words).
  Outcome<void> start();
  // SIGTERM, after 3 s SIGKILL. Returns when it has ended.
  void stop();

  // Replaces the list of those who are denied everything. A running broker
  // reads it at once and throws out the names that are new in it.
  Outcome<void> set_revoked(std::span<const Revocation> revoked);
  // Takes over renewed certificates; connections stay.
  Outcome<void> reload_certificates();

  pid_t pid() const;  // 0 while it is not running
  std::uint32_t restarts() const;

 private:
  enum class State : std::uint8_t { kStarting, kRunning, kFailed, kStopping };
  struct Child {
    pid_t pid;
    int output;
  };

  Outcome<void> write_folder();
  Outcome<void> write_private(const char* name, const std::string& text);
  Outcome<Child> spawn();
  Outcome<void> wait_until_it_accepts();
  void kill_left_over();
  void supervise();
  void read_output(int fd);
  void on_line(const std::string& line);
  Outcome<void> hang_up();

  const MosquittoSetup setup_;
  const OnEvent on_event_;
  std::filesystem::path program_;
  std::optional<gid_t> group_;  // that may read the folder, if we are root
  uid_t user_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::thread supervisor_;
  State state_ = State::kStarting;
  std::string revoked_;     // the file's text
  std::string last_words_;  // the broker's last line of output
  pid_t pid_ = 0;
  std::uint32_t restarts_ = 0;
  bool serving_ = false;  // it has said that it runs
  bool hang_up_when_up_ = false;
};

}  // namespace server::broker
#endif  // SERVER_BROKER_MOSQUITTO_H_
