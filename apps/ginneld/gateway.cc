#include "apps/ginneld/gateway.h"

#include <fcntl.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>

#include "ports/linux/program.h"
#include "ports/linux/system.h"

namespace ginneld {
namespace {

using namespace std::chrono_literals;
using ports::linux_os::SecretText;
using Clock = std::chrono::steady_clock;

constexpr auto kShortestPause = 100ms, kLongestPause = 10'000ms;
constexpr auto kSteady = 30s;       // after this long the pauses start anew
constexpr auto kStartLimit = 20s;   // for the first start
constexpr auto kSocketLimit = 10s;  // for ginnel-wg to answer
constexpr std::int64_t kSessionS = 180;
// How often endpoints are looked at; with many peers that is much to read.
constexpr int kLookMs = 2'000, kLookAtManyMs = 60'000;
constexpr std::size_t kMany = 1000;
// Ahead of the main table's rule, 32766.
constexpr const char* kRuleInside = "5180";
constexpr const char* kRuleNowhere = "5181";

Failure failure_of(const ports::linux_os::Problem& problem) {
  std::string text = problem.text;
  while (!text.empty() && (text.back() == '.' || text.back() == '\n')) text.pop_back();
  if (!problem.advice.empty()) text += ". " + problem.advice;
  return {Failure::Kind::kSystem, text};
}

Outcome<void> outcome_of(const ports::linux_os::Done& done) {
  if (done) return {};
  return failure_of(done.error());
}

Outcome<void> ask(const std::string& interface, std::string& text) {
  const SecretText request(text);
  core::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  const auto answer = ports::linux_os::ask_interface(interface, request);
  if (!answer) return failure_of(answer.error());
  return {};
}

// What a forked child does: system calls only. Never returns.
[[noreturn]] void become_gateway(const char* program, const char* interface, pid_t parent) {
  const bool ok = ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == parent;
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGPIPE}) ::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, 0);
  ::dup2(2, 1);
  const char* const arguments[] = {"ginnel-wg", "-f", interface, nullptr};
  if (ok) ::execv(program, const_cast<char* const*>(arguments));
  ::_exit(127);
}

}  // namespace

Outcome<void> Gateway::start(const std::vector<server::store::TunnelPeer>& peers) {
  if (!ports::linux_os::is_interface_name(interface_)) {
    return Failure{Failure::Kind::kBadInput, "\"" + interface_ +
                                                 "\" is no name for an interface: use 1 to 15 "
                                                 "letters, digits, - and _"};
  }
  TRY(outcome_of(ports::linux_os::may_make_interfaces()));
  program_ = ports::linux_os::find_program("ginnel-wg");
  if (program_.empty()) {
    return Failure{Failure::Kind::kNotInstalled,
                   "the program ginnel-wg is neither beside ginneld nor in PATH"};
  }
  TRY(set_peers(peers));
  supervisor_ = std::thread([this] { supervise(); });
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kStartLimit, [this] { return up_; });
  if (up_) return {};
  const Failure why = failed_.value_or(Failure{Failure::Kind::kSystem, "it does not start"});
  lock.unlock();
  stop();
  return Failure{why.kind, "the tunnel's gateway: " + why.text};
}

void Gateway::append_peer(std::string& text, const Key& key, const Peer& peer) const {
  text += "public_key=";
  ports::linux_os::append_hex(text, key);
  text += "\npreshared_key=";
  ports::linux_os::append_hex(text, peer.preshared_key);
  text +=
      "\nreplace_allowed_ips=true\nallowed_ip=" +
      ports::linux_os::address_text(server::service::inside_address(identity_.prefix, peer.host)) +
      "/128\n";
}

Outcome<void> Gateway::set_peers(const std::vector<server::store::TunnelPeer>& peers) {
  Peers wanted;
  for (const auto& peer : peers) wanted[peer.public_key] = {peer.preshared_key, peer.host};
  const std::lock_guard lock(mutex_);
  std::string text = "set=1\n";
  text.reserve(64 + 384 * (peers.size() + peers_.size()));
  const std::size_t empty = text.size();
  for (const auto& [key, peer] : peers_) {
    if (wanted.contains(key)) continue;
    text += "public_key=";
    ports::linux_os::append_hex(text, key);
    text += "\nremove=true\n";
  }
  for (const auto& [key, peer] : wanted) {
    const auto before = peers_.find(key);
    if (before == peers_.end() || !(before->second == peer)) append_peer(text, key, peer);
  }
  peers_ = std::move(wanted);
  if (!up_ || text.size() == empty) return {};
  text += "\n";
  auto done = ask(interface_, text);
  // One that is not as it should be is made anew, with the peers of now.
  if (!done && pid_ != 0) ::kill(pid_, SIGKILL);
  return done;
}

pid_t Gateway::spawn() const {
  const pid_t parent = ::getpid();
  const char* const program = program_.c_str();
  const char* const interface = interface_.c_str();
  const pid_t pid = ::fork();
  if (pid == 0) become_gateway(program, interface, parent);
  return pid;
}

Outcome<void> Gateway::wait_for_socket(pid_t pid) const {
  const auto limit = Clock::now() + kSocketLimit;
  while (Clock::now() < limit) {
    siginfo_t ended{};
    ::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOHANG | WNOWAIT);
    if (ended.si_pid == pid) {
      return Failure{Failure::Kind::kSystem, "ginnel-wg ended at once; what it said is in the log"};
    }
    if (ports::linux_os::ask_interface(interface_, SecretText("get=1\n\n"))) return {};
    std::this_thread::sleep_for(20ms);
  }
  return Failure{Failure::Kind::kSystem, "ginnel-wg does not answer"};
}

// Linux accepts a packet for any of its addresses on any interface. Without
// these rules whoever can send us one from outside could reach the address
// inside; with them nothing that this address says leaves but by the tunnel.
Outcome<void> Gateway::keep_inside() const {
  const std::string own = ports::linux_os::address_text(identity_.address());
  const std::string all = ports::linux_os::address_text(server::service::inside_address(
                              identity_.prefix, core::ByteArray<8>{})) +
                          "/64";
  const std::vector<std::string> inside{"from",   own,    "to",   all,
                                        "lookup", "main", "pref", kRuleInside};
  const std::vector<std::string> nowhere{"from", own, "pref", kRuleNowhere, "unreachable"};
  for (const auto& rule : {inside, nowhere}) {
    auto words = rule;
    words.insert(words.begin(), {"rule", "delete"});
    (void)ports::linux_os::run_ip(words);  // of an earlier start
    words[1] = "add";
    TRY(outcome_of(ports::linux_os::run_ip(words)));
  }
  return outcome_of(ports::linux_os::run_ip({"route", "replace", all, "dev", interface_}));
}

// A keepalive that is turned on is sent at once, and needs a handshake first.
Outcome<void> Gateway::call_devices() const {
  std::string on = "set=1\n", off = on;
  for (const auto& [key, endpoint] : endpoints_) {
    if (!peers_.contains(key)) continue;
    std::string peer = "public_key=";
    ports::linux_os::append_hex(peer, key);
    peer += "\nupdate_only=true\n";
    on += peer + "endpoint=" + endpoint + "\npersistent_keepalive_interval=25\n";
    off += peer + "persistent_keepalive_interval=0\n";
  }
  on += "\n";
  off += "\n";
  TRY(ask(interface_, on));
  return ask(interface_, off);
}

void Gateway::remember_endpoints() {
  const auto answer = ports::linux_os::ask_interface(interface_, SecretText("get=1\n\n"));
  if (!answer) return;
  // Those that are away now may be where they were.
  Endpoints all = endpoints_;
  for (const auto& [key, endpoint] : endpoints_in(*answer)) all[key] = endpoint;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(all, [this](const auto& entry) { return !peers_.contains(entry.first); });
  }
  if (all == endpoints_) return;
  endpoints_ = std::move(all);
  if (const auto saved = save_endpoints(endpoints_, endpoints_path_); !saved) {
    spdlog::warn("cannot keep where devices are: {}", saved.error().text);
  }
}

// Until the process has ended.
void Gateway::watch(pid_t pid) {
  const ports::linux_os::Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  pollfd ended{process.get(), POLLIN, 0};
  while (process.valid()) {
    const int found = ::poll(&ended, 1, peer_count() > kMany ? kLookAtManyMs : kLookMs);
    if (found > 0) break;
    if (found == 0) remember_endpoints();
  }
}

// The lock is held from the peers' reading to up_, so that no change is lost.
Outcome<void> Gateway::configure() {
  const std::lock_guard lock(mutex_);
  std::string text = "set=1\n";
  text.reserve(512 + 384 * peers_.size());
  text += "private_key=";
  ports::linux_os::append_hex(text, identity_.private_key.view());
  text += "\nlisten_port=" + std::to_string(identity_.port) + "\nreplace_peers=true\n";
  for (const auto& [key, peer] : peers_) append_peer(text, key, peer);
  text += "\n";
  TRY(ask(interface_, text));
  TRY(outcome_of(
      ports::linux_os::set_up_interface(interface_, identity_.address(), identity_.site().mtu)));
  TRY(keep_inside());
  TRY(call_devices());
  up_ = true;
  failed_.reset();
  changed_.notify_all();
  return {};
}

// Runs on one thread from start() to stop(): the kernel's signal at our death
// is bound to the thread that forked.
void Gateway::supervise() {
  endpoints_ = load_endpoints(endpoints_path_);
  auto pause = kShortestPause;
  while (true) {
    const auto started = Clock::now();
    const pid_t pid = spawn();
    Outcome<void> done = Failure{Failure::Kind::kSystem, "cannot start ginnel-wg"};
    if (pid > 0) {
      {
        const std::lock_guard lock(mutex_);
        pid_ = pid;
        if (stopping_) ::kill(pid, SIGTERM);
      }
      done = wait_for_socket(pid);
      if (done) done = configure();
      if (!done) ::kill(pid, SIGKILL);
      if (done) {
        spdlog::info("tunnel up interface={} pid={}", interface_, pid);
        watch(pid);
      }
      siginfo_t ended;
      while (::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT) != 0 &&
             errno == EINTR) {
      }
    }
    std::unique_lock lock(mutex_);
    up_ = false;
    pid_ = 0;  // before the number is free for another process
    if (pid > 0) ::waitpid(pid, nullptr, 0);
    if (!done) failed_ = done.error();
    if (stopping_) return;
    lock.unlock();
    spdlog::error("tunnel ended reason=\"{}\"", done ? "ginnel-wg ended" : done.error().text);
    lock.lock();
    if (Clock::now() - started > kSteady) pause = kShortestPause;
    changed_.wait_for(lock, pause, [this] { return stopping_; });
    if (stopping_) return;
    pause = std::min(2 * pause, std::chrono::milliseconds(kLongestPause));
    ++restarts_;
  }
}

void Gateway::stop() {
  if (!supervisor_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (pid_ != 0) ::kill(pid_, SIGTERM);
    changed_.notify_all();
  }
  supervisor_.join();
}

std::size_t Gateway::connected() const {
  const auto answer = ports::linux_os::ask_interface(interface_, SecretText("get=1\n\n"));
  if (!answer) return 0;
  std::size_t count = 0;
  for (const auto& [key, value] : *answer) {
    if (key != "last_handshake_time_sec") continue;
    const auto at_s = std::strtoll(value.c_str(), nullptr, 10);
    if (at_s != 0 && wall_now().ms / 1000 - at_s < kSessionS) ++count;
  }
  return count;
}

std::size_t Gateway::peer_count() const {
  const std::lock_guard lock(mutex_);
  return peers_.size();
}

}  // namespace ginneld
