#include "apps/ginneld/admin.h"

#include <algorithm>
#include <array>

#include "apps/ginneld/durations.h"

namespace ginneld {
namespace {

using nlohmann::json;

// Names that could be taken for a part of the site itself.
constexpr std::array kReserved{"ginneld", "ginnel", "server", "broker", "localhost", "admin"};
constexpr std::int64_t kShortestTtlS = 1, kLongestTtlS = 30 * 24 * 3600;

json failure(Exit exit, const std::string& text) {
  return {{"ok", false}, {"exit", static_cast<int>(exit)}, {"error", text}};
}

core::Result<core::DeviceName> parse_name(const std::string& text) {
  return core::DeviceName::parse({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

std::string hex(core::Bytes bytes) {
  std::string text;
  for (const auto byte : bytes) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

}  // namespace

Exit exit_code(const Failure& failure) {
  switch (failure.kind) {
    case Failure::Kind::kInUse: return Exit::kInUse;
    case Failure::Kind::kNotInstalled: return Exit::kNotInstalled;
    default: return Exit::kFailed;
  }
}

json Admin::execute(const json& request) {
  try {
    const auto command = request.at("command").get<std::string>();
    if (command == "status") return status();
    if (command == "devices") return devices();
    if (command == "invite") {
      return invite(request.at("name").get<std::string>(), request.at("ttl_s").get<std::int64_t>());
    }
    if (command == "revoke") return revoke(request.at("name").get<std::string>());
    return failure(Exit::kUsage, "there is no command \"" + command + "\"");
  } catch (const json::exception&) {
    return failure(Exit::kUsage, "the request is not understood");
  }
}

json Admin::status() {
  const auto totals = service_.totals();
  if (!totals) return failure(Exit::kFailed, "database: " + service_.last_store_failure());
  const auto counters = service_.counters();
  json answer{{"ok", true},
              {"running", false},
              {"devices", totals->devices},
              {"revoked", totals->revoked},
              {"invites", totals->invites},
              {"mails", totals->mails},
              {"mail_bytes", totals->mail_bytes},
              {"one_time_keys", totals->one_time_keys},
              {"one_time_kem_keys", totals->one_time_kem_keys},
              {"counters",
               {{"requests", counters.requests},
                {"answered", counters.answered},
                {"repeated", counters.repeated},
                {"dropped_topic", counters.dropped_topic},
                {"dropped_payload", counters.dropped_payload},
                {"dropped_unknown", counters.dropped_unknown},
                {"malformed", counters.malformed},
                {"bad_signature", counters.bad_signature},
                {"revoked", counters.revoked},
                {"store_failures", counters.store_failures},
                {"bundles", counters.bundles},
                {"mails_stored", counters.mails_stored},
                {"mails_pushed", counters.mails_pushed},
                {"notices", counters.notices},
                {"enrolled", counters.enrolled},
                {"enrolments_refused", counters.enrolments_refused}}}};
  if (describe_) describe_(answer);
  return answer;
}

json Admin::devices() {
  const auto all = service_.devices();
  if (!all) return failure(Exit::kFailed, "database: " + service_.last_store_failure());
  json list = json::array();
  for (const auto& device : *all) {
    const bool active = device.state == server::store::AccountState::kActive;
    list.push_back({{"name", text_of(device.name)},
                    {"state", active ? "active" : "revoked"},
                    {"identity_key", hex(device.identity_key)},
                    {"enrolled_at_s", device.enrolled_at.ms / 1000},
                    {"enrolled_at", utc_text(device.enrolled_at.ms / 1000)}});
  }
  return {{"ok", true}, {"devices", std::move(list)}};
}

json Admin::invite(const std::string& name, std::int64_t ttl_s) {
  const auto parsed = parse_name(name);
  if (!parsed) {
    return failure(Exit::kRefused, "\"" + name +
                                       "\" is not a name: 1 to 64 of a-z 0-9 . _ - and neither"
                                       " \".\" nor \"..\"");
  }
  if (std::find(kReserved.begin(), kReserved.end(), name) != kReserved.end()) {
    return failure(Exit::kRefused, "\"" + name + "\" is reserved; choose another name");
  }
  if (ttl_s < kShortestTtlS || ttl_s > kLongestTtlS) {
    return failure(Exit::kUsage, "an invite is valid for 1s to 30d");
  }
  const auto token = service_.invite(*parsed, ttl_s, wall_now());
  if (!token) {
    return failure(Exit::kFailed,
                   token.error() == core::Error::kStore
                       ? "database: " + service_.last_store_failure()
                       : "cannot make the token: is the host name longer than 64 characters?");
  }
  std::array<std::uint8_t, core::api::Token::kMaxTextSize> text{};
  const auto size = token->format(text);
  if (!size) return failure(Exit::kFailed, "the host name cannot stand in a token");
  const auto host = token->host();
  return {{"ok", true},
          {"name", name},
          {"token", std::string(text.begin(), text.begin() + static_cast<long>(*size))},
          {"host", std::string(host.begin(), host.end())},
          {"port", token->port},
          {"expires_s", token->expires_s},
          {"expires", utc_text(token->expires_s)}};
}

json Admin::revoke(const std::string& name) {
  const auto parsed = parse_name(name);
  if (!parsed) return failure(Exit::kRefused, "\"" + name + "\" is not a device's name");
  const auto done = service_.revoke(*parsed);
  if (!done && done.error() == core::Error::kNotFound) {
    return failure(Exit::kRefused, "there is no device " + name);
  }
  const bool before = !done && done.error() == core::Error::kReplay;
  if (!done && !before) {
    return failure(Exit::kFailed, "database: " + service_.last_store_failure());
  }
  const auto written = revocations_.add(name, wall_now());
  if (!written) {
    return failure(Exit::kFailed, name +
                                      " is revoked in the database, but the broker is not told"
                                      " until the next start: " +
                                      written.error().text);
  }
  if (on_revoked_) on_revoked_();
  return {{"ok", true}, {"name", name}, {"before", before}};
}

}  // namespace ginneld
