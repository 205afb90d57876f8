#include "apps/ginneld/data_folder.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <sstream>

#include "server/broker/files.h"

namespace ginneld {

using nlohmann::json;
using server::broker::read_file;
using server::broker::write_file;

std::string text_of(const core::DeviceName& name) {
  const auto bytes = name.bytes();
  return {bytes.begin(), bytes.end()};
}

core::WallTime wall_now() {
  using namespace std::chrono;
  return {duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()};
}

core::Instant monotonic_now() {
  using namespace std::chrono;
  return {duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count()};
}

Outcome<std::optional<Addresses>> Addresses::load(const DataFolder& folder) {
  const auto text = TRY(read_file(folder.ports()));
  if (!text) return std::optional<Addresses>();
  const Failure damaged{Failure::Kind::kBadInput,
                        folder.ports().string() + " is damaged; delete it and start again"};
  const json object = json::parse(*text, nullptr, false);
  if (!object.is_object()) return damaged;
  try {
    return std::optional(Addresses{.host = object.at("host").get<std::string>(),
                                   .https_port = object.at("https_port").get<std::uint16_t>(),
                                   .broker_host = object.at("broker_host").get<std::string>(),
                                   .mqtt_port = object.at("mqtt_port").get<std::uint16_t>()});
  } catch (const json::exception&) {
    return damaged;
  }
}

Outcome<void> Addresses::save(const DataFolder& folder) const {
  const json object{{"host", host},
                    {"https_port", https_port},
                    {"broker_host", broker_host},
                    {"mqtt_port", mqtt_port}};
  return write_file(folder.ports(), object.dump(2) + "\n", 0644);
}

Outcome<void> Revocations::load() {
  const auto text = TRY(read_file(folder_.revoked()));
  if (!text) return {};
  std::map<std::string, std::int64_t> read;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string name, rest;
    std::int64_t until_s = 0;
    if (!(fields >> name >> until_s) || fields >> rest) {
      return Failure{Failure::Kind::kBadInput,
                     folder_.revoked().string() + " has a line that is not NAME SECONDS: " + line};
    }
    read[name] = until_s;
  }
  const std::lock_guard lock(mutex_);
  until_s_ = std::move(read);
  return {};
}

Outcome<void> Revocations::save() const {
  std::string text;
  for (const auto& [name, until_s] : until_s_) text += name + " " + std::to_string(until_s) + "\n";
  return write_file(folder_.revoked(), text, 0600);
}

Outcome<void> Revocations::add(const std::string& name, core::WallTime now) {
  const std::lock_guard lock(mutex_);
  until_s_[name] = now.ms / 1000;
  return save();
}

Outcome<void> Revocations::complete(const std::vector<server::store::Account>& devices,
                                    core::WallTime now) {
  const std::lock_guard lock(mutex_);
  bool changed = false;
  for (const auto& device : devices) {
    if (device.state != server::store::AccountState::kRevoked) continue;
    // Revoked since its last certificate was refused: an entry from before
    // the name was enrolled again does not count.
    const auto [entry, added] = until_s_.try_emplace(text_of(device.name), now.ms / 1000);
    const bool outdated = !added && entry->second <= device.enrolled_at.ms / 1000;
    if (outdated) entry->second = now.ms / 1000;
    changed = changed || added || outdated;
  }
  if (!changed) return {};
  return save();
}

std::vector<server::broker::Revocation> Revocations::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<server::broker::Revocation> all;
  for (const auto& [name, until_s] : until_s_) all.push_back({name, until_s});
  return all;
}

core::WallTime Revocations::certificate_time(const std::string& name, core::WallTime now) const {
  const std::lock_guard lock(mutex_);
  const auto entry = until_s_.find(name);
  if (entry == until_s_.end() || entry->second < now.ms / 1000) return now;
  return {(entry->second + 1) * 1000};
}

}  // namespace ginneld
