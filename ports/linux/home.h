// The folder that holds one device: its layout, its lock and its settings.
//
//   device.json   settings, certificate and its key; the device exists iff it does
//   store.db      sessions, keys, messages (SQLite, with -wal and -shm beside)
//   enrolling     secrets of an enrolment that is under way; gone afterwards
//   lock          held by the one process that owns the home
//   socket        where that process takes orders from other commands
//
// The folder has mode 0700, the files 0600. Spec: docs/using.md.
#ifndef PORTS_LINUX_HOME_H_
#define PORTS_LINUX_HOME_H_

#include <optional>

#include "core/base/name.h"
#include "ports/linux/files.h"
#include "ports/linux/system.h"

namespace ports::linux_os {

// The device's end of the site's tunnel.
struct TunnelSettings {
  core::Secret<32> private_key, preshared_key;
  core::ByteArray<32> gateway_key{};
  std::string endpoint_host;  // name or address, outside
  std::uint16_t endpoint_port = 0;
  core::ByteArray<16> address{}, prefix{};  // IPv6, inside: ours, and what is reached
  std::uint8_t prefix_bits = 0;
  std::uint16_t mtu = 0, keepalive_s = 0;
};

struct DeviceSettings {
  core::DeviceName name;
  std::string broker_host;
  std::uint16_t broker_port = 0;
  std::string ca;           // PEM
  std::string certificate;  // PEM
  SecretText private_key;   // PEM, of the certificate
  std::string invite;       // id of the invitation it was enrolled with; tells nothing
  std::optional<TunnelSettings> tunnel{};  // there if the broker is inside one
};

class Home {
 public:
  // What --home says, or $GINNEL_HOME, or ~/.local/share/ginnel.
  // Errors: kInput if none of them is there.
  static Outcome<Home> find(const std::string& option);

  const std::string& path() const { return path_; }
  std::string store_path() const { return path_ + "/store.db"; }
  std::string settings_path() const { return path_ + "/device.json"; }
  std::string enrolling_path() const { return path_ + "/enrolling"; }
  std::string socket_path() const { return path_ + "/socket"; }
  std::string lock_path() const { return path_ + "/lock"; }

  // Makes the folder if it is not there. Errors: kStore.
  Done make() const;
  // Errors: kNotEnrolled if there is no device; kStore if the file is damaged.
  Outcome<DeviceSettings> load() const;
  // Errors: kStore.
  Done save(const DeviceSettings& settings) const;
  bool enrolled() const;

  // Takes the home until the descriptor is closed; a process that dies lets
  // go. Errors: kBusy if another process has it, kStore.
  Outcome<Fd> lock() const;

  // Erases everything in the home that is ours. REQUIRES: the lock is held.
  Done erase() const;

  // Files that others could read or that are not ours, as sentences.
  std::vector<std::string> permission_faults() const;

 private:
  std::string path_;
};

// A device's name as text.
std::string text_of(const core::DeviceName& name);
inline std::string text_of(core::Bytes bytes) { return {bytes.begin(), bytes.end()}; }
inline core::Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace ports::linux_os
#endif  // PORTS_LINUX_HOME_H_
