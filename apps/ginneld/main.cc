// ginneld: directory, mailbox, certificate authority and enrolment of a site.
#include <sodium.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <iostream>

#include "apps/ginneld/commands.h"
#include "apps/ginneld/daemon.h"
#include "apps/ginneld/durations.h"
#include "apps/ginneld/help.h"

namespace ginneld {
namespace {

constexpr int kUpkeepIntervalS = 3600;

void set_up_log(const std::string& level) {
  auto log = spdlog::stderr_logger_mt("ginneld");
  log->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  log->set_level(spdlog::level::from_str(level));
  log->flush_on(spdlog::level::debug);
  spdlog::set_default_logger(std::move(log));
}

// IPv6 addresses stand in brackets.
std::string url_host(const std::string& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

void print_first_steps(const Daemon& daemon, const DataFolder& folder) {
  const Addresses& at = daemon.addresses();
  if (daemon.created()) {
    std::cout << "Made a new site in " << folder.path.string() << ":\n"
              << "  ca.pem      the certificate authority's key: keep a copy in a safe place\n"
              << "  ginnel.db   devices, their public keys and waiting mail\n"
              << "  CA fingerprint (SHA-256): " << daemon.ca_fingerprint() << "\n";
  }
  std::cout << "Enrolment at https://" << at.host << ":" << at.https_port
            << "/enrol, broker at mqtts://" << url_host(at.broker_host) << ":" << at.mqtt_port
            << "\n";
  if (at.host == "localhost") {
    std::cout
        << "Only programs on this machine can reach it. For others: ginneld run --host NAME\n";
  }
  if (daemon.created()) {
    std::cout << "Next:  ginneld invite NAME --data " << folder.path.string() << "\n";
  }
  std::cout << std::flush;
}

Exit run(RunOptions options) {
  // Signals are waited for below; all threads inherit the mask.
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  const DataFolder folder = options.folder;
  Daemon daemon(std::move(options));
  const auto started = daemon.start();
  if (!started) {
    daemon.stop();
    return complain(started.error());
  }
  print_first_steps(daemon, folder);
  spdlog::info("ready https_port={} mqtt_port={}", daemon.addresses().https_port,
               daemon.addresses().mqtt_port);
  while (true) {
    const timespec limit{kUpkeepIntervalS, 0};
    const int number = ::sigtimedwait(&ends, nullptr, &limit);
    if (number == SIGTERM || number == SIGINT) break;
    daemon.upkeep();
  }
  spdlog::info("stopping");
  daemon.stop();
  spdlog::info("stopped");
  return Exit::kOk;
}

// One subcommand with what they all have.
CLI::App* add_command(CLI::App& app, const char* name, const char* summary, const char* more,
                      std::string& data) {
  CLI::App* command = app.add_subcommand(name, summary);
  command->footer(more);
  command->add_option("--data,-d", data, "The data folder of the site")
      ->envname("GINNELD_DATA")
      ->type_name("DIR")
      ->required();
  return command;
}

int main_with(int argc, char** argv) {
  CLI::App app(help::kProgram, "ginneld");
  app.footer(help::kExitCodes);
  app.require_subcommand(1);
  app.set_version_flag("--version", GINNEL_VERSION);

  std::string data, log_level = "info", name, ttl = "1d";
  bool as_json = false, qr = false, no_qr = false;
  RunOptions options;

  auto* run_command = add_command(app, "run", "Run the server", help::kRun, data);
  run_command->add_option("--host", options.hosts, help::kHost)->type_name("NAME");
  run_command->add_option("--listen", options.listen, help::kListen)->type_name("ADDR");
  run_command->add_option("--mqtt-port", options.mqtt_port, help::kMqttPort)->capture_default_str();
  run_command->add_option("--https-port", options.https_port, help::kHttpsPort)
      ->capture_default_str();
  auto* tunnel =
      run_command->add_option("--tunnel", options.tunnel, help::kTunnel)->type_name("HOST[:PORT]");
  run_command->add_option("--tunnel-interface", options.interface, help::kTunnelInterface)
      ->type_name("IF")
      ->capture_default_str();
  auto* broker = run_command->add_option("--broker", options.broker, help::kBroker)
                     ->type_name("URL")
                     ->excludes(tunnel);
  run_command->add_option("--broker-ca", options.broker_ca, help::kBrokerCa)
      ->type_name("FILE")
      ->check(CLI::ExistingFile)
      ->needs(broker);
  auto* certificate =
      run_command->add_option("--broker-cert", options.broker_certificate, help::kBrokerCert)
          ->type_name("FILE")
          ->check(CLI::ExistingFile)
          ->needs(broker);
  auto* key = run_command->add_option("--broker-key", options.broker_key, help::kBrokerKey)
                  ->type_name("FILE")
                  ->check(CLI::ExistingFile)
                  ->needs(certificate);
  certificate->needs(key);
  run_command->add_option("--log-level", log_level, "How much to log")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();

  auto* status = add_command(app, "status", "Show what the server does", help::kStatus, data);
  auto* devices = add_command(app, "devices", "List the devices", help::kDevices, data);
  auto* invite_command =
      add_command(app, "invite", "Make an invite for a device", help::kInvite, data);
  invite_command->add_option("name", name, "The device's name")->type_name("NAME")->required();
  invite_command->add_option("--ttl", ttl, help::kTtl)->type_name("TIME")->capture_default_str();
  auto* qr_flag = invite_command->add_flag("--qr", qr, "Print a QR code even if not to a terminal");
  invite_command->add_flag("--no-qr", no_qr, "Print no QR code")->excludes(qr_flag);
  auto* revoke_command = add_command(app, "revoke", "Shut a device out", help::kRevoke, data);
  revoke_command->add_option("name", name, "The device's name")->type_name("NAME")->required();
  for (auto* command : {status, devices, invite_command, revoke_command}) {
    command->add_flag("--json", as_json, "Print one JSON object, for scripts");
  }

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : static_cast<int>(Exit::kUsage);
  }
  const DataFolder folder{std::filesystem::absolute(data).lexically_normal()};
  const Format format = as_json ? Format::kJson : Format::kText;
  Exit code = Exit::kFailed;
  if (*run_command) {
    set_up_log(log_level);
    options.folder = folder;
    code = run(std::move(options));
  } else if (*status) {
    code = show_status(folder, format);
  } else if (*devices) {
    code = list_devices(folder, format);
  } else if (*invite_command) {
    const auto ttl_s = parse_duration(ttl);
    if (!ttl_s) {
      std::cerr << "ginneld: \"" << ttl << "\" is not a time such as 30m, 12h or 7d\n";
      return static_cast<int>(Exit::kUsage);
    }
    const ShowQr show = qr ? ShowQr::kYes : no_qr ? ShowQr::kNo : ShowQr::kIfTerminal;
    code = invite(folder, name, *ttl_s, format, show);
  } else {
    code = revoke(folder, name, format);
  }
  return static_cast<int>(code);
}

}  // namespace
}  // namespace ginneld

int main(int argc, char** argv) {
  if (sodium_init() < 0) return 1;  // chooses the best code for this processor
  try {
    return ginneld::main_with(argc, argv);
  } catch (const std::exception& error) {  // of a library; ours do not throw
    std::fprintf(stderr, "ginneld: %s\n", error.what());
    return static_cast<int>(ginneld::Exit::kFailed);
  }
}
