#include <sodium.h>

#include <nlohmann/json.hpp>

#include "apps/ginneld/gateway.h"
#include "apps/ginneld/signer.h"
#include "core/crypto/x25519.h"
#include "server/broker/files.h"

namespace ginneld {
namespace {

using nlohmann::json;

constexpr std::uint16_t kDefaultPort = 51820;  // WireGuard's usual one
constexpr std::size_t kMaxHostSize = 255;

struct Endpoint {
  std::string host;
  std::uint16_t port = kDefaultPort;
};

bool is_plain(const std::string& host) {
  return !host.empty() && host.size() <= kMaxHostSize &&
         host.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
             ".-_:") == std::string::npos;
}

std::optional<Endpoint> parse_endpoint(const std::string& text) {
  Endpoint out;
  std::string port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string::npos) return std::nullopt;
    out.host = text.substr(1, end - 1);
    if (end + 1 < text.size()) {
      if (text[end + 1] != ':' || end + 2 == text.size()) return std::nullopt;
      port = text.substr(end + 2);
    }
  } else if (const auto colon = text.find(':');
             colon != std::string::npos && text.find(':', colon + 1) == std::string::npos) {
    out.host = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (port.empty()) return std::nullopt;
  } else {
    out.host = text;  // a name, or an IPv6 address
  }
  if (!port.empty()) {
    if (port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos) {
      return std::nullopt;
    }
    const auto number = std::stoul(port);
    if (number < 1 || number > UINT16_MAX) return std::nullopt;
    out.port = static_cast<std::uint16_t>(number);
  }
  if (!is_plain(out.host)) return std::nullopt;
  return out;
}

Outcome<TunnelIdentity> make() {
  SystemRng rng;
  TunnelIdentity identity;
  auto key = core::crypto::x25519_private(rng);
  if (!key || !rng.fill(core::MutBytes(identity.prefix).subspan(1, 5))) {
    return Failure{Failure::Kind::kSystem, "there is no randomness to be had"};
  }
  identity.private_key = *std::move(key);
  identity.prefix[0] = 0xfd;  // [RFC4193] 3.1; subnet 0
  return identity;
}

bool read_hex(const json& object, const char* field, core::MutBytes out) {
  const auto& text = object.at(field).get_ref<const std::string&>();
  std::size_t size = 0;
  return sodium_hex2bin(out.data(), out.size(), text.data(), text.size(), nullptr, &size,
                        nullptr) == 0 &&
         size == out.size();
}

Outcome<TunnelIdentity> parse(const std::string& text, const std::string& path) {
  const Failure damaged{Failure::Kind::kBadInput,
                        path +
                            " is damaged; put back a good copy, or every device has to enrol "
                            "anew"};
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) return damaged;
  TunnelIdentity identity;
  try {
    identity.host = object.at("host").get<std::string>();
    identity.port = object.at("port").get<std::uint16_t>();
    if (!read_hex(object, "private_key", identity.private_key.mut()) ||
        !read_hex(object, "prefix", identity.prefix) || !is_plain(identity.host) ||
        identity.port == 0) {
      return damaged;
    }
  } catch (const json::exception&) {
    return damaged;
  }
  return identity;
}

Outcome<void> save(const TunnelIdentity& identity, const std::filesystem::path& path) {
  std::string key, prefix;
  key.reserve(64);
  ports::linux_os::append_hex(key, identity.private_key.view());
  ports::linux_os::append_hex(prefix, identity.prefix);
  const json object{
      {"private_key", key}, {"prefix", prefix}, {"host", identity.host}, {"port", identity.port}};
  return server::broker::write_file(path, object.dump(2) + "\n", 0600);
}

}  // namespace

Outcome<std::optional<TunnelIdentity>> TunnelIdentity::open(const DataFolder& folder,
                                                            const std::string& endpoint) {
  const auto text = TRY(server::broker::read_file(folder.tunnel()));
  if (!text && endpoint.empty()) return std::optional<TunnelIdentity>();
  TunnelIdentity identity = TRY(text ? parse(*text, folder.tunnel().string()) : make());
  if (endpoint.empty()) return std::optional(std::move(identity));
  const auto given = parse_endpoint(endpoint);
  if (!given) {
    return Failure{Failure::Kind::kBadInput,
                   "\"" + endpoint + "\" is not HOST, HOST:PORT or [IPV6]:PORT"};
  }
  if (text && identity.host == given->host && identity.port == given->port) {
    return std::optional(std::move(identity));
  }
  identity.host = given->host;
  identity.port = given->port;
  TRY(save(identity, folder.tunnel()));
  return std::optional(std::move(identity));
}

server::service::SiteTunnel TunnelIdentity::site() const {
  return {.gateway_key = core::crypto::x25519_public(private_key),
          .endpoint_host = host,
          .endpoint_port = port,
          .prefix = prefix};
}

ports::linux_os::InsideAddress TunnelIdentity::address() const {
  return server::service::inside_address(prefix, server::service::kGatewayHost);
}

}  // namespace ginneld
