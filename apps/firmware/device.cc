#include "apps/firmware/device.h"

#include "core/messenger/retry.h"

namespace apps::firmware {
namespace {

using core::Bytes;
using core::Error;
using core::Instant;
using core::MutBytes;
using core::messenger::EventKind;
using core::messenger::LinkEnd;

// Reads of one step(), so that a busy link does not starve the console.
constexpr int kMaxRounds = 8;
constexpr std::int64_t kRenewalCheckMs = 3'600'000;
// An enrolment that failed for now is tried again after 1 s, 2 s, ... 60 s.
constexpr std::int64_t kEnrolFirstMs = 1000, kEnrolMaxMs = 60'000;

Problem problem_of_link(LinkEnd end) {
  switch (end) {
    case LinkEnd::kSilent: return Problem::kNoAnswer;
    case LinkEnd::kBroken: return Problem::kNotUnderstood;
    case LinkEnd::kRefused: return Problem::kRefused;
    case LinkEnd::kNoMail: return Problem::kNoMail;
    case LinkEnd::kClosed: return Problem::kNoConnection;
    case LinkEnd::kNoRoom: return Problem::kNoMemory;
  }
  return Problem::kNotUnderstood;
}

// The network, the server or the clock may be better later.
bool may_pass(Problem problem) {
  return problem == Problem::kNoName || problem == Problem::kNoConnection ||
         problem == Problem::kNoAnswer || problem == Problem::kBusy || problem == Problem::kDates;
}

}  // namespace

Device::Device(Board& board, core::Rng& rng, core::messenger::Store& store,
               ports::flash::HighMark& floor)
    : board_(board),
      rng_(rng),
      store_(store),
      messenger_(store, rng, work_),
      client_(in_, out_),
      link_(
          messenger_, client_, rng,
          {.max_unacknowledged = kUnacknowledged, .max_output = core::messenger::kMaxPayload / 2}),
      tunnel_(board, rng, floor),
      enrolment_({.store = store,
                  .rng = rng,
                  .messenger = messenger_,
                  .lookup = lookup_,
                  .key = key_,
                  .context = context_,
                  .stream = stream_,
                  .request = out_,
                  .answer = in_}) {}

Problem Device::open() {
  auto settings = Settings::load(store_);
  if (!settings) {
    return settings.error() == Error::kNotFound ? Problem::kNone
                                                : problem_of_store(settings.error());
  }
  if (const auto opened = messenger_.open(board_.now()); !opened) {
    return problem_of_store(opened.error());
  }
  if (!key_.restore(settings->tls_key) || !(messenger_.name() == settings->name)) {
    return Problem::kDamaged;
  }
  return use(*std::move(settings));
}

Problem Device::use(Settings settings) {
  settings_ = std::move(settings);
  take_certificate();  // one that came just before a power cut
  return settings_->tunnel ? tunnel_.start(*settings_->tunnel) : Problem::kNone;
}

Problem Device::enrol(Bytes token) {
  if (enrolled()) return Problem::kEnrolled;
  if (enrolment_.active()) return Problem::kEnrolling;
  if (!token_.set(token)) return Problem::kNoToken;
  enrol_failures_ = 0;
  problem_ = try_to_enrol();
  return problem_;
}

// One attempt; the token is forgotten unless another one may do better.
Problem Device::try_to_enrol() {
  enrol_at_ = core::kNever;
  const auto problem = enrolment_.start(token_.bytes(), board_.now(), board_.wall_time());
  if (problem != Problem::kNone) token_ = {};
  return problem;
}

Device::State Device::state() const {
  if (!enrolled()) return token_.size != 0 ? State::kEnrolling : State::kNew;
  if (link_.online()) return State::kOnline;
  return phase_ == Phase::kIdle ? State::kOffline : State::kConnecting;
}

Instant Device::next_deadline() const {
  if (more_to_do_) return {};
  if (!enrolled()) return std::min(enrolment_.deadline(), enrol_at_);
  const Instant at = link_.next_deadline();
  return phase_ == Phase::kIdle ? std::min(at, link_.retry_at()) : at;
}

void Device::step() {
  const Instant now = board_.now();
  if (now >= enrol_at_) problem_ = try_to_enrol();
  if (enrolment_.active()) step_enrolment(now);
  if (enrolled()) step_link(now);
}

void Device::step_enrolment(Instant now) {
  const auto problem = enrolment_.step(now);
  if (enrolment_.active()) return;
  problem_ = problem;
  if (may_pass(problem)) {
    enrol_at_ = now + core::messenger::pause_ms(enrol_failures_++, kEnrolFirstMs, kEnrolMaxMs);
    return;
  }
  token_ = {};
  if (problem != Problem::kNone) return;
  auto settings = Settings::load(store_);
  problem_ = settings ? use(*std::move(settings)) : problem_of_store(settings.error());
}

void Device::step_link(Instant now) {
  if (phase_ == Phase::kIdle && link_.due(now)) {
    link_.begin(now);
    phase_ = Phase::kLookup;
  }
  if (phase_ != Phase::kIdle) {
    const auto problem = advance(now);
    if (problem != Problem::kNone) lose(problem, now);
  }
  link_.work(now, board_.wall_time());
  renew_certificate(now);
  if (phase_ != Phase::kOpen) return;
  const auto problem = write_some();
  if (problem != Problem::kNone) lose(problem, now);
}

// Whom we trust and who we are.
Problem Device::load_context() {
  if (context_ready_) return Problem::kNone;
  const MutBytes site = site_certificate(), ours = our_certificate();
  const auto site_size = get_certificate(store_, Certificate::kSite, site);
  const auto size = get_certificate(store_, Certificate::kOurs, ours);
  if (!site_size || !size) return Problem::kStore;
  const auto ready =
      context_.for_site(Bytes(site).first(*site_size), Bytes(ours).first(*size), key_);
  if (!ready) return ready.error() == Error::kFull ? Problem::kNoMemory : Problem::kDamaged;
  context_ready_ = true;
  return Problem::kNone;
}

Problem Device::connect() {
  if (!rng_.draw<8>()) return Problem::kNoRandomness;  // nothing below would come to an end
  if (settings_->tunnel) {
    const auto found = tunnel_.find_gateway(lookup_);
    if (!found) return Problem::kNoName;
    if (!*found) return Problem::kNone;
  }
  const auto address = lookup_.address(settings_->broker_host);
  if (!address) return Problem::kNoName;
  if (!*address) return Problem::kNone;
  if (const auto problem = load_context(); problem != Problem::kNone) return problem;
  const auto begun = stream_.connect(context_, **address, settings_->broker_port,
                                     settings_->broker_host.chars.data());
  if (!begun) return Problem::kNoConnection;  // there may be no route yet
  phase_ = Phase::kHandshake;
  return Problem::kNone;
}

Problem Device::advance(Instant now) {
  if (const auto end = link_.check(now)) return problem_of_link(*end);
  if (phase_ == Phase::kLookup) return connect();
  if (phase_ == Phase::kHandshake) {
    if (const auto advanced = stream_.advance(); !advanced) {
      return problem_of_stream(advanced.error());
    }
    if (!stream_.open()) return Problem::kNone;
    if (!link_.open(now)) return Problem::kNoMemory;
    phase_ = Phase::kOpen;
  }
  return read_some(now);
}

Problem Device::read_some(Instant now) {
  more_to_do_ = false;
  for (int round = 0; round < kMaxRounds; ++round) {
    const MutBytes space = client_.receive_space();
    std::size_t size = 0;
    if (!space.empty()) {
      const auto read = stream_.read(space);
      if (!read) return problem_of_stream(read.error());
      size = *read;
    }
    client_.received(size);
    if (const auto end = link_.take_events(now, board_.wall_time())) {
      static_cast<void>(write_some());
      return problem_of_link(*end);
    }
    if (link_.online()) problem_ = Problem::kNone;
    if (!space.empty() && size == 0) return Problem::kNone;
  }
  more_to_do_ = true;
  return Problem::kNone;
}

Problem Device::write_some() {
  while (!client_.output().empty()) {
    const auto size = stream_.write(client_.output());
    if (!size) return problem_of_stream(size.error());
    if (*size == 0) break;
    client_.output_sent(*size);
  }
  return Problem::kNone;
}

void Device::lose(Problem why, Instant now) {
  stream_.close();
  link_.lost(now);
  tunnel_.forget_gateway();
  phase_ = Phase::kIdle;
  more_to_do_ = false;
  problem_ = why;
  take_certificate();
}

std::optional<core::messenger::Event> Device::next_event() {
  const auto event = messenger_.next_event();
  if (event && event->kind == EventKind::kRenewalDue) renew_at_ = board_.now();
  // Without a connection there is memory to check it in; the next one uses it.
  if (event && event->kind == EventKind::kCertificate) lose(Problem::kNone, board_.now());
  return event;
}

core::Result<ports::mbedtls::Validity> Device::certificate_validity() {
  const MutBytes ours = our_certificate();
  const auto size = TRY(get_certificate(store_, Certificate::kOurs, ours));
  return ports::mbedtls::validity(Bytes(ours).first(size));
}

// Asks for a new certificate when two thirds of the present one's time are over.
void Device::renew_certificate(Instant now) {
  if (!link_.online() || now < renew_at_) return;
  renew_at_ = now + kRenewalCheckMs;
  const auto valid = certificate_validity();
  if (!valid) return;
  const std::int64_t lifetime_ms = valid->until.ms - valid->from.ms;
  if (board_.wall_time().ms < valid->from.ms + lifetime_ms / 3 * 2) return;
  core::ByteArray<EnrolKeys::kMaxCsrSize> csr;
  const auto csr_size = key_.write_csr(csr);
  if (csr_size) static_cast<void>(messenger_.renew(Bytes(csr).first(*csr_size), now));
}

// Puts a certificate that came in its place: used from the next connection on.
// One for which there is no memory now waits for that.
void Device::take_certificate() {
  const MutBytes site = site_certificate(), ours = our_certificate();
  const auto size = messenger_.certificate(ours);
  const auto site_size = get_certificate(store_, Certificate::kSite, site);
  Text<core::DeviceName::kMaxSize> name;
  if (!size || !site_size || !name.set(settings_->name.bytes())) return;
  const Bytes certificate = Bytes(ours).first(*size);
  const auto checked = ports::mbedtls::check_certificate(certificate, Bytes(site).first(*site_size),
                                                         name.chars.data(), key_);
  if (!checked && (checked.error() == Error::kFull || checked.error() == Error::kRng)) return;
  if (checked) {
    if (!store_.begin()) return;
    if (!put_certificate(store_, Certificate::kOurs, certificate)) return store_.rollback();
    if (!store_.commit()) return;
    context_ready_ = false;
  }
  static_cast<void>(messenger_.certificate_taken());
}

}  // namespace apps::firmware
