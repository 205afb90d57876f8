// Requests to the server and its answers: what is due, in which order.
#include "core/api/request.h"
#include "core/messenger/healer.h"

namespace core::messenger {

using api::Code;
using api::Method;

// ---- what is to be done next

Result<std::optional<Outgoing>> Messenger::poll(Instant now, WallTime wall) {
  if (now < failed_until_) return std::optional<Outgoing>();
  auto done = noted(full_is_failure(step(now, wall)));
  if (!done) failed_until_ = now + kRepeatFirstMs;
  return done;
}

Instant Messenger::next_deadline() const {
  const Instant requests = connected_ ? requests_.next(healing_.which()) : kNever;
  return std::max(failed_until_, std::min(work_at_, requests));
}

Result<std::optional<Outgoing>> Messenger::step(Instant now, WallTime wall) {
  TRY(ready());
  work_at_ = std::min(work_at_, now);  // until nothing was found to do
  const auto due = [&]() -> Result<std::optional<Outgoing>> {
    const auto method = connected_ ? requests_.due(now, healing_.which()) : std::nullopt;
    if (!method) return std::optional<Outgoing>();
    return std::optional<Outgoing>(TRY(emit(*method, now)));
  };
  if (auto out = TRY(due())) return out;
  if (connected_) {
    Healer healer(*this);
    if (healing_.checked && TRY(healer.heal_some())) return std::optional<Outgoing>();
    if (healing_.may_write() && TRY(healer.make_reset(now, wall))) return std::optional<Outgoing>();
    if (healing_.may_write() && TRY(encrypt_some(wall))) return std::optional<Outgoing>();
    TRY(start_requests(now));
    if (auto out = TRY(due())) return out;
    if (TRY(upkeep(now, wall))) return std::optional<Outgoing>();
  }
  work_at_ = idle_until(now);
  return std::optional<Outgoing>();
}

// The next instant at which poll() could find something new to do. What is due
// and was not done waits for an answer, which wakes us.
Instant Messenger::idle_until(Instant now) {
  if (!connected_) return kNever;
  Instant next = kNever;
  const auto consider = [&](Instant at) {
    if (at > now) next = std::min(next, at);
  };
  consider(ack_at_);
  consider(status_at_);
  consider(contacts_at_);
  consider(Healer(*this).next_due(now));
  for (std::size_t i = 0; i < api::kMethodCount; ++i) {
    const auto& request = requests_.of(static_cast<Method>(i));
    if (!request.active) consider(request.retry.at());
  }
  for (std::size_t i = 0; i < outbox_.size(); ++i) {
    const auto& entry = outbox_[i];
    if (entry.state == OutboxState::kFailed) continue;
    if (entry.kind != OutboxKind::kGroup) {
      consider(contacts_.at(entry.contact).retry.at());
      continue;
    }
    for (const auto member : groups_.at(entry.group).members) {
      if (member != kNoSlot) consider(contacts_.at(member).retry.at());
    }
  }
  return next;
}

Status Messenger::start_requests(Instant now) {
  const auto start = [&](Method method) -> Status {
    RequestId id;
    TRY(rng_.fill(id));
    requests_.start(method, id, now);
    return {};
  };
  // Else not while keys are under way: the answer would be about the past.
  if (now >= status_at_ && requests_.idle(Method::kStatus, now) &&
      (!healing_.checked || !prekeys_.publishing())) {
    TRY(start(Method::kStatus));
    status_at_ = now + kStatusMs;
  }
  if (state_.revoked) return {};  // `status` alone tells whether that was lifted
  if (now >= ack_at_ && requests_.of(Method::kAck).retry.due(now)) {
    TRY(start(Method::kAck));  // also in place of one under way, which says less
    ack_ = {state_.through, window(), {}, kMaxPush};
    if (healing_.checked) ack_.checkpoint = Healer(*this).checkpoint();
    ack_at_ = kNever;
  }
  const bool may_write = healing_.may_write();
  if (may_write && requests_.idle(Method::kSend, now) && plan_send(now)) {
    TRY(start(Method::kSend));
  }
  if (may_write && requests_.idle(Method::kBundle, now)) {
    if (const auto slot = wants_bundle(now)) {
      TRY(start(Method::kBundle));
      bundle_contact_ = *slot;
    }
  }
  if (now >= contacts_at_ && requests_.idle(Method::kContacts, now)) {
    TRY(start(Method::kContacts));
    contacts_after_ = {};
    contacts_at_ = kNever;
  }
  if (csr_waits_ && requests_.idle(Method::kRenew, now)) TRY(start(Method::kRenew));
  return {};
}

// Makes and publishes prekeys. True if there may be more to do.
Result<bool> Messenger::upkeep(Instant now, WallTime wall) {
  // Not while `status` is under way: its answer would be about the past.
  if (!healing_.may_write() || state_.revoked || prekeys_.publishing() ||
      requests_.active(Method::kStatus))
    return false;
  if (prekeys_.making()) {
    Transaction t(*this);
    TRY(t.begin());
    TRY(prekeys_.make_some(identity_, wall));
    TRY(t.commit());
    return true;
  }
  if (!prekeys_.to_publish() || !requests_.idle(Method::kPublish, now)) return false;
  RequestId id;
  TRY(rng_.fill(id));
  Transaction t(*this);
  TRY(t.begin());
  TRY(prekeys_.begin_publish(id));
  TRY(t.commit());
  requests_.start(Method::kPublish, id, now);
  return true;
}

// ---- out

Result<std::size_t> Messenger::write_body(Method method) {
  switch (method) {
    case Method::kPublish: return prekeys_.write_publish(work_.body);
    case Method::kBundle:
      return api::BundleRequestView{contacts_.at(bundle_contact_).contact.name}.encode(work_.body);
    case Method::kSend: return write_send();
    case Method::kAck: return ack_.encode(work_.body);
    case Method::kContacts:
      return api::ContactsRequest{contacts_after_, kContactsPerPage}.encode(work_.body);
    case Method::kRenew: {
      const auto size = TRY(store_.get(RecordKey(Kind::kCsr).bytes, work_.value));
      return api::RenewRequestView{Bytes(work_.value).first(size)}.encode(work_.body);
    }
    case Method::kStatus: break;
  }
  return std::size_t{0};
}

Result<Outgoing> Messenger::emit(Method method, Instant now) {
  const auto& request = requests_.of(method);
  const auto body = write_body(method);
  if (!body && method != Method::kPublish) {
    requests_.finish(method);  // so that a damaged record stops nothing else
    requests_.of(method).retry.later(now);
  }
  const auto size = TRY(body);
  const auto payload =
      TRY(api::encode_request(name_, method, request.id, Bytes(work_.body).first(size),
                              identity_.private_key(), rng_, work_.payload()));
  ++(request.sent == 0 ? counters_.requests : counters_.repeats);
  requests_.sent(method, now);
  return Outgoing{method, request.id, Bytes(work_.payload()).first(payload)};
}

// ---- in

Status Messenger::receive(api::Down topic, Bytes payload, Instant now, WallTime wall) {
  TRY(noted(ready()));
  switch (topic) {
    case api::Down::kReply: return noted(full_is_failure(on_reply(payload, now, wall)));
    case api::Down::kMail: return noted(full_is_failure(on_mail(payload, now, wall)));
    case api::Down::kNotice: break;
  }
  return on_notice(payload, now);
}

Status Messenger::on_reply(Bytes payload, Instant now, WallTime wall) {
  const auto answer = api::ResponseView::parse(payload);
  if (!answer) {
    ++counters_.malformed;
    return answer.error();
  }
  const auto method = requests_.find(answer->request_id);
  if (!method) {
    ++counters_.stale_answers;
    return {};
  }
  if (answer->code != Code::kOk) ++counters_.refusals;
  if (answer->code == Code::kRevoked && *method != Method::kBundle) {
    TRY(set_revoked(true));
  } else if (answer->code == Code::kOk && state_.revoked) {
    TRY(set_revoked(false));
  }
  const RequestId answered = requests_.of(*method).id;
  TRY(on_answer(*method, *answer, now, wall));
  if (requests_.of(*method).id == answered) requests_.finish(*method);  // else: the next page
  wake(now);
  return {};
}

Status Messenger::on_answer(Method method, const api::ResponseView& answer, Instant now,
                            WallTime wall) {
  switch (method) {
    case Method::kPublish: return on_publish(answer.code, answer.body, now);
    case Method::kStatus: return on_status(answer.code, answer.body, now, wall);
    case Method::kBundle: return on_bundle(answer.code, answer.body, now, wall);
    case Method::kSend: return on_send(answer.code, answer.body, now);
    case Method::kContacts: return on_contacts(answer.code, answer.body, now, wall);
    case Method::kRenew: return on_renew(answer.code, answer.body, now);
    case Method::kAck: break;
  }
  if (answer.code == Code::kOk) {
    requests_.of(Method::kAck).retry.reset();
    ack_at_ = std::min(ack_at_, now + kAckIdleMs);
  } else {
    refused(Method::kAck, answer.code, now);
    ack_at_ = now;
  }
  return {};
}

// Refused for now, or for a reason that asking again may change: made anew
// later, under another request id.
void Messenger::refused(Method method, Code code, Instant now) {
  requests_.of(method).retry.later(now);
  if (code == Code::kBusy || code == Code::kInternal || code == Code::kRevoked) return;
  events_.push({.kind = EventKind::kRefused, .id = 0, .name = {}, .method = method, .code = code});
}

Status Messenger::set_revoked(bool revoked) {
  if (state_.revoked == revoked) return {};
  Transaction t(*this);
  TRY(t.begin());
  state_.revoked = revoked;
  TRY(save_state());
  TRY(t.commit());
  if (revoked) events_.push({.kind = EventKind::kRevoked, .id = 0, .name = {}});
  return {};
}

Status Messenger::on_publish(Code code, Bytes body, Instant now) {
  const auto answer = api::PublishResponse::parse(body);
  Transaction t(*this);
  TRY(t.begin());
  if (code == Code::kOk) {
    requests_.of(Method::kPublish).retry.reset();
    if (answer) {
      server_.server_one_time = answer->one_time_count;
      server_.server_one_time_kem = answer->one_time_kem_count;
    }
    server_.server_signed_pre_key_id = prekeys_.state().signed_id;
    server_.server_last_resort_id = prekeys_.state().resort_id;
    if (prekeys_.state().drop_stock) status_at_ = now;  // what the server said is of before
    TRY(prekeys_.published());
    return t.commit();
  }
  refused(Method::kPublish, code, now);
  if (code == Code::kBusy || code == Code::kInternal || code == Code::kRevoked) {
    TRY(prekeys_.postpone_publish());
  } else {
    TRY(prekeys_.give_up(code == Code::kKeyConflict ? PreKeys::Jump::kFar : PreKeys::Jump::kNone));
  }
  TRY(t.commit());
  status_at_ = std::min(status_at_, now + kRetryFirstMs);
  return {};
}

Status Messenger::on_status(Code code, Bytes body, Instant now, WallTime wall) {
  const auto status = api::StatusResponseView::parse(body);
  if (code != Code::kOk || !status) {
    refused(Method::kStatus, code == Code::kOk ? Code::kInternal : code, now);
    status_at_ = code == Code::kRevoked ? now + kRevokedPauseMs : now;
    return {};
  }
  requests_.of(Method::kStatus).retry.reset();
  server_.server_known = true;
  server_.server_one_time = status->one_time_count;
  server_.server_one_time_kem = status->one_time_kem_count;
  server_.server_signed_pre_key_id = status->signed_pre_key_id;
  server_.server_last_resort_id = status->last_resort_id;
  server_.mailbox_count = status->mailbox_count;
  server_.server_time = {static_cast<std::int64_t>(status->server_time_ms)};
  server_.server_time_local = wall;
  Transaction t(*this);
  TRY(t.begin());
  TRY(Healer(*this).compare(*status, wall));
  if (prekeys_.publishing()) {
    status_at_ = now;  // what it says of the keys is about the past
  } else {
    server_.digest_matches = TRY(prekeys_.compare(identity_, *status));
    TRY(prekeys_.age(wall));
    prekeys_.stock(status->one_time_count, status->one_time_kem_count);
  }
  healing_.checked = true;
  const auto committed = t.commit();
  if (!committed) healing_.checked = false;
  return committed;
}

Status Messenger::on_contacts(Code code, Bytes body, Instant now, WallTime wall) {
  auto page = api::ContactsResponseView::parse(body);
  if (code != Code::kOk || !page) {
    refused(Method::kContacts, code == Code::kOk ? Code::kInternal : code, now);
    contacts_at_ = now;
    return {};
  }
  Transaction t(*this);
  TRY(t.begin());
  DeviceName last;
  bool news = false;
  while (const auto listed = page->contact.next()) {
    last = listed->name;
    if (listed->name == name_ || listed->name.empty()) continue;
    if (!contacts_.find(listed->name) && contacts_.count() == kMaxContacts) continue;
    const auto slot = TRY(find_or_add(listed->name));
    const auto seen = TRY(contacts_.key_seen(slot, listed->identity_key));
    if (seen == Contacts::Seen::kChanged) TRY(note_key_change(slot, wall));
    news = news || seen == Contacts::Seen::kPinned;
  }
  if (news) events_.push({.kind = EventKind::kContactsChanged, .id = 0, .name = {}});
  RequestId id;
  TRY(rng_.fill(id));
  TRY(t.commit());
  requests_.of(Method::kContacts).retry.reset();
  if (page->more && !last.empty()) {
    contacts_after_ = last;
    requests_.start(Method::kContacts, id, now);
  }
  return {};
}

Status Messenger::on_renew(Code code, Bytes body, Instant now) {
  const auto answer = api::RenewResponseView::parse(body);
  const bool ok = code == Code::kOk && answer && answer->certificate.size() <= kMaxCertificate;
  if (!ok) refused(Method::kRenew, code == Code::kOk ? Code::kInternal : code, now);
  if (!ok && (code == Code::kOk || code == Code::kBusy || code == Code::kInternal)) return {};
  Transaction t(*this);
  TRY(t.begin());
  if (ok) {
    TRY(store_.put(RecordKey(Kind::kCertificate).bytes, answer->certificate));
    events_.push({.kind = EventKind::kCertificate, .id = 0, .name = {}});
  }
  TRY(store_.erase(RecordKey(Kind::kCsr).bytes));
  TRY(t.commit());
  csr_waits_ = false;
  return {};
}

Status Messenger::on_notice(Bytes payload, Instant now) {
  const auto notice = api::Notice::parse(payload);
  if (!notice) {
    ++counters_.malformed;
    return notice.error();
  }
  using Is = api::Notice::Kind;
  switch (notice->kind) {
    case Is::kLowPreKeys:
    case Is::kKeyDrift:
    case Is::kRevoked: status_at_ = std::min(status_at_, now); break;
    case Is::kContactsChanged: contacts_at_ = std::min(contacts_at_, now); break;
    case Is::kRenewalDue:
      events_.push({.kind = EventKind::kRenewalDue, .id = 0, .name = {}});
      break;
    case Is::kNone: break;
  }
  wake(now);
  return {};
}

}  // namespace core::messenger
