#include "ports/linux/enrolment.h"

#include <algorithm>
#include <memory>

#include "core/api/enrol_message.h"
#include "core/api/enrolment.h"
#include "core/api/token.h"
#include "core/base/reader.h"
#include "core/base/writer.h"
#include "core/crypto/x25519.h"
#include "core/messenger/messenger.h"
#include "core/messenger/workspace.h"
#include "ports/linux/certificate.h"
#include "ports/linux/https.h"
#include "ports/linux/sqlite_store.h"

namespace ports::linux_os {
namespace {

using core::Bytes;
using core::Error;
using core::Secret;

constexpr const char* kAskAgain = "Ask the operator for a new invitation.";
constexpr std::size_t kMaxKeysSize = 4096;
constexpr auto kKeysMark = core::label("GNL enrolling 2\n");

// What the device enrols: born here, and kept on disk before the server hears
// of it, so that a power cut does not strand what the server has accepted.
struct Keys {
  Secret<32> identity;
  std::uint32_t registration_id = 0;
  SecretText tls_key;
  std::vector<std::uint8_t> csr;
  Secret<32> tunnel_key;
};

Problem internal(const char* what) { return {ProblemKind::kInternal, what, {}}; }

Problem no_randomness() { return internal("There is no randomness to be had."); }

Problem damaged_store(Error error) {
  return {ProblemKind::kStore,
          std::string("The store of this device cannot be used: ") + error_word(error) + ".",
          "Erase the device with `ginnel reset --everything --yes` and enrol it anew."};
}

Outcome<core::api::Token> parse_token(std::string_view text) {
  auto token = core::api::Token::parse(bytes_of(text));
  if (!token && token.error() == Error::kBadVersion) {
    return Problem{ProblemKind::kInput, "The invitation was made by a later version of ginnel.",
                   "Use a newer ginnel."};
  }
  if (!token) {
    return Problem{ProblemKind::kInput, "This is no invitation, or it is mistyped.",
                   "It begins with GNL1- and must be copied whole."};
  }
  if (token->expired(wall_now())) {
    return Problem{ProblemKind::kRefused, "The invitation has expired.",
                   std::string("If this device's clock is right: ") + kAskAgain};
  }
  return *std::move(token);
}

// ---- keys ---------------------------------------------------------------------

Outcome<Keys> make_keys(core::Rng& rng) {
  Keys keys;
  auto identity = core::crypto::x25519_private(rng);
  auto tunnel = core::crypto::x25519_private(rng);
  core::ByteArray<4> random{};
  if (!identity || !tunnel || !rng.fill(random)) return no_randomness();
  keys.identity = *std::move(identity);
  keys.tunnel_key = *std::move(tunnel);
  core::Reader reader(random);
  keys.registration_id = 1 + reader.u32_be() % core::api::kMaxRegistrationId;
  keys.tls_key = TRY(make_private_key());
  keys.csr = TRY(make_csr(keys.tls_key));
  return keys;
}

Done save_keys(const Home& home, const Keys& keys) {
  Secret<kMaxKeysSize> text;
  core::Writer out(text.mut());
  out.bytes(kKeysMark);
  out.bytes(keys.identity.view());
  out.u32_be(keys.registration_id);
  out.u16_be(static_cast<std::uint16_t>(keys.tls_key.reveal().size()));
  out.bytes(bytes_of(keys.tls_key.reveal()));
  out.u16_be(static_cast<std::uint16_t>(keys.csr.size()));
  out.bytes(keys.csr);
  out.bytes(keys.tunnel_key.view());
  if (!out.ok()) return internal("The keys are too long.");
  const Bytes written = out.written();
  return write_private_file(home.enrolling_path(),
                            {reinterpret_cast<const char*>(written.data()), written.size()});
}

// The keys of an enrolment that was cut off. A file that does not parse is
// none: nothing but a whole one was ever sent.
Outcome<std::optional<Keys>> load_keys(const Home& home) {
  const auto file = TRY(read_private_file(home.enrolling_path(), kMaxKeysSize));
  core::Reader in(bytes_of(file.text.reveal()));
  Keys keys;
  const bool marked = core::equal_var(in.take<kKeysMark.size()>(), kKeysMark);
  keys.identity = Secret<32>(in.take<32>());
  keys.registration_id = in.u32_be();
  keys.tls_key = SecretText(text_of(in.take(std::size_t{in.u16_be()})));
  const Bytes csr = in.take(std::size_t{in.u16_be()});
  keys.csr.assign(csr.begin(), csr.end());
  keys.tunnel_key = Secret<32>(in.take<32>());
  if (!file.found || !marked || !in.finished()) return std::optional<Keys>();
  return std::optional<Keys>(std::move(keys));
}

// A messenger on the home's store, for a moment.
struct OpenMessenger {
  static Outcome<std::unique_ptr<OpenMessenger>> open(const Home& home, core::Rng& rng) {
    auto store = TRY(SqliteStore::open(home.store_path()));
    auto made = std::make_unique<OpenMessenger>(std::move(store), rng);
    const auto opened = made->messenger.open(monotonic_now());
    if (!opened) return damaged_store(opened.error());
    return made;
  }
  OpenMessenger(SqliteStore opened, core::Rng& rng)
      : store(std::move(opened)), messenger(store, rng, *workspace) {}

  std::unique_ptr<core::messenger::Workspace> workspace =
      std::make_unique<core::messenger::Workspace>();
  SqliteStore store;
  core::messenger::Messenger messenger;
};

// A device that is enrolled gets a new certificate for the keys it has.
Outcome<Keys> keys_of_device(const Home& home, const DeviceSettings& settings, core::Rng& rng) {
  const auto opened = TRY(OpenMessenger::open(home, rng));
  Keys keys;
  keys.identity = opened->messenger.identity_private_key().clone();
  keys.registration_id = opened->messenger.registration_id();
  keys.tls_key = SecretText(settings.private_key.reveal());
  keys.csr = TRY(make_csr(keys.tls_key));
  if (settings.tunnel) {
    keys.tunnel_key = settings.tunnel->private_key.clone();
  } else {
    auto tunnel = core::crypto::x25519_private(rng);
    if (!tunnel) return no_randomness();
    keys.tunnel_key = *std::move(tunnel);
  }
  return keys;
}

// ---- the exchange -----------------------------------------------------------

Outcome<std::vector<std::uint8_t>> seal_request(const core::api::Token& token, const Keys& keys,
                                                core::Rng& rng) {
  std::vector<std::uint8_t> plain(core::api::kMaxEnrolRequestSize), sealed(plain.size());
  const auto size = core::api::seal_enrol_request(token.secret,
                                                  {.identity = keys.identity,
                                                   .registration_id = keys.registration_id,
                                                   .csr = keys.csr,
                                                   .tunnel = keys.tunnel_key},
                                                  rng, plain, sealed);
  if (!size && size.error() == Error::kRng) return no_randomness();
  if (!size) return internal("The enrolment request cannot be written.");
  sealed.resize(*size);
  return sealed;
}

// What the server says before it knows that we hold the secret.
Problem http_problem(int status) {
  switch (status) {
    case 403:
      return {ProblemKind::kRefused, "The server does not know this invitation.",
              std::string("It may belong to another server, or be withdrawn. ") + kAskAgain};
    case 409:
      return {ProblemKind::kRefused, "The invitation was used before, by another device.",
              std::string(kAskAgain) + " If nobody of yours used it, tell the operator."};
    case 410: return {ProblemKind::kRefused, "The invitation has expired.", kAskAgain};
    case 429:
      return {ProblemKind::kNetwork, "The server gets too many enrolments at the moment.",
              "Try again in a minute."};
    case 500:
    case 503:
      return {ProblemKind::kNetwork, "The server could not do it at the moment.",
              "Try again in a minute; the invitation is still good."};
    default:
      return {ProblemKind::kRefused,
              "The server refused the enrolment (HTTP status " + std::to_string(status) + ").",
              "Check that server and device are of matching versions."};
  }
}

Outcome<core::api::EnrolResponseView> read_answer(const core::api::Token& token,
                                                  const HttpAnswer& answer,
                                                  std::vector<std::uint8_t>& plain) {
  if (answer.status != 200) return http_problem(answer.status);
  plain.resize(answer.body.size());
  const auto size =
      core::api::open_enrolment(token.secret, core::api::Direction::kResponse, answer.body, plain);
  if (!size) {
    return Problem{ProblemKind::kRefused, "The answer does not come from the server that invited.",
                   "Somebody may be in between: ask the operator."};
  }
  const auto response = core::api::EnrolResponseView::parse(Bytes(plain).first(*size));
  if (!response) {
    return Problem{ProblemKind::kRefused, "The server's answer is not understood.",
                   "Check that server and device are of matching versions."};
  }
  if (response->code == core::api::Code::kOk) return *response;
  std::string text = text_of(response->text);
  if (text.empty()) text = "no reason given";
  return Problem{ProblemKind::kRefused, "The server refused the enrolment: " + text, kAskAgain};
}

// Only what a name or an address is made of: the text will stand in a file
// that wg-quick(8) obeys as root.
bool is_plain_host(Bytes host) {
  return std::all_of(host.begin(), host.end(), [](std::uint8_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == ':' || c == '_';
  });
}

TunnelSettings tunnel_from(const core::api::TunnelView& told, const Keys& keys) {
  TunnelSettings tunnel;
  tunnel.private_key = keys.tunnel_key.clone();
  tunnel.preshared_key = Secret<32>(told.preshared_key);
  tunnel.gateway_key = core::to_array(told.gateway_key);
  tunnel.endpoint_host = text_of(told.endpoint_host);
  tunnel.endpoint_port = told.endpoint_port;
  tunnel.address = core::to_array(told.address);
  tunnel.prefix = core::to_array(told.prefix);
  tunnel.prefix_bits = told.prefix_bits;
  tunnel.mtu = told.mtu;
  tunnel.keepalive_s = told.keepalive_s;
  return tunnel;
}

// Everything that the certificate promises is checked before it is kept.
Outcome<DeviceSettings> settings_from(const core::api::Token& token,
                                      const core::api::EnrolResponseView& response,
                                      const Keys& keys) {
  DeviceSettings settings;
  settings.name = response.name;
  settings.broker_host = text_of(response.broker_host);
  settings.broker_port = response.broker_port;
  settings.ca = TRY(certificate_pem(response.ca_certificate));
  settings.certificate = TRY(certificate_pem(response.certificate));
  settings.private_key = SecretText(keys.tls_key.reveal());
  if (response.tunnel && !is_plain_host(response.tunnel->endpoint_host)) {
    return Problem{ProblemKind::kRefused, "The server names no usable gateway for its tunnel.",
                   "Ask the operator."};
  }
  if (response.tunnel) settings.tunnel = tunnel_from(*response.tunnel, keys);
  const auto info = TRY(certificate_info(settings.certificate));
  if (certificate_fingerprint(response.ca_certificate) != token.ca_fingerprint ||
      !certificate_fits(settings.certificate, settings.private_key, settings.ca) ||
      info.common_name != text_of(settings.name) || settings.name.empty()) {
    return Problem{ProblemKind::kRefused,
                   "The server sent a certificate that is not this device's.", "Ask the operator."};
  }
  return settings;
}

// ---- the home -----------------------------------------------------------------

// A store without settings was left by a power cut, or holds nothing: it is
// made anew.
Done make_store(const Home& home, const Keys& keys, const core::DeviceName& name) {
  for (const char* end : {"", "-wal", "-shm"}) TRY(remove_file(home.store_path() + end));
  {
    auto store = TRY(SqliteStore::open(home.store_path()));
    const core::messenger::NewDevice device{.name = name,
                                            .identity_key = keys.identity.clone(),
                                            .registration_id = keys.registration_id};
    const auto created = core::messenger::Messenger::create(store, device);
    if (!created) return damaged_store(created.error());
  }
  return {};
}

Outcome<std::size_t> add_contacts(const Home& home, const core::api::EnrolResponseView& response,
                                  core::Rng& rng) {
  const auto opened = TRY(OpenMessenger::open(home, rng));
  auto contacts = response.contact;
  while (const auto contact = contacts.next()) {
    if (contact->name == response.name) continue;
    const auto added =
        opened->messenger.add_contact(contact->name, contact->identity_key, monotonic_now());
    if (!added && added.error() == Error::kStore) return damaged_store(added.error());
  }
  return opened->messenger.contact_count();
}

std::string hex(Bytes bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace

Outcome<Enrolled> enrol(const Home& home, std::string_view token_text, core::Rng& rng,
                        std::int64_t timeout_ms) {
  const auto token = TRY(parse_token(token_text));
  const std::string invite = hex(core::api::invite_id(token.secret));

  std::optional<DeviceSettings> before;
  Keys keys;
  if (home.enrolled()) {
    before = TRY(home.load());
    if (before->invite == invite) {
      (void)remove_file(home.enrolling_path());
      return Enrolled{.name = before->name, .before = true, .tunnel = before->tunnel.has_value()};
    }
    keys = TRY(keys_of_device(home, *before, rng));
  } else if (auto kept = TRY(load_keys(home))) {
    keys = *std::move(kept);
  } else {
    keys = TRY(make_keys(rng));
    TRY(save_keys(home, keys));
  }

  const auto request = TRY(seal_request(token, keys, rng));
  const auto context = TRY(TlsContext::for_enrolment(token.ca_fingerprint));
  const auto answer =
      TRY(https_post(context, text_of(token.host()), token.port, "/enrol", request, timeout_ms));
  std::vector<std::uint8_t> plain;
  const auto response = TRY(read_answer(token, answer, plain));
  auto settings = TRY(settings_from(token, response, keys));
  settings.invite = invite;
  if (before && !(before->name == settings.name)) {
    return Problem{ProblemKind::kInput,
                   "This home holds " + text_of(before->name) + "; the invitation is for " +
                       text_of(settings.name) + ".",
                   "Name another folder with --home."};
  }
  if (!before) TRY(make_store(home, keys, settings.name));
  const std::size_t contacts = TRY(add_contacts(home, response, rng));
  TRY(home.save(settings));  // from here on there is a device
  TRY(remove_file(home.enrolling_path()));
  return Enrolled{
      .name = settings.name, .contacts = contacts, .tunnel = settings.tunnel.has_value()};
}

}  // namespace ports::linux_os
