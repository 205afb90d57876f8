#include "apps/ginneld/commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <thread>

#include "apps/ginneld/control.h"
#include "apps/ginneld/qr.h"
#include "apps/ginneld/signer.h"
#include "server/broker/files.h"
#include "server/store/sqlite.h"

namespace ginneld {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr int kTries = 50;  // 5 s: a server that is starting answers in time

// Works on the database of a folder that this process holds.
Outcome<json> execute_here(const DataFolder& folder, const json& request) {
  const Failure none{
      Failure::Kind::kBadInput,
      folder.path.string() +
          " is not a data folder of ginneld yet; start it once: ginneld run --data " +
          folder.path.string()};
  const auto addresses = TRY(Addresses::load(folder));
  if (!addresses || !std::filesystem::exists(folder.ca_pem())) return none;
  const auto authority = TRY(server::broker::Authority::open(folder.path, wall_now()));
  std::string why;
  const auto store = server::store::open_sqlite(folder.database().string(), why);
  if (!store) return Failure{Failure::Kind::kSystem, "cannot open the database: " + why};
  Revocations revocations(folder);
  TRY(revocations.load());
  Signer signer(authority, revocations);
  SystemRng rng;
  server::service::Site site{
      .host = addresses->host,
      .port = addresses->https_port,
      .ca_certificate = {authority.certificate_der().begin(), authority.certificate_der().end()},
      .broker_host = addresses->broker_host,
      .broker_port = addresses->mqtt_port};
  const auto fingerprint = authority.fingerprint();
  std::copy_n(fingerprint.begin(), site.ca_fingerprint.size(), site.ca_fingerprint.begin());
  server::service::Service service(**store, signer, rng, std::move(site));
  return Admin(service, revocations, {}, {}).execute(request);
}

Outcome<json> execute(const DataFolder& folder, const json& request) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder.path, error)) {
    return Failure{Failure::Kind::kBadInput, "there is no folder " + folder.path.string()};
  }
  for (int i = 0;; ++i) {
    if (auto answer = TRY(ask(folder, request))) return *std::move(answer);
    const auto lock = server::broker::FolderLock::take(folder.path, 0ms);
    if (lock) return execute_here(folder, request);
    if (lock.error().kind != Failure::Kind::kInUse || i == kTries) return lock.error();
    std::this_thread::sleep_for(100ms);  // it is starting or stopping
  }
}

// Executes and, in text format, hands the answer to `print`.
template <class Print>
Exit run_command(const DataFolder& folder, const json& request, Format format, Print print) {
  auto done = execute(folder, request);
  if (!done) return complain(done.error(), format);
  json& answer = *done;
  if (!answer.value("ok", false)) {
    if (format == Format::kJson) std::cout << answer.dump() << "\n";
    std::cerr << "ginneld: " << answer.value("error", "the server failed") << "\n";
    return static_cast<Exit>(answer.value("exit", 1));
  }
  if (format == Format::kJson) {
    std::cout << answer.dump(2) << "\n";
  } else {
    print(answer);
  }
  return answer.value("running", true) ? Exit::kOk : Exit::kNotRunning;
}

void print_status(const json& s) {
  if (s["running"]) {
    std::cout << fmt::format("ginneld runs, pid {}, up {} s\n", s["pid"].get<int>(),
                             s["uptime_s"].get<std::int64_t>())
              << fmt::format("enrolment  https://{}:{}/enrol\n", s["host"].get<std::string>(),
                             s["https_port"].get<int>())
              << fmt::format("broker     {} mqtts://{}:{}, {}\n", s["broker"].get<std::string>(),
                             s["broker_host"].get<std::string>(), s["mqtt_port"].get<int>(),
                             s["broker_connected"].get<bool>() ? "connected" : "NOT CONNECTED")
              << fmt::format("CA         {}\n", s["ca_fingerprint"].get<std::string>());
    if (s["broker"] == "mosquitto") {
      std::cout << fmt::format("           pid {}, {} restarts\n", s["broker_pid"].get<int>(),
                               s["broker_restarts"].get<int>());
    }
    if (s.contains("tunnel")) {
      const json& t = s["tunnel"];
      std::cout << fmt::format(
          "tunnel     udp {} port {}, inside {} on {}{}; {} of {} devices "
          "connected\n",
          t["endpoint_host"].get<std::string>(), t["endpoint_port"].get<int>(),
          t["address"].get<std::string>(), t["interface"].get<std::string>(),
          t["pid"].get<int>() == 0 ? ", DOWN" : "", t["connected"].get<std::size_t>(),
          t["peers"].get<std::size_t>());
    }
  } else {
    std::cout << "ginneld does not run on this data folder\n";
  }
  std::cout << fmt::format("devices    {} active, {} revoked; {} open invites\n",
                           s["devices"].get<std::uint64_t>(), s["revoked"].get<std::uint64_t>(),
                           s["invites"].get<std::uint64_t>())
            << fmt::format("mail       {} waiting, {} bytes\n", s["mails"].get<std::uint64_t>(),
                           s["mail_bytes"].get<std::uint64_t>())
            << fmt::format("prekeys    {} one-time, {} one-time KEM\n",
                           s["one_time_keys"].get<std::uint64_t>(),
                           s["one_time_kem_keys"].get<std::uint64_t>());
}

void print_devices(const json& answer) {
  std::size_t width = 4;
  for (const auto& device : answer["devices"]) {
    width = std::max(width, device["name"].get_ref<const std::string&>().size());
  }
  std::cout << fmt::format("{:<{}}  {:<8} {:<24} identity key\n", "name", width, "state",
                           "enrolled");
  for (const auto& d : answer["devices"]) {
    std::cout << fmt::format("{:<{}}  {:<8} {:<24} {}\n", d["name"].get<std::string>(), width,
                             d["state"].get<std::string>(), d["enrolled_at"].get<std::string>(),
                             d["identity_key"].get<std::string>());
  }
}

}  // namespace

Exit complain(const Failure& failure, Format format) {
  const Exit code = exit_code(failure);
  if (format == Format::kJson) {
    std::cout
        << json{{"ok", false}, {"exit", static_cast<int>(code)}, {"error", failure.text}}.dump()
        << "\n";
  }
  std::cerr << "ginneld: " << failure.text << "\n";
  return code;
}

Exit show_status(const DataFolder& folder, Format format) {
  return run_command(folder, {{"command", "status"}}, format, print_status);
}

Exit list_devices(const DataFolder& folder, Format format) {
  return run_command(folder, {{"command", "devices"}}, format, print_devices);
}

Exit invite(const DataFolder& folder, const std::string& name, std::int64_t ttl_s, Format format,
            ShowQr qr) {
  const json request{{"command", "invite"}, {"name", name}, {"ttl_s", ttl_s}};
  return run_command(folder, request, format, [&](const json& answer) {
    const bool terminal = ::isatty(STDOUT_FILENO) == 1;
    const auto token = answer["token"].get<std::string>();
    std::cout << token << "\n";
    if (qr == ShowQr::kYes || (qr == ShowQr::kIfTerminal && terminal)) {
      std::cout << "\n" << qr_lines(token, terminal ? QrStyle::kColours : QrStyle::kBlocks);
    }
    std::cerr << fmt::format(
        "\nFor {}, once, until {}. On the device:  ginnel enroll TOKEN\n"
        "Whoever has the token can enrol as {}: hand it over in private.\n",
        name, answer["expires"].get<std::string>(), name);
  });
}

Exit revoke(const DataFolder& folder, const std::string& name, Format format) {
  return run_command(
      folder, {{"command", "revoke"}, {"name", name}}, format, [&](const json& answer) {
        std::cout << name << (answer["before"] ? " was revoked before\n" : " is revoked\n");
      });
}

}  // namespace ginneld
