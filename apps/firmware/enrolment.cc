#include "apps/firmware/enrolment.h"

#include "core/api/http.h"
#include "core/base/reader.h"
#include "core/crypto/sha2.h"
#include "core/crypto/x25519.h"
#include "ports/mbedtls/certificate.h"

namespace apps::firmware {
namespace {

using core::Bytes;
using core::Error;
using core::Instant;
using core::MutBytes;
using core::Status;

constexpr std::int64_t kTimeoutMs = 60'000;

Problem problem_of_status(int status) {
  switch (status) {
    case 403: return Problem::kUnknownInvite;
    case 409: return Problem::kUsedInvite;
    case 410: return Problem::kExpired;
    case 429:
    case 500:
    case 503: return Problem::kBusy;
    default: return Problem::kRefused;
  }
}

core::Result<TunnelSettings> tunnel_from(const core::api::TunnelView& told,
                                         const core::Secret<32>& private_key) {
  TunnelSettings tunnel;
  tunnel.private_key = private_key.clone();
  tunnel.preshared_key = core::Secret<32>(told.preshared_key);
  tunnel.gateway_key = core::to_array(told.gateway_key);
  TRY(tunnel.endpoint_host.set(told.endpoint_host));
  tunnel.endpoint_port = told.endpoint_port;
  tunnel.address = core::to_array(told.address);
  tunnel.prefix = core::to_array(told.prefix);
  tunnel.prefix_bits = told.prefix_bits;
  tunnel.mtu = told.mtu;
  tunnel.keepalive_s = told.keepalive_s;
  return tunnel;
}

}  // namespace

Problem Enrolment::start(Bytes text, Instant now, core::WallTime wall) {
  auto token = core::api::Token::parse(text);
  if (!token) {
    return token.error() == Error::kBadVersion ? Problem::kLaterToken : Problem::kNoToken;
  }
  if (wall.ms != 0 && token->expired(wall)) return Problem::kExpired;
  token_ = *std::move(token);
  if (!host_.set(token_.host())) return Problem::kNoToken;
  auto kept = EnrolKeys::load(p_.store);
  if (kept) {
    keys_ = *std::move(kept);
    if (const auto restored = p_.key.restore(keys_.tls); !restored) return Problem::kDamaged;
  } else if (kept.error() != Error::kNotFound) {
    return problem_of_store(kept.error());
  } else if (const auto problem = make_keys(); problem != Problem::kNone) {
    return problem;
  }
  if (const auto problem = write_request(); problem != Problem::kNone) return problem;
  if (!p_.context.for_enrolment(token_.ca_fingerprint)) return Problem::kNoMemory;
  phase_ = Phase::kLookup;
  done_ = 0;
  give_up_ = now + kTimeoutMs;
  return Problem::kNone;
}

Problem Enrolment::make_keys() {
  auto identity = core::crypto::x25519_private(p_.rng);
  auto tunnel = core::crypto::x25519_private(p_.rng);
  core::ByteArray<4> random{};
  if (!identity || !tunnel || !p_.rng.fill(random)) return Problem::kNoRandomness;
  if (const auto made = p_.key.generate(); !made) {
    return made.error() == Error::kFull ? Problem::kNoMemory : Problem::kNoRandomness;
  }
  auto tls = p_.key.private_key();
  const auto csr = p_.key.write_csr(keys_.csr);
  if (!tls || !csr) return Problem::kNoMemory;
  keys_.identity = *std::move(identity);
  keys_.tunnel = *std::move(tunnel);
  keys_.tls = *std::move(tls);
  keys_.csr_size = *csr;
  core::Reader number(random);
  keys_.registration_id = 1 + number.u32_be() % core::api::kMaxRegistrationId;
  const auto saved = [&]() -> Status {
    TRY(p_.store.begin());
    if (const auto put = keys_.save(p_.store); !put) {
      p_.store.rollback();
      return put;
    }
    return p_.store.commit();
  }();
  return saved ? Problem::kNone : Problem::kStore;
}

Problem Enrolment::write_request() {
  // Sealed into the answer's buffer, which is free until then.
  const MutBytes sealed = p_.answer.first(kMaxRequestSize);
  const auto sealed_size =
      core::api::seal_enrol_request(token_.secret, keys_.view(), p_.rng, p_.request, sealed);
  if (!sealed_size) return problem_of_store(sealed_size.error());
  const auto head = core::api::write_post(core::label("/enrol"), host_.bytes(), token_.port,
                                          *sealed_size, p_.request);
  if (!head || p_.request.size() - *head < *sealed_size) return Problem::kNoMemory;
  core::copy(sealed.first(*sealed_size), p_.request.subspan(*head));
  size_ = *head + *sealed_size;
  return Problem::kNone;
}

Problem Enrolment::step(Instant now) {
  if (!active()) return Problem::kNone;
  const auto problem = now >= give_up_ ? Problem::kNoAnswer : advance(now);
  if (problem != Problem::kNone) end();
  return problem;
}

Problem Enrolment::advance(Instant now) {
  switch (phase_) {
    case Phase::kIdle: break;
    case Phase::kLookup: {
      const auto address = p_.lookup.address(host_);
      if (!address) return Problem::kNoName;
      if (!*address) break;
      const auto begun = p_.stream.connect(p_.context, **address, token_.port, host_.chars.data());
      if (!begun) return Problem::kNoConnection;  // there may be no route yet
      phase_ = Phase::kConnecting;
      break;
    }
    case Phase::kConnecting: {
      if (const auto advanced = p_.stream.advance(); !advanced) {
        return problem_of_stream(advanced.error());
      }
      if (p_.stream.open()) phase_ = Phase::kSending;
      break;
    }
    case Phase::kSending: return send();
    case Phase::kReading: return receive(now);
  }
  return Problem::kNone;
}

Problem Enrolment::send() {
  const auto sent = p_.stream.write(p_.request.first(size_).subspan(done_));
  if (!sent) return problem_of_stream(sent.error());
  done_ += *sent;
  if (done_ < size_) return Problem::kNone;
  phase_ = Phase::kReading;
  done_ = 0;
  return Problem::kNone;
}

Problem Enrolment::receive(Instant now) {
  if (done_ == p_.answer.size()) return Problem::kNoMemory;
  const auto size = p_.stream.read(p_.answer.subspan(done_));
  if (!size && size.error() != Error::kRefused) return problem_of_stream(size.error());
  if (size) done_ += *size;
  const auto answer = core::api::read_http_answer(
      p_.answer.first(done_), size ? core::api::Connection::kOpen : core::api::Connection::kEnded);
  if (!answer) return size ? Problem::kNotUnderstood : Problem::kNoConnection;
  if (!*answer) return Problem::kNone;
  if ((*answer)->status != 200) return problem_of_status((*answer)->status);
  p_.stream.close();  // the context will be another
  const auto problem = take_answer((*answer)->body, now);
  if (problem == Problem::kNone) end();
  return problem;
}

Problem Enrolment::take_answer(Bytes sealed, Instant now) {
  const auto size =
      core::api::open_enrolment(token_.secret, core::api::Direction::kResponse, sealed, p_.request);
  if (!size) return size.error() == Error::kFull ? Problem::kNoMemory : Problem::kForged;
  const auto response = core::api::EnrolResponseView::parse(Bytes(p_.request).first(*size));
  if (!response) return Problem::kNotUnderstood;
  if (response->code != core::api::Code::kOk) return Problem::kRefused;
  return keep(*response, now);
}

// Everything that the certificate promises is checked before it is kept.
Problem Enrolment::keep(const core::api::EnrolResponseView& response, Instant now) {
  Settings settings;
  settings.name = response.name;
  settings.tls_key = keys_.tls.clone();
  settings.broker_port = response.broker_port;
  Text<core::DeviceName::kMaxSize> name;
  if (!name.set(response.name.bytes()) || !settings.broker_host.set(response.broker_host)) {
    return Problem::kNotUnderstood;
  }
  if (response.tunnel) {
    auto tunnel = tunnel_from(*response.tunnel, keys_.tunnel);
    if (!tunnel) return Problem::kNotUnderstood;
    settings.tunnel = *std::move(tunnel);
  }
  const auto hash = core::crypto::sha256(response.ca_certificate);
  if (!core::equal_var(Bytes(hash).first(16), token_.ca_fingerprint)) return Problem::kForged;
  if (const auto checked = ports::mbedtls::check_certificate(
          response.certificate, response.ca_certificate, name.chars.data(), p_.key);
      !checked) {
    return checked.error() == Error::kFull  ? Problem::kNoMemory
           : checked.error() == Error::kRng ? Problem::kNoRandomness
                                            : Problem::kForged;
  }
  // A store with a messenger but without settings was left by a power cut.
  if (!messenger_open_) {
    const auto created =
        core::messenger::Messenger::create(p_.store, {.name = settings.name,
                                                      .identity_key = keys_.identity.clone(),
                                                      .registration_id = keys_.registration_id});
    if (!created && created.error() != Error::kOutOfOrder) return problem_of_store(created.error());
    if (const auto opened = p_.messenger.open(now); !opened) {
      return problem_of_store(opened.error());
    }
    messenger_open_ = true;
  }
  if (!(p_.messenger.name() == settings.name)) return Problem::kDamaged;
  auto contacts = response.contact;
  while (const auto contact = contacts.next()) {
    if (contact->name == settings.name) continue;
    // With no room for one the others are still of use.
    const auto added = p_.messenger.add_contact(contact->name, contact->identity_key, now);
    if (!added && added.error() == Error::kStore) return Problem::kStore;
  }
  return save(response, settings) ? Problem::kNone : Problem::kStore;
}

// From here on there is a device.
Status Enrolment::save(const core::api::EnrolResponseView& response, const Settings& settings) {
  TRY(p_.store.begin());
  const auto written = [&]() -> Status {
    TRY(put_certificate(p_.store, Certificate::kSite, response.ca_certificate));
    TRY(put_certificate(p_.store, Certificate::kOurs, response.certificate));
    TRY(settings.save(p_.store));
    return EnrolKeys::erase(p_.store);
  }();
  if (written) return p_.store.commit();
  p_.store.rollback();
  return written;
}

void Enrolment::end() {
  p_.stream.close();
  phase_ = Phase::kIdle;
  token_ = {};
  keys_ = {};
  core::wipe(p_.request);
  core::wipe(p_.answer);
}

}  // namespace apps::firmware
