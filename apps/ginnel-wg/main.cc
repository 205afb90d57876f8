// ginnel-wg: a WireGuard interface in user space, driven by wg(8) and wg-quick(8).
#include <sodium.h>

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "apps/ginnel-wg/background.h"
#include "apps/ginnel-wg/status.h"
#include "ports/linux/wg/daemon.h"
#include "ports/linux/wg/notify.h"

namespace ginnel_wg {
namespace {

using ports::linux_os::wg::Daemon;
using ports::linux_os::wg::DaemonOptions;
using ports::linux_os::wg::Log;

constexpr int kUsage = 2;

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// A descriptor in an environment variable; -1 if there is none.
int descriptor(const char* name) {
  const std::string text = from_environment(name);
  if (text.empty()) return -1;
  char* end = nullptr;
  const long fd = std::strtol(text.c_str(), &end, 10);
  return *end == 0 && fd >= 0 && fd <= INT_MAX ? static_cast<int>(fd) : -1;
}

Log::Level log_level() {
  const std::string level = from_environment("LOG_LEVEL");
  if (level == "verbose" || level == "debug") return Log::Level::kVerbose;
  return level == "silent" ? Log::Level::kSilent : Log::Level::kError;
}

enum class Where : std::uint8_t { kForeground, kBackground };

int run(const DaemonOptions& options, Where where) {
  Log log(log_level());
  log.write_to(Log::To::kStderr, options.name);
  std::optional<Background> background;
  if (where == Where::kBackground) background = Background::enter();
  const auto daemon = Daemon::make(options, log);
  if (!daemon) {
    log.error(daemon.error());
    return 1;
  }
  if (background) {
    log.write_to(Log::To::kSyslog, options.name);
    background->ready();
  }
  log.note("ready");
  ports::linux_os::wg::notify_supervisor("READY=1");
  const auto ended = (*daemon)->run();
  ports::linux_os::wg::notify_supervisor("STOPPING=1");
  if (!ended) log.error(ended.error());
  log.note("ended");
  return ended ? 0 : 1;
}

int main_with(int argc, char** argv) {
  CLI::App app("A WireGuard interface in user space, for wg(8) and wg-quick(8)", "ginnel-wg");
  app.set_version_flag("--version", GINNEL_VERSION);
  app.footer(
      "ginnel-wg status INTERFACE shows what it does.\n"
      "Environment: WG_TUN_FD, WG_UAPI_FD, WG_PROCESS_FOREGROUND=1, "
      "LOG_LEVEL=verbose|error|silent.\n"
      "wg-quick uses it with WG_QUICK_USERSPACE_IMPLEMENTATION=ginnel-wg.");
  bool foreground = false;
  DaemonOptions options;
  std::vector<std::string> words;
  app.add_flag("-f,--foreground", foreground, "Stay in the foreground");
  app.add_option("--metrics", options.metrics_path, "Answer Prometheus on this unix socket")
      ->type_name("PATH");
  app.add_option("--names", options.names_path,
                 "Resolve the host names of this wg-quick file again when a peer is silent")
      ->type_name("FILE");
  app.add_option("--state", options.floor_path,
                 "Reserve timestamps in this file: for machines whose clock goes back")
      ->type_name("FILE");
#ifdef GINNEL_KEYLOG
  app.add_option("--keylog", options.keylog_path,
                 "Write secret keys to this file, for Wireshark. Who reads it reads the traffic")
      ->type_name("FILE");
#endif
  app.add_option("interface", words, "The interface's name")->required()->expected(1, 2);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kUsage;
  }
  if (words.size() == 2) {
    if (words[0] == "status") return show_status(words[1]);
    std::fprintf(stderr, "ginnel-wg: one interface, please: ginnel-wg INTERFACE\n");
    return kUsage;
  }
  options.name = words[0];
  options.tun_fd = descriptor("WG_TUN_FD");
  options.uapi_fd = descriptor("WG_UAPI_FD");
  const bool stay = foreground || from_environment("WG_PROCESS_FOREGROUND") == "1";
  return run(options, stay ? Where::kForeground : Where::kBackground);
}

}  // namespace
}  // namespace ginnel_wg

int main(int argc, char** argv) {
  if (sodium_init() < 0) return 1;  // chooses the best code for this processor
  try {
    return ginnel_wg::main_with(argc, argv);
  } catch (const std::exception& error) {  // of a library; ours do not throw
    std::fprintf(stderr, "ginnel-wg: %s\n", error.what());
    return 1;
  }
}
