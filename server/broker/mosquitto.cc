#include "server/broker/mosquitto.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <vector>

#include "server/broker/files.h"
#include "server/broker/sockets.h"

namespace server::broker {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kShortestPause = 100ms, kLongestPause = 10'000ms;
constexpr auto kSteady = 30s;      // after this long the pauses start anew
constexpr auto kStartLimit = 10s;  // for the first start
constexpr auto kStopLimit = 3s;    // between SIGTERM and SIGKILL
constexpr const char* kPidFile = "pid";

Outcome<std::filesystem::path> find_mosquitto() {
  std::string path = "/usr/sbin:/usr/local/sbin";
  if (const char* own = std::getenv("PATH")) path = std::string(own) + ":" + path;
  std::istringstream folders(path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (folder.empty()) continue;
    const auto program = std::filesystem::path(folder) / "mosquitto";
    if (::access(program.c_str(), X_OK) == 0) return program;
  }
  return Failure{Failure::Kind::kNotInstalled,
                 "the program mosquitto is not installed; on Debian: apt-get install mosquitto"
                 " (or name a broker of your own with --broker)"};
}

// The time, in clock ticks, at which process `pid` started; empty if it is not
// there or is not Mosquitto. Tells a process from a later one with its number.
std::string start_of(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(file, text)) return "";
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos || text.find("(mosquitto)") == std::string::npos) return "";
  std::istringstream fields(text.substr(name_end + 1));
  std::string field;
  for (int i = 0; i < 20 && fields >> field; ++i) {
    if (i == 0 && field == "Z") return "";
  }
  return field;
}

// What a forked child does: nothing but system calls until exec. Never returns.
[[noreturn]] void become_broker(const char* folder, const char* program, const uid_t* user,
                                const gid_t* group, int output, pid_t parent) {
  // A folder that the user could not walk down to is still his working folder.
  bool ok = ::chdir(folder) == 0;
  if (user) {
    ok = ok && ::setgroups(0, nullptr) == 0 && ::setgid(*group) == 0 && ::setuid(*user) == 0;
  }
  // After the change of user, which would clear it.
  ok = ok && ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == parent;
  const int nothing = ::open("/dev/null", O_RDONLY);
  ok = ok && ::dup2(nothing, 0) == 0 && ::dup2(output, 1) == 1 && ::dup2(output, 2) == 2;
  if (::syscall(SYS_close_range, 3U, ~0U, 0U) != 0) {
    for (int fd = 3; fd < 1024; ++fd) ::close(fd);
  }
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGUSR1, SIGUSR2}) {
    ::signal(number, SIG_DFL);
  }
  // It listens before it handles signals: a hang_up() in between must not end it.
  ::signal(SIGHUP, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const char* const arguments[] = {"mosquitto", "-c", "mosquitto.conf", nullptr};
  if (ok) ::execv(program, const_cast<char* const*>(arguments));
  constexpr char kText[] = "Error: ginneld cannot run mosquitto as its user in its folder\n";
  [[maybe_unused]] const auto written = ::write(2, kText, sizeof(kText) - 1);
  ::_exit(127);
}

}  // namespace

Mosquitto::Mosquitto(MosquittoSetup setup, OnEvent on_event)
    : setup_(std::move(setup)), on_event_(std::move(on_event)) {}

Mosquitto::~Mosquitto() { stop(); }

Outcome<void> Mosquitto::start() {
  program_ = TRY(find_mosquitto());
  if (::geteuid() == 0) {
    const passwd* user = getpwnam("mosquitto");
    if (!user) user = getpwnam("nobody");
    if (!user || user->pw_uid == 0) {
      return Failure{Failure::Kind::kNotInstalled,
                     "there is neither a user mosquitto nor nobody to run the broker as"};
    }
    user_ = user->pw_uid;
    group_ = user->pw_gid;
  }
  TRY(make_folder(setup_.folder, 0700));
  kill_left_over();
  TRY(probe_port(setup_.listen, setup_.port));
  TRY(write_folder());
  state_ = State::kStarting;
  supervisor_ = std::thread([this] { supervise(); });
  auto ready = wait_until_it_accepts();
  if (!ready) {
    stop();
    return ready;
  }
  return {};
}

Outcome<void> Mosquitto::write_private(const char* name, const std::string& text) {
  const auto path = setup_.folder / name;
  TRY(write_file(path, text, 0600));
  if (group_ && (::chown(path.c_str(), 0, *group_) != 0 || ::chmod(path.c_str(), 0640) != 0)) {
    return system_failure("cannot let the broker read " + path.string());
  }
  return {};
}

Outcome<void> Mosquitto::write_folder() {
  if (::chmod(setup_.folder.c_str(), group_ ? 0750 : 0700) != 0 ||
      (group_ && ::chown(setup_.folder.c_str(), 0, *group_) != 0)) {
    return system_failure("cannot set the owner of " + setup_.folder.string());
  }
  // Copies, so that the broker needs no way to any other folder of ours.
  const std::pair<const char*, const std::filesystem::path*> copies[] = {
      {"ca.crt", &setup_.ca_file},
      {"server.pem", &setup_.server_pem},
      {"libginnel_mosquitto.so", &setup_.plugin}};
  for (const auto& [name, from] : copies) {
    const auto text = TRY(read_file(*from));
    if (!text) return Failure{Failure::Kind::kNotInstalled, from->string() + " is missing"};
    TRY(write_private(name, *text));
  }
  TRY(write_private("acl", mosquitto_acl()));
  TRY(write_private("revoked", revoked_));
  return write_private("mosquitto.conf", mosquitto_conf(setup_));
}

void Mosquitto::kill_left_over() {
  const auto text = read_file(setup_.folder / kPidFile);
  if (!text || !*text) return;
  std::istringstream in(**text);
  pid_t pid = 0;
  std::string started;
  if (!(in >> pid >> started) || pid <= 1) return;
  for (int i = 0; i < 200 && start_of(pid) == started; ++i) {
    ::kill(pid, SIGKILL);
    std::this_thread::sleep_for(10ms);
  }
}

Outcome<Mosquitto::Child> Mosquitto::spawn() {
  std::array<int, 2> output{};
  if (::pipe2(output.data(), O_CLOEXEC) != 0) return system_failure("cannot make a pipe");
  const std::string folder = setup_.folder.string(), program = program_.string();
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    become_broker(folder.c_str(), program.c_str(), group_ ? &user_ : nullptr,
                  group_ ? &*group_ : nullptr, output[1], parent);
  }
  ::close(output[1]);
  if (pid < 0) {
    ::close(output[0]);
    return system_failure("cannot start mosquitto");
  }
  // Only a broker whose number is on disk can be found again; the signal at
  // our death ends it in any case.
  for (int i = 0; i < 200 && start_of(pid).empty(); ++i) {
    siginfo_t ended{};
    ::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOHANG | WNOWAIT);
    if (ended.si_pid == pid) break;
    std::this_thread::sleep_for(5ms);
  }
  (void)write_file(setup_.folder / kPidFile, std::to_string(pid) + " " + start_of(pid) + "\n",
                   0600);
  return Child{pid, output[0]};
}

void Mosquitto::read_output(int fd) {
  std::string line;
  std::array<char, 1024> part;
  while (true) {
    const ssize_t n = ::read(fd, part.data(), part.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    for (const char c : std::string_view(part.data(), static_cast<std::size_t>(n))) {
      if (c != '\n') {
        if (line.size() < 1000) line += c;
        continue;
      }
      if (!line.empty()) on_line(line);
      line.clear();
    }
  }
}

void Mosquitto::on_line(const std::string& line) {
  {
    const std::lock_guard lock(mutex_);
    last_words_ = line;
    if (!serving_ && line.ends_with(" running")) {
      serving_ = true;
      changed_.notify_all();
      if (std::exchange(hang_up_when_up_, false)) ::kill(pid_, SIGHUP);
    }
  }
  on_event_(Event::kOutput, line);
}

// Runs on one thread from start() to stop(): the kernel's signal at our death
// is bound to the thread that forked.
void Mosquitto::supervise() {
  auto pause = kShortestPause;
  while (true) {
    const auto started = Clock::now();
    auto child = spawn();
    if (child) {
      {
        const std::lock_guard lock(mutex_);
        pid_ = child->pid;
        if (state_ == State::kStopping) ::kill(pid_, SIGTERM);
      }
      on_event_(Event::kStarted, std::to_string(child->pid));
      read_output(child->output);  // until it ends
      ::close(child->output);
      siginfo_t ended;
      while (::waitid(P_PID, static_cast<id_t>(child->pid), &ended, WEXITED | WNOWAIT) != 0 &&
             errno == EINTR) {
      }
    }
    std::unique_lock lock(mutex_);
    serving_ = false;
    pid_ = 0;  // before the number is free for another process
    if (child) ::waitpid(child->pid, nullptr, 0);
    if (!child) last_words_ = child.error().text;
    if (state_ == State::kStarting) state_ = State::kFailed;
    changed_.notify_all();
    if (state_ != State::kRunning) return;
    lock.unlock();
    on_event_(Event::kEnded, last_words_);
    lock.lock();
    if (Clock::now() - started > kSteady) pause = kShortestPause;
    changed_.wait_for(lock, pause, [this] { return state_ == State::kStopping; });
    if (state_ == State::kStopping) return;
    pause = std::min(2 * pause, std::chrono::milliseconds(kLongestPause));
    ++restarts_;
  }
}

Outcome<void> Mosquitto::wait_until_it_accepts() {
  const auto limit = Clock::now() + kStartLimit;
  // A version that does not say that it runs is believed after a while.
  const auto silent_limit = Clock::now() + kStartLimit / 4;
  std::unique_lock lock(mutex_);
  while (Clock::now() < limit) {
    changed_.wait_for(lock, 10ms, [this] { return state_ == State::kFailed; });
    if (state_ == State::kFailed) {
      return Failure{Failure::Kind::kSystem, "mosquitto ended at once; its last words: " +
                                                 (last_words_.empty() ? "none" : last_words_)};
    }
    const bool forked = pid_ != 0, serving = serving_;
    lock.unlock();
    const bool open = forked && accepts(setup_.listen, setup_.port);
    lock.lock();
    if (open && !serving && Clock::now() < silent_limit) continue;
    if (open && state_ == State::kStarting) {
      state_ = State::kRunning;
      return {};
    }
  }
  return Failure{Failure::Kind::kSystem, "mosquitto does not accept connections"};
}

void Mosquitto::stop() {
  if (!supervisor_.joinable()) return;
  {
    std::unique_lock lock(mutex_);
    if (state_ != State::kFailed) state_ = State::kStopping;
    changed_.notify_all();
    if (pid_ > 0) ::kill(pid_, SIGTERM);
    if (!changed_.wait_for(lock, kStopLimit, [this] { return pid_ == 0; })) {
      ::kill(pid_, SIGKILL);
    }
  }
  supervisor_.join();
  std::error_code error;
  std::filesystem::remove(setup_.folder / kPidFile, error);
}

Outcome<void> Mosquitto::hang_up() {
  const std::lock_guard lock(mutex_);
  // Before it has set up its signals, SIGHUP would end it.
  if (!serving_) {
    hang_up_when_up_ = true;
    return {};
  }
  if (pid_ > 0 && ::kill(pid_, SIGHUP) != 0) return system_failure("cannot signal the broker");
  return {};
}

Outcome<void> Mosquitto::set_revoked(std::span<const Revocation> revoked) {
  std::string text;
  for (const auto& entry : revoked) {
    text += entry.name + " " + std::to_string(entry.until_s) + "\n";
  }
  if (text == revoked_) return {};
  revoked_ = text;
  if (!supervisor_.joinable()) return {};  // start() writes it
  TRY(write_private("revoked", text));
  return hang_up();
}

Outcome<void> Mosquitto::reload_certificates() {
  const auto pem = TRY(read_file(setup_.server_pem));
  if (!pem) return Failure{Failure::Kind::kSystem, setup_.server_pem.string() + " is missing"};
  TRY(write_private("server.pem", *pem));
  return hang_up();
}

pid_t Mosquitto::pid() const {
  const std::lock_guard lock(mutex_);
  return pid_;
}

std::uint32_t Mosquitto::restarts() const {
  const std::lock_guard lock(mutex_);
  return restarts_;
}

}  // namespace server::broker
