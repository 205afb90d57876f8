// A real Mosquitto broker on a loopback port of its own, for tests.
#ifndef TEST_MOSQUITTO_H_
#define TEST_MOSQUITTO_H_

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <thread>

namespace test {

// A TCP port of 127.0.0.1 that was free a moment ago; 0 if there is none.
inline std::uint16_t free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  const bool bound = fd >= 0 && bind(fd, reinterpret_cast<const sockaddr*>(&at), size) == 0 &&
                     getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size) == 0;
  if (fd >= 0) close(fd);
  return bound ? ntohs(at.sin_port) : std::uint16_t{0};
}

// A connected, blocking TCP socket to 127.0.0.1, or -1.
inline int connect_loopback(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  to.sin_port = htons(port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return fd;
  close(fd);
  return -1;
}

// Starts the broker and waits until it takes connections; ends it with the
// object, and if the thread that started it dies.
//   Mosquitto broker(Mosquitto::kAnonymous);
//   ASSERT_TRUE(broker.running()) << broker.log();
class Mosquitto {
 public:
  static constexpr const char* kProgram = "/usr/sbin/mosquitto";
  // One listener for everybody. `%PORT%` and `%DIR%` stand for port() and
  // folder() in any configuration.
  static constexpr const char* kAnonymous = "listener %PORT% 127.0.0.1\nallow_anonymous true\n";

  static bool installed() { return access(kProgram, X_OK) == 0; }

  explicit Mosquitto(const std::string& configuration) : port_(free_port()) {
    std::string folder = (std::filesystem::temp_directory_path() / "ginnel-mosquitto-XXXXXX");
    if (mkdtemp(folder.data()) == nullptr) return;
    folder_ = folder;
    configure(configuration);
    start();
  }
  Mosquitto(const Mosquitto&) = delete;
  Mosquitto& operator=(const Mosquitto&) = delete;
  ~Mosquitto() {
    kill(SIGTERM);
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }

  // Writes the configuration for the next start().
  void configure(std::string text) {
    replace(text, "%PORT%", std::to_string(port_));
    replace(text, "%DIR%", folder_.string());
    // Started by root, Mosquitto would become a user who cannot read the folder.
    if (geteuid() == 0) text = "user root\n" + text;
    std::ofstream(folder_ / "mosquitto.conf") << text;
  }

  // Starts it again on the same port after kill(). True once it takes
  // connections; false if it ended or did not within 10 s.
  bool start() {
    if (pid_ != 0 || folder_.empty()) return false;
    const std::string configuration = folder_ / "mosquitto.conf", log = folder_ / "log";
    const pid_t parent = getpid();
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
      if (getppid() != parent || dup2(out, 1) < 0 || dup2(out, 2) < 0) _exit(126);
      execl(kProgram, kProgram, "-c", configuration.c_str(), nullptr);
      _exit(127);
    }
    if (pid_ < 0) pid_ = 0;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (running() && std::chrono::steady_clock::now() < until) {
      if (const int fd = connect_loopback(port_); fd >= 0) {
        close(fd);
        return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    kill(SIGKILL);
    return false;
  }

  // Ends the broker with SIGTERM (it saves its state) or SIGKILL (a crash) and
  // waits until it is gone. Other signals are only sent.
  void kill(int signal) {
    if (pid_ == 0) return;
    ::kill(pid_, signal);
    if (signal != SIGTERM && signal != SIGKILL) return;
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

  bool running() {
    if (pid_ != 0 && waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = 0;
    return pid_ != 0;
  }
  std::uint16_t port() const { return port_; }
  pid_t pid() const { return pid_; }
  // Configuration and log; removed with the object.
  const std::filesystem::path& folder() const { return folder_; }
  std::string log() const {
    std::ifstream in(folder_ / "log");
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  static void replace(std::string& text, const std::string& what, const std::string& by) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += by.size()) {
      text.replace(at, what.size(), by);
    }
  }

  std::filesystem::path folder_;
  std::uint16_t port_;
  pid_t pid_ = 0;
};

}  // namespace test
#endif  // TEST_MOSQUITTO_H_
