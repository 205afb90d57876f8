#include "server/service/service.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "core/api/request.h"
#include "server/service/accounts.h"
#include "server/service/enrolment.h"
#include "server/service/mailbox.h"
#include "server/service/pending.h"
#include "server/service/prekeys.h"
#include "server/service/push.h"
#include "server/service/pusher.h"
#include "server/service/recent_answers.h"
#include "server/service/request_rate.h"

namespace server::service {

using core::Error;
using core::Instant;
using core::WallTime;
using core::api::Down;
using core::api::Method;
using core::api::Notice;

namespace {

constexpr std::size_t kResponseOverhead = 64 + core::api::kMaxTextSize;
constexpr std::size_t kListPage = 500;

std::string down_topic(const core::DeviceName& device, Down down) {
  core::ByteArray<core::api::kMaxTopicSize> out;
  const auto size = core::api::down_topic(device, down, out);
  CHECK(size.ok());
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(*size)};
}

// True for the methods whose repetition would do something again: their
// answers are stored. The others' are remembered for a while.
bool answer_is_stored(Method method) {
  switch (method) {
    case Method::kPublish:
    case Method::kBundle:
    case Method::kSend:
    case Method::kRenew: return true;
    case Method::kStatus:
    case Method::kAck:
    case Method::kContacts: return false;
  }
  __builtin_trap();
}

Blob response_to(const core::ByteArray<16>& request_id, const Answer& answer) {
  return encoded(core::api::ResponseView{.request_id = request_id,
                                         .code = answer.code,
                                         .text = as_bytes(answer.text),
                                         .body = answer.body},
                 kResponseOverhead + answer.body.size());
}

}  // namespace

struct Service::Impl {
  // What a batch leads to beyond the store; dropped if it is rolled back.
  struct Effects {
    struct Seen {
      store::AccountId account;
      core::DeviceName name;
      std::optional<core::api::AckRequest> ack;
    };
    std::vector<OutgoingPublish> replies;
    std::vector<Seen> seen;
    std::vector<store::AccountId> mailed;
    std::vector<LowStock> low;
    Counters counters;
  };
  enum class Ran : std::uint8_t { kDone, kRequestFailed, kStoreFailed };

  Impl(store::Store& the_store, CertificateAuthority& the_authority, core::Rng& rng, Site the_site,
       Limits the_limits)
      : store(the_store),
        authority(the_authority),
        site(std::move(the_site)),
        limits(the_limits),
        pre_keys(store, limits),
        mailbox(store, limits),
        enroller(store, authority, rng, site),
        pusher(limits),
        recent(limits),
        rate(limits) {}

  bool recognise(std::span<Pending> requests, Instant now);
  Ran run_batch(std::span<Pending> requests, Instant now, WallTime wall,
                std::vector<OutgoingPublish>& out);
  Result<void> run_one(const Pending& pending, Instant now, WallTime wall, Effects& effects);
  Result<Answer> run_method(const Pending& pending, Instant now, WallTime wall, Effects& effects);
  Result<std::optional<store::StoredAnswer>> first_answer(const Pending& pending, Instant now);
  Status remember(const Pending& pending, const Blob& response, Instant now, WallTime wall);
  void reply(const Pending& pending, Blob response, Effects& effects) const;
  void apply(Effects effects, Instant now, std::vector<OutgoingPublish>& out);
  void push_mail(Instant now, WallTime wall, std::vector<OutgoingPublish>& out);
  void notice_low(const LowStock& low, Instant now, std::vector<OutgoingPublish>& out);
  OutgoingPublish notice(const core::DeviceName& device, const Notice& what);
  void contacts_changed(const core::DeviceName& but);
  void upkeep(Instant now, WallTime wall);

  store::Store& store;
  CertificateAuthority& authority;
  const Site site;
  const Limits limits;
  PreKeys pre_keys;
  Mailbox mailbox;
  Enroller enroller;
  Pusher pusher;
  RecentAnswers recent;
  RequestRate rate;
  Counters counters;
  std::vector<OutgoingPublish> queued;  // for the next poll
  std::map<store::AccountId, Instant> low_told;
  Instant upkeep_at{};
  mutable std::mutex mutex;
};

// Finds the accounts of the requests and settles those of unknown and revoked
// devices. False if the store failed.
bool Service::Impl::recognise(std::span<Pending> requests, Instant now) {
  for (auto& pending : requests) {
    if (pending.dropped) continue;
    auto account = store.find_account(pending.device);
    if (!account && account.error() != Error::kNotFound) return false;
    if (!account) {
      pending.dropped = true;
      ++counters.dropped_unknown;
      continue;
    }
    pending.account = *std::move(account);
    if (pending.account.state == store::AccountState::kRevoked) {
      pending.refusal = refuse(Code::kRevoked, "This device is revoked.");
    } else if (!rate.take(pending.account.id, now)) {
      pending.refusal = refuse(Code::kBusy, "Too many requests: slow down.");
    }
  }
  return true;
}

void Service::Impl::reply(const Pending& pending, Blob response, Effects& effects) const {
  effects.replies.push_back({.topic = down_topic(pending.device, Down::kReply),
                             .payload = std::move(response),
                             .correlation = pending.request_id,
                             .expiry_s = limits.reply_expiry_s});
  ++effects.counters.answered;
}

// The answer that a request with this id got before, if any.
Result<std::optional<store::StoredAnswer>> Service::Impl::first_answer(const Pending& pending,
                                                                       Instant now) {
  if (const auto* answer = recent.find(pending.account.id, *pending.request_id, now)) {
    return std::optional(*answer);
  }
  auto stored = store.find_answer(pending.account.id, *pending.request_id);
  if (stored) return std::optional(*std::move(stored));
  if (stored.error() == Error::kNotFound) return std::optional<store::StoredAnswer>();
  return stored.error();
}

Status Service::Impl::remember(const Pending& pending, const Blob& response, Instant now,
                               WallTime wall) {
  if (answer_is_stored(*pending.method)) {
    return store.add_answer(pending.account.id, *pending.request_id, pending.digest, response,
                            wall);
  }
  recent.add(pending.account.id, *pending.request_id, {pending.digest, response}, now);
  return {};
}

Result<Answer> Service::Impl::run_method(const Pending& pending, Instant now, WallTime wall,
                                         Effects& effects) {
  const Bytes body = pending.request->body;
  const auto& account = pending.account;
  switch (*pending.method) {
    case Method::kPublish: return pre_keys.publish(account, body);
    case Method::kStatus: return pre_keys.status(account, body, wall);
    case Method::kBundle: {
      auto bundle = TRY(pre_keys.bundle(account, body, now));
      if (bundle.answer.code == Code::kOk) ++effects.counters.bundles;
      if (bundle.limited) ++effects.counters.bundles_limited;
      if (bundle.low) effects.low.push_back(*bundle.low);
      return std::move(bundle.answer);
    }
    case Method::kSend: {
      auto sent = TRY(mailbox.send(account, body, wall));
      effects.counters.mails_stored += sent.stored;
      effects.counters.mails_repeated += sent.repeated;
      effects.counters.mails_refused += sent.refused;
      effects.mailed.insert(effects.mailed.end(), sent.recipients.begin(), sent.recipients.end());
      return std::move(sent.answer);
    }
    case Method::kAck: return mailbox.ack(account, body);
    case Method::kContacts: return answer_contacts(store, account, body);
    case Method::kRenew: return answer_renew(authority, account, body);
  }
  __builtin_trap();
}

Result<void> Service::Impl::run_one(const Pending& checked, Instant now, WallTime wall,
                                    Effects& effects) {
  if (checked.dropped) return {};
  Pending pending = checked;
  // Another process may have changed the account since it was looked up.
  const auto account = TRY(store.find_account(pending.device));
  if (account.state == store::AccountState::kRevoked ||
      account.identity_key != pending.account.identity_key) {
    pending.refusal = refuse(Code::kRevoked, "This device is revoked.");
  }
  if (pending.refusal) {
    const Code code = pending.refusal->code;
    ++(code == Code::kRevoked        ? effects.counters.revoked
       : code == Code::kBadSignature ? effects.counters.bad_signature
       : code == Code::kBusy         ? effects.counters.too_many
                                     : effects.counters.malformed);
    reply(pending, response_to(*pending.request_id, *pending.refusal), effects);
    return {};
  }
  Effects::Seen seen{account.id, account.name, {}};
  if (*pending.method == Method::kAck) seen.ack = parse_ack(pending.request->body);
  effects.seen.push_back(seen);
  if (auto first = TRY(first_answer(pending, now))) {
    if (first->digest == pending.digest) {
      ++effects.counters.repeated;
      reply(pending, std::move(first->response), effects);
    } else {
      ++effects.counters.malformed;
      const auto answer = refuse(Code::kMalformed, "The request id was used for another request.");
      reply(pending, response_to(*pending.request_id, answer), effects);
    }
    return {};
  }
  const auto answer = TRY(run_method(pending, now, wall, effects));
  auto response = response_to(*pending.request_id, answer);
  // A failure of ours is no answer to keep: the device tries again.
  if (answer.code != Code::kInternal) TRY(remember(pending, response, now, wall));
  reply(pending, std::move(response), effects);
  return {};
}

Service::Impl::Ran Service::Impl::run_batch(std::span<Pending> requests, Instant now, WallTime wall,
                                            std::vector<OutgoingPublish>& out) {
  Effects effects;
  Ran ran = Ran::kDone;
  if (!store.begin()) {
    ran = Ran::kStoreFailed;
  } else {
    for (const auto& pending : requests) {
      if (run_one(pending, now, wall, effects)) continue;
      ran = Ran::kRequestFailed;
      break;
    }
    if (ran == Ran::kDone && !store.commit()) ran = Ran::kStoreFailed;
  }
  if (ran != Ran::kDone) {
    store.rollback();
    recent.undo();
    ++counters.store_failures;
    return ran;
  }
  recent.keep();
  apply(std::move(effects), now, out);
  return ran;
}

// After the commit: what the batch leads to.
void Service::Impl::apply(Effects effects, Instant now, std::vector<OutgoingPublish>& out) {
  std::move(effects.replies.begin(), effects.replies.end(), std::back_inserter(out));
  for (const auto& seen : effects.seen) {
    pusher.request_seen(seen.account, now);
    if (seen.ack) pusher.acked(seen.account, seen.name, *seen.ack, now);
  }
  for (const auto account : effects.mailed) pusher.mail_stored(account);
  for (const auto& low : effects.low) notice_low(low, now, out);
  const Counters& add = effects.counters;
  counters.answered += add.answered;
  counters.repeated += add.repeated;
  counters.malformed += add.malformed;
  counters.bad_signature += add.bad_signature;
  counters.revoked += add.revoked;
  counters.too_many += add.too_many;
  counters.bundles += add.bundles;
  counters.bundles_limited += add.bundles_limited;
  counters.mails_stored += add.mails_stored;
  counters.mails_repeated += add.mails_repeated;
  counters.mails_refused += add.mails_refused;
}

void Service::Impl::push_mail(Instant now, WallTime wall, std::vector<OutgoingPublish>& out) {
  while (const auto task = pusher.next_task()) {
    const auto mails =
        store.read_mail(task->account, task->after, task->count, push_size(*task, limits), wall);
    if (!mails) {
      ++counters.store_failures;
      pusher.failed(task->account, now);
      continue;
    }
    if (mails->empty()) continue;
    Push push = push_of(*task, *mails, limits);
    out.push_back({.topic = down_topic(task->name, Down::kMail),
                   .payload = std::move(push.payload),
                   .correlation = {},
                   .expiry_s = limits.push_expiry_s});
    ++counters.pushes;
    counters.mails_pushed += push.sequences.size();
    pusher.pushed(task->account, push.sequences, now);
  }
}

OutgoingPublish Service::Impl::notice(const core::DeviceName& device, const Notice& what) {
  ++counters.notices;
  return {.topic = down_topic(device, Down::kNotice),
          .payload = encoded(what, 32),
          .correlation = {},
          .expiry_s = limits.notice_expiry_s};
}

void Service::Impl::notice_low(const LowStock& low, Instant now,
                               std::vector<OutgoingPublish>& out) {
  const auto [told, first] = low_told.emplace(low.account, now);
  if (!first && now < told->second + limits.notice_interval_ms) return;
  told->second = now;
  out.push_back(notice(low.name, {.kind = Notice::Kind::kLowPreKeys,
                                  .one_time_count = low.one_time_count,
                                  .one_time_kem_count = low.one_time_kem_count}));
}

void Service::Impl::contacts_changed(const core::DeviceName& but) {
  for (const auto& device : pusher.present()) {
    if (device == but) continue;
    queued.push_back(notice(device, {.kind = Notice::Kind::kContactsChanged}));
  }
}

void Service::Impl::upkeep(Instant now, WallTime wall) {
  bool more = false;
  const auto ran = [&]() -> Status {
    TRY(store.begin());
    const auto rows = limits.upkeep_rows;
    const auto before = [&](std::int64_t kept_ms) { return WallTime{wall.ms - kept_ms}; };
    more = TRY(store.expire_mail(wall, rows)) == rows;
    more |= TRY(store.forget_mail_ids(before(limits.mail_kept_ms), rows)) == rows;
    more |= TRY(store.forget_answers(before(limits.answers_kept_ms), rows)) == rows;
    more |= TRY(store.trim_answers(limits.answers_kept, rows)) == rows;
    more |= TRY(store.forget_invites(before(limits.used_invites_kept_ms), rows)) == rows;
    return store.commit();
  }();
  if (!ran) {
    store.rollback();
    ++counters.store_failures;
    more = false;
  }
  upkeep_at = now + (more ? 1 : limits.upkeep_interval_ms);
}

// ---- the public face

Service::Service(store::Store& store, CertificateAuthority& authority, core::Rng& rng, Site site,
                 Limits limits)
    : impl_(std::make_unique<Impl>(store, authority, rng, std::move(site), limits)) {}

Service::~Service() = default;

std::vector<OutgoingPublish> Service::handle(std::span<const IncomingRequest> requests, Instant now,
                                             WallTime wall) {
  const std::lock_guard lock(impl_->mutex);
  std::vector<Pending> pending;
  pending.reserve(requests.size());
  for (const auto& request : requests) {
    pending.push_back(parse_request(request, impl_->limits, impl_->counters));
  }
  std::vector<OutgoingPublish> out;
  if (!impl_->recognise(pending, now)) {
    ++impl_->counters.store_failures;
    return out;
  }
  verify_requests(pending, impl_->limits.verify_threads);
  const auto ran = impl_->run_batch(pending, now, wall, out);
  if (ran == Impl::Ran::kRequestFailed && pending.size() > 1) {
    // One of them may be what the store cannot take: let the others through.
    for (auto& one : pending) (void)impl_->run_batch({&one, 1}, now, wall, out);
  }
  impl_->push_mail(now, wall, out);
  return out;
}

std::vector<OutgoingPublish> Service::poll(Instant now, WallTime wall) {
  const std::lock_guard lock(impl_->mutex);
  std::vector<OutgoingPublish> out = std::exchange(impl_->queued, {});
  if (now >= impl_->upkeep_at) impl_->upkeep(now, wall);
  impl_->pusher.time_passed(now);
  impl_->push_mail(now, wall, out);
  return out;
}

Instant Service::next_deadline() const {
  const std::lock_guard lock(impl_->mutex);
  if (!impl_->queued.empty()) return Instant{};
  return std::min(impl_->upkeep_at, impl_->pusher.next_deadline());
}

Enrolment Service::enrol(core::Bytes sealed, WallTime wall) {
  const std::lock_guard lock(impl_->mutex);
  auto enrolment = impl_->enroller.enrol(sealed, wall);
  if (enrolment.outcome == EnrolOutcome::kFailed) ++impl_->counters.store_failures;
  const bool enrolled = enrolment.outcome == EnrolOutcome::kAnswered && enrolment.text.empty();
  ++(enrolled ? impl_->counters.enrolled : impl_->counters.enrolments_refused);
  if (enrolled) impl_->contacts_changed({});
  // The text of a sealed refusal is for the invite's holder alone.
  if (enrolment.outcome == EnrolOutcome::kAnswered) enrolment.text.clear();
  return enrolment;
}

core::Result<core::api::Token> Service::invite(const core::DeviceName& name, std::int64_t ttl_s,
                                               WallTime wall) {
  const std::lock_guard lock(impl_->mutex);
  return impl_->enroller.invite(name, ttl_s, wall);
}

core::Status Service::revoke(const core::DeviceName& name) {
  const std::lock_guard lock(impl_->mutex);
  store::AccountId account = 0;
  const auto revoked = [&]() -> Status {
    TRY(impl_->store.begin());
    const auto found = TRY(impl_->store.find_account(name));
    if (found.state == store::AccountState::kRevoked) return Error::kReplay;
    account = found.id;
    TRY(impl_->store.revoke_account(account));
    return impl_->store.commit();
  }();
  if (!revoked) {
    impl_->store.rollback();
    return revoked;
  }
  impl_->pusher.revoked(account);
  impl_->low_told.erase(account);
  impl_->queued.push_back(impl_->notice(name, {.kind = Notice::Kind::kRevoked}));
  impl_->contacts_changed(name);
  return {};
}

core::Result<std::vector<store::TunnelPeer>> Service::tunnel_peers() {
  const std::lock_guard lock(impl_->mutex);
  return impl_->store.list_tunnel_peers();
}

core::Result<std::vector<store::Account>> Service::devices() {
  const std::lock_guard lock(impl_->mutex);
  std::vector<store::Account> out;
  core::DeviceName after;
  for (;;) {
    const auto page = TRY(impl_->store.list_accounts(after, kListPage));
    out.insert(out.end(), page.begin(), page.end());
    if (page.size() < kListPage) return out;
    after = page.back().name;
  }
}

core::Result<store::Totals> Service::totals() {
  const std::lock_guard lock(impl_->mutex);
  return impl_->store.totals();
}

Counters Service::counters() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->counters;
}

std::string Service::last_store_failure() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->store.last_failure();
}

}  // namespace server::service
