#include "server/service/enrolment.h"

#include "core/api/enrolment.h"
#include "core/base/writer.h"
#include "core/crypto/sha2.h"
#include "core/crypto/x25519.h"
#include "core/crypto/xeddsa.h"
#include "core/prekey/bundle.h"
#include "server/service/accounts.h"
#include "server/service/answer.h"

namespace server::service {

using core::Error;
using core::api::Direction;
using core::api::EnrolRequestView;

namespace {

constexpr std::size_t kMaxSealedSize = 16 * 1024;

Enrolment ended(EnrolOutcome outcome, std::string_view text) {
  return {.outcome = outcome, .text = std::string(text), .body = {}};
}

core::Secret<16> secret_of(const store::Invite& invite) {
  return core::Secret<16>(core::View<16>(invite.secret));
}

// By which a repeated request is known: its nonce and proof differ each time.
core::ByteArray<32> digest_of(const EnrolRequestView& request) {
  core::ByteArray<33 + 4 + 32 + 32> text;
  core::Writer writer(text);
  writer.bytes(request.identity_key);
  writer.u32_be(request.registration_id);
  writer.bytes(core::crypto::sha256(request.csr));
  writer.bytes(request.tunnel_key);
  CHECK(writer.ok());
  return core::crypto::sha256(writer.written());
}

}  // namespace

core::Result<core::api::Token> Enroller::invite(const core::DeviceName& name, std::int64_t ttl_s,
                                                core::WallTime wall) {
  core::api::Token token;
  if (name.empty() || site_.host.empty() || site_.host.size() > token.host_text.size()) {
    return Error::kMalformed;
  }
  core::copy(as_bytes(site_.host), token.host_text);
  token.host_size = static_cast<std::uint8_t>(site_.host.size());
  token.port = site_.port;
  token.ca_fingerprint = site_.ca_fingerprint;
  token.secret = TRY(rng_.draw<16>());
  token.expires_s = static_cast<std::uint32_t>(wall.ms / 1000 + ttl_s);
  const store::Invite invite{.id = core::api::invite_id(token.secret),
                             .name = name,
                             .secret = core::to_array(token.secret.view()),
                             .expires_at = {std::int64_t{token.expires_s} * 1000},
                             .used_at = {},
                             .request_digest = {},
                             .response = {}};
  const auto stored = [&]() -> Status {
    TRY(store_.begin());
    TRY(store_.add_invite(invite));
    return store_.commit();
  }();
  if (!stored) {
    store_.rollback();
    return stored.error();
  }
  return token;
}

Enrolment Enroller::enrol(core::Bytes sealed, core::WallTime wall) {
  if (sealed.size() <= core::api::kEnrolOverhead || sealed.size() > kMaxSealedSize) {
    return ended(EnrolOutcome::kMalformed, "This is no enrolment request.");
  }
  auto outcome = exchange(sealed, wall);
  if (outcome && outcome->commit) {
    const auto committed = store_.commit();
    if (!committed) outcome = committed.error();
  }
  if (!outcome || !outcome->commit) store_.rollback();
  if (!outcome) return ended(EnrolOutcome::kFailed, "The server failed. Try again.");
  return std::move(outcome->enrolment);
}

core::Result<Enroller::Outcome> Enroller::exchange(core::Bytes sealed, core::WallTime wall) {
  TRY(store_.begin());
  const auto wrong_token = [] {
    return Outcome{ended(EnrolOutcome::kWrongToken, "There is no such invite.")};
  };
  const auto found = store_.find_invite(sealed.first<8>());
  if (!found && found.error() == Error::kNotFound) return wrong_token();
  const auto invite = TRY(found);
  Blob plain(sealed.size());
  const auto size =
      core::api::open_enrolment(secret_of(invite), Direction::kRequest, sealed, plain);
  if (!size) return wrong_token();
  plain.resize(*size);
  // Only to the holder of the secret is it told more.
  if (!invite.used_at && invite.expires_at <= wall) {
    return Outcome{ended(EnrolOutcome::kExpired, "The invite has expired. Ask for a new one.")};
  }
  return admit(invite, plain, wall);
}

core::Result<Enroller::Outcome> Enroller::admit(const store::Invite& invite, core::Bytes plain,
                                                core::WallTime wall) {
  const auto request = EnrolRequestView::parse(plain);
  if (!request) return refuse_sealed(invite, Code::kMalformed, "The request does not parse.");
  const auto digest = digest_of(*request);
  if (invite.used_at) {
    // The same device asks again: it has not got the answer.
    if (digest == invite.request_digest) {
      return Outcome{{.outcome = EnrolOutcome::kAnswered, .text = {}, .body = invite.response}};
    }
    return Outcome{ended(EnrolOutcome::kUsed, "The invite was used already. Ask for a new one.")};
  }
  auto verdict = check(invite, *request);
  if (verdict.code == Code::kOk) verdict = TRY(claim(invite, *request, wall));
  if (verdict.code == Code::kOk && site_.tunnel) {
    const auto account = TRY(store_.find_account(invite.name));
    verdict = TRY(connect(account.id, request->tunnel_key.first<32>()));
  }
  if (verdict.code != Code::kOk) return refuse_sealed(invite, verdict.code, verdict.text);
  const auto certificate = authority_.sign(request->csr, invite.name);
  if (!certificate) {
    const Error error = certificate.error();
    if (error != Error::kMalformed && error != Error::kBadKey && error != Error::kBadTag) {
      return error;
    }
    return refuse_sealed(invite, Code::kMalformed, "The certificate request is refused.");
  }
  const auto account = TRY(store_.find_account(invite.name));
  const auto plain_response =
      TRY(response(account, *certificate, page_size(request->max_contacts)));
  auto body = TRY(seal(invite, plain_response));
  TRY(store_.use_invite(invite.id, wall, digest, body));
  return Outcome{{.outcome = EnrolOutcome::kAnswered, .text = {}, .body = std::move(body)}, true};
}

Enroller::Verdict Enroller::check(const store::Invite& invite,
                                  const EnrolRequestView& request) const {
  if (request.identity_key[0] != core::prekey::kCurveKeyType ||
      !core::crypto::x25519_is_prime_order_var(request.identity_key.last<32>())) {
    return {Code::kMalformed, "The identity key is weak or of another kind."};
  }
  const core::api::EnrolmentProof proof(secret_of(invite), request.identity_key,
                                        request.registration_id, request.csr, request.tunnel_key);
  if (!core::crypto::xeddsa_verify(request.identity_key.last<32>(), proof.message(),
                                   request.proof)) {
    return {Code::kBadSignature, "The identity key has not signed the request."};
  }
  if (!site_.tunnel) return {};
  if (request.tunnel_key.empty()) {
    return {Code::kMalformed, "This site has a tunnel, and the device sent no key for it."};
  }
  if (!core::crypto::x25519_is_prime_order_var(request.tunnel_key.first<32>()) ||
      core::equal_var(request.tunnel_key, site_.tunnel->gateway_key)) {
    return {Code::kMalformed, "The key for the tunnel is weak or the gateway's own."};
  }
  return {};
}

core::Result<Enroller::Verdict> Enroller::claim(const store::Invite& invite,
                                                const EnrolRequestView& request,
                                                core::WallTime wall) {
  const auto account = store_.find_account(invite.name);
  if (!account && account.error() != Error::kNotFound) return account.error();
  if (account && account->state == store::AccountState::kActive) {
    if (core::equal_var(account->identity_key, request.identity_key) &&
        account->registration_id == request.registration_id) {
      return Verdict{};  // the same device wants a new certificate
    }
    return Verdict{Code::kKeyConflict, "The name belongs to another identity key."};
  }
  const auto owner = store_.key_owner(request.identity_key);
  if (owner) return Verdict{Code::kKeyConflict, "The identity key was enrolled before."};
  if (owner.error() != Error::kNotFound) return owner.error();
  const store::Account enrolled{.id = 0,
                                .name = invite.name,
                                .identity_key = core::to_array(request.identity_key),
                                .registration_id = request.registration_id,
                                .enrolled_at = wall,
                                .state = store::AccountState::kActive};
  if (account) {
    TRY(store_.renew_account(enrolled));
  } else {
    TRY(store_.add_account(enrolled));
  }
  return Verdict{};
}

core::Result<Enroller::Verdict> Enroller::connect(store::AccountId account,
                                                  core::View<32> tunnel_key) {
  const auto before = store_.find_tunnel_peer(account);
  if (!before && before.error() != Error::kNotFound) return before.error();
  if (before && core::equal_var(before->public_key, tunnel_key)) return Verdict{};
  const Verdict taken{Code::kKeyConflict, "The tunnel key's address inside belongs to another."};
  const store::TunnelPeer peer{.account = account,
                               .host = tunnel_host(tunnel_key),
                               .public_key = core::to_array(tunnel_key),
                               .preshared_key = core::to_array(TRY(rng_.draw<32>()).view())};
  if (peer.host == kGatewayHost || peer.host == core::ByteArray<8>{}) return taken;
  const auto put = store_.put_tunnel_peer(peer);
  if (!put && put.error() == Error::kReplay) return taken;
  TRY(put);
  return Verdict{};
}

core::Result<Enroller::Outcome> Enroller::refuse_sealed(const store::Invite& invite,
                                                        core::api::Code code,
                                                        std::string_view text) {
  core::api::EnrolResponseView refusal;
  refusal.code = code;
  refusal.text = as_bytes(text);
  auto body = TRY(seal(invite, encoded(refusal, 512)));
  return Outcome{
      {.outcome = EnrolOutcome::kAnswered, .text = std::string(text), .body = std::move(body)}};
}

core::Result<std::vector<std::uint8_t>> Enroller::response(const store::Account& account,
                                                           core::Bytes certificate,
                                                           std::size_t max_contacts) {
  core::api::EnrolResponseView view;
  view.name = account.name;
  view.certificate = certificate;
  view.ca_certificate = site_.ca_certificate;
  view.broker_host = as_bytes(site_.broker_host);
  view.broker_port = site_.broker_port;
  store::TunnelPeer peer;
  InsideAddress address{}, gateway{};
  if (site_.tunnel) {
    peer = TRY(store_.find_tunnel_peer(account.id));
    address = inside_address(site_.tunnel->prefix, peer.host);
    gateway = inside_address(site_.tunnel->prefix, kGatewayHost);
    view.tunnel = core::api::TunnelView{.gateway_key = site_.tunnel->gateway_key,
                                        .preshared_key = peer.preshared_key,
                                        .endpoint_host = as_bytes(site_.tunnel->endpoint_host),
                                        .endpoint_port = site_.tunnel->endpoint_port,
                                        .address = address,
                                        .prefix = gateway,
                                        .prefix_bits = 128,
                                        .mtu = site_.tunnel->mtu,
                                        .keepalive_s = site_.tunnel->keepalive_s};
  }
  Blob out = encoded(
      view, 2048 + certificate.size() + site_.ca_certificate.size() + site_.broker_host.size());
  const auto contacts = TRY(contacts_of(store_, account.name, {}, max_contacts));
  Blob tail(contacts.size() * 128);
  core::ProtobufWriter writer(tail);
  for (const auto& contact : contacts) {
    const core::api::ContactView entry{.name = contact.name, .identity_key = contact.identity_key};
    CHECK(core::api::append_contact(writer, 8, entry).ok());
  }
  const auto written = writer.written();
  out.insert(out.end(), written.begin(), written.end());
  return out;
}

core::Result<std::vector<std::uint8_t>> Enroller::seal(const store::Invite& invite,
                                                       core::Bytes plain) {
  std::vector<std::uint8_t> out(plain.size() + core::api::kEnrolOverhead);
  TRY(core::api::seal_enrolment(secret_of(invite), Direction::kResponse, plain, rng_, out));
  return out;
}

}  // namespace server::service
