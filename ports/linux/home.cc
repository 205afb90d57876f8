#include "ports/linux/home.h"

#include <fcntl.h>
#include <pwd.h>
#include <sodium.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "ports/linux/wg_interface.h"

namespace ports::linux_os {
namespace {

constexpr std::size_t kMaxSettingsSize = 64 * 1024;
constexpr int kSettingsVersion = 1;

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

Problem damaged(const std::string& path) {
  return {ProblemKind::kStore, "The file " + path + " is damaged.",
          "Put back a good copy, or erase this device with `ginnel reset --everything --yes` and "
          "enrol it anew."};
}

// Wipes the strings of a document that held secrets.
void wipe_strings(nlohmann::json& json) {
  for (auto& value : json) {
    if (value.is_object()) wipe_strings(value);
    if (!value.is_string()) continue;
    auto& text = value.get_ref<std::string&>();
    core::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  }
}

// The `tunnel` of device.json: keys and addresses in hexadecimal.
nlohmann::json tunnel_object(const TunnelSettings& tunnel) {
  const auto hex = [](core::Bytes bytes) {
    std::string text;
    append_hex(text, bytes);
    return text;
  };
  return {{"private_key", hex(tunnel.private_key.view())},
          {"preshared_key", hex(tunnel.preshared_key.view())},
          {"gateway_key", hex(tunnel.gateway_key)},
          {"endpoint_host", tunnel.endpoint_host},
          {"endpoint_port", tunnel.endpoint_port},
          {"address", hex(tunnel.address)},
          {"prefix", hex(tunnel.prefix)},
          {"prefix_bits", tunnel.prefix_bits},
          {"mtu", tunnel.mtu},
          {"keepalive_s", tunnel.keepalive_s}};
}

// Nothing if a key or an address is not one. Throws what the JSON library does.
std::optional<TunnelSettings> tunnel_from(const nlohmann::json& object) {
  bool good = true;
  const auto read = [&](const char* field, core::MutBytes out) {
    const auto& text = object.at(field).get_ref<const std::string&>();
    std::size_t size = 0;
    good = good &&
           sodium_hex2bin(out.data(), out.size(), text.data(), text.size(), nullptr, &size,
                          nullptr) == 0 &&
           size == out.size();
  };
  TunnelSettings tunnel;
  read("private_key", tunnel.private_key.mut());
  read("preshared_key", tunnel.preshared_key.mut());
  read("gateway_key", tunnel.gateway_key);
  read("address", tunnel.address);
  read("prefix", tunnel.prefix);
  tunnel.endpoint_host = object.at("endpoint_host").get<std::string>();
  tunnel.endpoint_port = object.at("endpoint_port").get<std::uint16_t>();
  tunnel.prefix_bits = object.at("prefix_bits").get<std::uint8_t>();
  tunnel.mtu = object.at("mtu").get<std::uint16_t>();
  tunnel.keepalive_s = object.at("keepalive_s").get<std::uint16_t>();
  if (!good) return std::nullopt;
  return tunnel;
}

}  // namespace

std::string text_of(const core::DeviceName& name) { return text_of(name.bytes()); }

Outcome<Home> Home::find(const std::string& option) {
  Home home;
  home.path_ = option;
  if (home.path_.empty()) home.path_ = environment("GINNEL_HOME");
  if (home.path_.empty()) {
    std::string base = environment("XDG_DATA_HOME");
    if (base.empty() || base[0] != '/') {
      base = environment("HOME");
      if (const auto* user = base.empty() ? getpwuid(getuid()) : nullptr) base = user->pw_dir;
      if (!base.empty()) base += "/.local/share";
    }
    if (!base.empty()) home.path_ = base + "/ginnel";
  }
  if (home.path_.empty()) {
    return Problem{ProblemKind::kInput, "There is no folder to keep the device in.",
                   "Name one with --home DIR or set GINNEL_HOME."};
  }
  std::error_code error;
  const auto absolute = std::filesystem::absolute(home.path_, error).lexically_normal();
  if (!error) home.path_ = absolute.string();
  while (home.path_.size() > 1 && home.path_.back() == '/') home.path_.pop_back();
  return home;
}

Done Home::make() const { return make_private_folder(path_); }

bool Home::enrolled() const { return ::access(settings_path().c_str(), F_OK) == 0; }

Outcome<DeviceSettings> Home::load() const {
  const auto file = TRY(read_private_file(settings_path(), kMaxSettingsSize));
  if (!file.found) {
    return Problem{ProblemKind::kNotEnrolled, "There is no device in " + path_ + " yet.",
                   "Ask the operator for an invitation and run `ginnel enroll TOKEN`."};
  }
  DeviceSettings settings;
  auto json = nlohmann::json::parse(file.text.reveal(), nullptr, false);
  try {
    if (json.at("version").get<int>() != kSettingsVersion) {
      return Problem{ProblemKind::kStore,
                     "The file " + settings_path() + " was written by another version of ginnel.",
                     "Use that version, or a later one."};
    }
    const auto name = core::DeviceName::parse(bytes_of(json.at("name").get<std::string>()));
    if (!name) return damaged(settings_path());
    settings.name = *name;
    settings.broker_host = json.at("broker_host").get<std::string>();
    settings.broker_port = json.at("broker_port").get<std::uint16_t>();
    settings.ca = json.at("ca").get<std::string>();
    settings.certificate = json.at("certificate").get<std::string>();
    settings.private_key = SecretText(json.at("private_key").get_ref<std::string&>());
    settings.invite = json.at("invite").get<std::string>();
    if (json.contains("tunnel")) {
      settings.tunnel = tunnel_from(json["tunnel"]);
      if (!settings.tunnel) return damaged(settings_path());
    }
    wipe_strings(json);
  } catch (const nlohmann::json::exception&) {
    return damaged(settings_path());
  }
  return settings;
}

Done Home::save(const DeviceSettings& settings) const {
  nlohmann::json json = {
      {"version", kSettingsVersion},         {"name", text_of(settings.name)},
      {"invite", settings.invite},           {"broker_host", settings.broker_host},
      {"broker_port", settings.broker_port}, {"ca", settings.ca},
      {"certificate", settings.certificate}, {"private_key", settings.private_key.reveal()}};
  if (settings.tunnel) json["tunnel"] = tunnel_object(*settings.tunnel);
  std::string text = json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  auto done = write_private_file(settings_path(), text);
  wipe_strings(json);
  core::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
  return done;
}

Outcome<Fd> Home::lock() const {
  Fd file(::open(lock_path().c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) {
    return system_problem(ProblemKind::kStore, "The home " + path_ + " cannot be locked",
                          "Check that the folder is yours and writable.");
  }
  if (flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno == EWOULDBLOCK) {
    return Problem{ProblemKind::kBusy, "Another ginnel is at work in " + path_ + ".",
                   "Wait for it to end, or stop it."};
  }
  return system_problem(ProblemKind::kStore, "The home " + path_ + " cannot be locked");
}

Done Home::erase() const {
  // The settings first: without them there is no device any more.
  for (const auto& path :
       {settings_path(), settings_path() + ".new", enrolling_path(), enrolling_path() + ".new",
        store_path(), store_path() + "-wal", store_path() + "-shm", socket_path()}) {
    TRY(remove_file(path));
  }
  return {};
}

std::vector<std::string> Home::permission_faults() const {
  std::vector<std::string> faults;
  const auto look = [&](const std::string& path, mode_t forbidden) {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) return;
    if (info.st_uid != geteuid()) faults.push_back(path + " belongs to another user");
    if ((info.st_mode & forbidden) != 0) faults.push_back(path + " can be read by other users");
  };
  look(path_, 077);
  for (const auto& path : {settings_path(), enrolling_path(), store_path(), store_path() + "-wal",
                           store_path() + "-shm", socket_path(), lock_path()}) {
    look(path, 077);
  }
  return faults;
}

}  // namespace ports::linux_os
