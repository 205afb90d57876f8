#include "ports/linux/wg/endpoint_names.h"

#include <strings.h>

#include "ports/linux/files.h"
#include "ports/linux/resolver.h"
#include "ports/linux/wg/base64.h"
#include "ports/linux/wg/uapi_parser.h"

namespace ports::linux_os::wg {
namespace {

constexpr std::size_t kMaxFileSize = std::size_t{16} << 20;

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0;
}

// "host:port" with a name for a host.
bool split_name(std::string_view endpoint, PeerName& name) {
  const auto colon = endpoint.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || endpoint[0] == '[') return false;
  const auto port = parse_number(endpoint.substr(colon + 1), UINT16_MAX);
  name.host = endpoint.substr(0, colon);
  if (!port || is_ip_address(name.host)) return false;
  name.port = static_cast<std::uint16_t>(*port);
  return true;
}

}  // namespace

std::vector<PeerName> peer_names(std::string_view text) {
  std::vector<PeerName> names;
  PeerName peer;
  bool in_peer = false, has_key = false, has_name = false;
  const auto end_section = [&] {
    if (in_peer && has_key && has_name) names.push_back(peer);
    has_key = has_name = false;
  };
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    line = trim(line.substr(0, line.find('#')));
    if (line.starts_with('[')) {
      end_section();
      in_peer = same_word(line, "[Peer]");
      continue;
    }
    const auto equals = line.find('=');
    if (!in_peer || equals == std::string_view::npos) continue;
    const auto key = trim(line.substr(0, equals)), value = trim(line.substr(equals + 1));
    if (same_word(key, "PublicKey")) {
      const auto bytes = key_from_base64_var(value);
      has_key = bytes.ok();
      if (bytes) peer.public_key = *bytes;
    } else if (same_word(key, "Endpoint")) {
      has_name = split_name(value, peer);
    }
  }
  end_section();
  return names;
}

Outcome<EndpointNames> EndpointNames::read(const std::string& path) {
  const auto file = TRY(read_private_file(path, kMaxFileSize));
  if (!file.found) return Problem{ProblemKind::kStore, "There is no file " + path + ".", {}};
  return EndpointNames(peer_names(file.text.reveal()));
}

EndpointNames::EndpointNames(std::vector<PeerName> names) {
  for (PeerName& name : names) watched_.push_back({.name = std::move(name)});
}

bool EndpointNames::is_silent(const Gateway& gateway, Watched& watched, core::Instant now) const {
  const auto& device = gateway.device();
  const auto peer = device.find_peer(watched.name.public_key);
  if (!peer) return false;
  const auto status = device.status(*peer);
  if (!status->endpoint.known()) return now >= watched.heard_at + kSilenceMs;
  const std::uint64_t initiations = device.counters().initiations_sent;
  const bool heard = status->rx_bytes != watched.rx_bytes;
  if (heard || initiations == watched.initiations_sent) {
    watched.rx_bytes = status->rx_bytes;
    watched.initiations_sent = initiations;
    watched.heard_at = now;
    return false;
  }
  return now >= watched.heard_at + kSilenceMs;
}

void EndpointNames::check(const Gateway& gateway, core::Instant now) {
  next_check_ = now + kCheckIntervalMs;
  if (question_.valid()) return;
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    // In turn, so that a name that is never found does not keep the others waiting.
    const std::size_t index = (asked_ + 1 + i) % watched_.size();
    Watched& watched = watched_[index];
    if (!is_silent(gateway, watched, now)) continue;
    auto question = start_resolving(watched.name.host, watched.name.port);
    watched.heard_at = now;  // the new endpoint gets as long
    if (!question) return;
    asked_ = index;
    question_ = *std::move(question);
    return;
  }
}

void EndpointNames::take_answer(Gateway& gateway) {
  Watched& watched = watched_[asked_];
  const auto addresses = finish_resolving(question_, watched.name.host);
  question_.close();
  auto& device = gateway.device();
  const auto peer = device.find_peer(watched.name.public_key);
  if (!addresses || !peer) return;
  const auto endpoint = from_sockaddr((*addresses)[watched.answers++ % addresses->size()].storage);
  const auto status = device.status(*peer);
  if (!endpoint.known() ||
      (status->endpoint.address == endpoint.address && status->endpoint.port == endpoint.port)) {
    return;
  }
  (void)device.set_endpoint(*peer, endpoint);
}

}  // namespace ports::linux_os::wg
