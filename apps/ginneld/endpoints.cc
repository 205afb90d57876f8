#include "apps/ginneld/endpoints.h"

#include <sodium.h>

#include <optional>
#include <sstream>

#include "server/broker/files.h"

namespace ginneld {
namespace {

std::optional<core::ByteArray<32>> key_of(const std::string& hex) {
  core::ByteArray<32> key{};
  std::size_t size = 0;
  const bool ok =
      sodium_hex2bin(key.data(), key.size(), hex.data(), hex.size(), nullptr, &size, nullptr) == 0;
  if (!ok || size != key.size()) return std::nullopt;
  return key;
}

// What can stand in a request without ending its line.
bool is_plain(const std::string& endpoint) {
  return !endpoint.empty() && endpoint.size() < 100 &&
         endpoint.find_first_not_of(
             "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
             ".:[]%-_") == std::string::npos;
}

}  // namespace

Endpoints endpoints_in(const ports::linux_os::WgAnswer& answer) {
  Endpoints out;
  std::optional<core::ByteArray<32>> peer;
  std::string endpoint;
  for (const auto& [key, value] : answer) {
    if (key == "public_key") {
      peer = key_of(value);
      endpoint.clear();
    } else if (key == "endpoint") {
      endpoint = value;
    } else if (key == "last_handshake_time_sec" && value != "0" && peer && is_plain(endpoint)) {
      out[*peer] = endpoint;
    }
  }
  return out;
}

Endpoints load_endpoints(const std::filesystem::path& path) {
  Endpoints out;
  const auto text = server::broker::read_file(path);
  if (!text || !*text) return out;
  std::istringstream lines(**text);
  for (std::string hex, endpoint; lines >> hex >> endpoint;) {
    const auto key = key_of(hex);
    if (key && is_plain(endpoint)) out[*key] = endpoint;
  }
  return out;
}

server::broker::Outcome<void> save_endpoints(const Endpoints& endpoints,
                                             const std::filesystem::path& path) {
  std::string text;
  for (const auto& [key, endpoint] : endpoints) {
    ports::linux_os::append_hex(text, key);
    text += " " + endpoint + "\n";
  }
  return server::broker::write_file(path, text, 0600);
}

}  // namespace ginneld
