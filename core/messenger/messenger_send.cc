// The way out: from send() to the server's answer.
#include "core/messenger/healer.h"

namespace core::messenger {

using api::Code;
using api::Method;

Result<MessageId> Messenger::try_send(const DeviceName& to, Bytes text, Instant now,
                                      WallTime wall) {
  if (to.empty() || to == name_) return Error::kMalformed;
  if (text.size() > kMaxPlaintext) return Error::kFull;
  TRY(ready());
  if (outbox_.size() == kMaxOutbox) return Error::kFull;
  if (!contacts_.find(to) && contacts_.count() == kMaxContacts) return Error::kFull;
  Transaction t(*this);
  TRY(t.begin());
  const auto contact = TRY(find_or_add(to));
  const MessageId id = ++state_.last_out;
  const auto mail_id = TRY(make_mail_id(identity_.private_key(), id, rng_));
  TRY(outbox_.add(id, mail_id, contact, text, wall));
  TRY(save_state());
  TRY(t.commit());
  wake(now);
  return id;
}

Result<MessageId> Messenger::send(const DeviceName& to, Bytes text, Instant now, WallTime wall) {
  return noted(try_send(to, text, now, wall));
}

Result<OutboxMessage> Messenger::outbox_after(MessageId after) const {
  const auto index = outbox_.index_after(after);
  if (index == outbox_.size()) return Error::kNotFound;
  const auto& entry = outbox_[index];
  return OutboxMessage{entry.id, entry.state, contacts_.at(entry.contact).contact.name, entry.made,
                       entry.reason};
}

Result<OutboxState> Messenger::state_of(MessageId id) const {
  if (id == 0 || id > state_.last_out) return Error::kNotFound;
  const auto index = outbox_.find(id);
  return index ? outbox_[*index].state : OutboxState::kSent;
}

Status Messenger::discard(MessageId id) {
  TRY(ready());
  const auto index = outbox_.find(id);
  if (!index) return Error::kNotFound;
  if (outbox_[*index].state != OutboxState::kFailed) return Error::kOutOfOrder;
  const auto contact = outbox_[*index].contact;
  Transaction t(*this);
  TRY(noted(t.begin()));
  TRY(noted(outbox_.remove(*index)));
  // A name that nobody has, once written to by mistake.
  if (!contacts_.at(contact).contact.has_key && !outbox_.has_any_for(contact)) {
    TRY(noted(contacts_.remove(contact)));
  }
  return noted(t.commit());
}

// ---- encrypting

bool Messenger::may_send_to(std::size_t contact) const {
  return contacts_.at(contact).contact.state != ContactState::kKeyChanged;
}

// Encrypts what is queued for contacts with a session, in one transaction.
// True if there may be more to do.
Result<bool> Messenger::encrypt_some(WallTime wall) {
  const auto ready_to_go = [this](std::size_t i) {
    return outbox_[i].state == OutboxState::kQueued && may_send_to(outbox_[i].contact) &&
           !contacts_.at(outbox_[i].contact).needs_bundle;
  };
  std::size_t i = 0;
  while (i < outbox_.size() && !ready_to_go(i)) ++i;
  if (i == outbox_.size()) return false;
  Transaction t(*this);
  TRY(t.begin());
  std::size_t count = 0;
  for (; i < outbox_.size() && count < kEncryptPerStep; ++i) {
    if (ready_to_go(i) && TRY(encrypt_one(i, wall))) ++count;
  }
  TRY(t.commit());
  return true;
}

// False if there is no session to encrypt with: a bundle is to be fetched.
Result<bool> Messenger::encrypt_one(std::size_t index, WallTime wall) {
  const auto slot = outbox_[index].contact;
  auto& entry = contacts_.at(slot);
  if (!entry.contact.has_key) {
    entry.needs_bundle = true;
    return false;
  }
  auto* record = TRY(sessions_.open(slot));
  if (!record->has_current()) {
    entry.needs_bundle = true;
    return false;
  }
  Outbox::EncryptedMail mail;
  const auto size = TRY(outbox_.text(index, work_.body));
  const MutBytes text = MutBytes(work_.body).first(size);
  const auto sealed = record->encrypt({identity_.public_key(), entry.contact.identity_key}, text,
                                      wall, rng_, work_.kem, work_.text);
  wipe(text);
  if (!sealed) {
    const auto error = sealed.error();
    if (error != Error::kNotFound && error != Error::kExpired && error != Error::kUntrusted) {
      return error;
    }
    entry.needs_bundle = true;
    return false;
  }
  sessions_.changed();
  mail.type = static_cast<std::uint32_t>(sealed->type);
  mail.ciphertext = Bytes(work_.text).first(sealed->size);
  TRY(outbox_.set_encrypted(index, mail, work_.value));
  return true;
}

// ---- sending

bool Messenger::wants_send(Instant now) {
  if (Healer(*this).wants_send(now)) return true;
  for (std::size_t i = 0; i < outbox_.size(); ++i) {
    const auto& entry = outbox_[i];
    if (entry.state == OutboxState::kEncrypted && may_send_to(entry.contact) &&
        contacts_.at(entry.contact).retry.due(now)) {
      return true;
    }
  }
  return false;
}

// Settles which mails the next request holds: as many as fit a piece.
void Messenger::start_send(Instant now, const RequestId& id) {
  constexpr std::size_t kOverhead = 160;  // names, ids and tags of one mail, at most
  send_count_ = 0;
  Healer healer(*this);
  healing_.in_request = healer.checkpoint();
  healer.start_send(now);
  if (healer.sending()) return requests_.start(Method::kSend, id, now);
  std::size_t size = 0;
  for (std::size_t i = 0; i < outbox_.size() && send_count_ < send_ids_.size(); ++i) {
    const auto& entry = outbox_[i];
    if (entry.state != OutboxState::kEncrypted || !may_send_to(entry.contact) ||
        !contacts_.at(entry.contact).retry.due(now)) {
      continue;
    }
    size += entry.size + kOverhead;
    if (send_count_ > 0 && size > kPieceSize) break;
    send_ids_[send_count_++] = entry.id;
  }
  requests_.start(Method::kSend, id, now);
}

Result<std::size_t> Messenger::write_send() {
  api::MailsWriter out(work_.body);
  TRY(out.checkpoint(healing_.in_request));
  if (Healer(*this).sending()) TRY(Healer(*this).write_send(out));
  for (std::size_t i = 0; i < send_count_; ++i) {
    const auto index = outbox_.find(send_ids_[i]);
    if (!index) return Error::kNotFound;
    const auto mail = TRY(outbox_.encrypted(*index, work_.value));
    api::MailView view{.mail_id = outbox_[*index].mail_id};
    view.to = contacts_.at(outbox_[*index].contact).contact.name;
    view.type = mail.type;
    view.ciphertext = mail.ciphertext;
    TRY(out.add(view));
  }
  return out.finish();
}

Status Messenger::on_send(Code code, Bytes body, Instant now) {
  const auto answer = api::SendResponse::parse(body);
  Healer healer(*this);
  const auto count = healer.sending() ? healing_.sending_count : send_count_;
  if (code != Code::kOk || !answer || answer->count != count) {
    refused(Method::kSend, code == Code::kOk ? Code::kInternal : code, now);
    return {};
  }
  Transaction t(*this);
  TRY(t.begin());
  if (healer.sending()) TRY(healer.on_send(*answer, now));
  for (std::size_t i = 0; i < send_count_; ++i) {
    const auto index = outbox_.find(send_ids_[i]);
    if (!index) continue;
    const auto& entry = outbox_[*index];
    auto& contact = contacts_.at(entry.contact);
    const Event event{.kind = EventKind::kMessageSent,
                      .id = entry.id,
                      .name = contact.contact.name,
                      .method = Method::kSend,
                      .code = answer->code[i]};
    switch (answer->code[i]) {
      case Code::kOk:
        contact.retry.reset();
        ++counters_.sent;
        events_.push(event);
        TRY(outbox_.remove(*index));
        break;
      case Code::kFull:
      case Code::kBusy:
      case Code::kInternal:
        if (contact.retry.due(now)) contact.retry.later(now);
        TRY(outbox_.refuse(*index, OutboxState::kEncrypted, answer->code[i]));
        break;
      default:
        events_.push(event);
        events_.last().kind = EventKind::kMessageFailed;
        TRY(outbox_.refuse(*index, OutboxState::kFailed, answer->code[i]));
    }
  }
  return t.commit();
}

// ---- starting a session

// The contact whose bundle is needed first.
std::optional<std::size_t> Messenger::wants_bundle(Instant now) const {
  for (std::size_t i = 0; i < outbox_.size(); ++i) {
    const auto slot = outbox_[i].contact;
    if (outbox_[i].state == OutboxState::kQueued && may_send_to(slot) &&
        contacts_.at(slot).needs_bundle && contacts_.at(slot).retry.due(now)) {
      return slot;
    }
  }
  return std::nullopt;
}

Status Messenger::fail_queued(std::size_t contact, Code reason) {
  Transaction t(*this);
  TRY(t.begin());
  for (std::size_t i = 0; i < outbox_.size(); ++i) {
    if (outbox_[i].contact != contact || outbox_[i].state != OutboxState::kQueued) continue;
    TRY(outbox_.refuse(i, OutboxState::kFailed, reason));
    events_.push({.kind = EventKind::kMessageFailed,
                  .id = outbox_[i].id,
                  .name = contacts_.at(contact).contact.name,
                  .method = Method::kBundle,
                  .code = reason});
  }
  return t.commit();
}

Status Messenger::on_bundle(Code code, Bytes body, Instant now, WallTime wall) {
  const auto slot = bundle_contact_;
  auto& entry = contacts_.at(slot);
  if (!entry.needs_bundle) return {};  // the other side has written meanwhile
  if (code == Code::kUnknownDevice || code == Code::kRevoked) return fail_queued(slot, code);
  const auto view = api::BundleResponseView::parse(body);
  if (code != Code::kOk || !view) {
    entry.retry.later(now);
    return {};
  }
  const auto started = start_session(slot, *view, wall);
  if (started || started.error() == Error::kStore || started.error() == Error::kRng) {
    return started;
  }
  events_.push({.kind = EventKind::kRefused,
                .id = 0,
                .name = entry.contact.name,
                .method = Method::kBundle,
                .code = Code::kBadSignature});
  contacts_.at(slot).needs_bundle = true;
  contacts_.at(slot).retry.later(now);
  return {};
}

Status Messenger::start_session(std::size_t slot, const api::BundleResponseView& view,
                                WallTime wall) {
  const auto& key = view.signed_pre_key;
  prekey::Bundle bundle{
      .registration_id = view.registration_id,
      .device_id = view.device_id,
      .identity_key = view.identity_key,
      .one_time = std::nullopt,
      .signed_pre_key = {key.id, key.public_key, key.signature},
      .kem = prekey::KemPreKey{view.kem.id, view.kem.public_key, view.kem.signature}};
  if (view.one_time) bundle.one_time = {view.one_time->id, view.one_time->public_key};
  TRY(prekey::verify(bundle));

  Transaction t(*this);
  TRY(t.begin());
  const auto seen = TRY(contacts_.key_seen(slot, view.identity_key));
  if (seen == Contacts::Seen::kChanged) TRY(note_key_change(slot, wall));
  if (seen == Contacts::Seen::kKnown || seen == Contacts::Seen::kPinned) {
    auto* record = TRY(sessions_.open(slot));
    TRY(record->initiate({.identity = identity_,
                          .theirs = contacts_.at(slot).contact.identity_key,
                          .bundle = bundle,
                          .our_registration_id = registration_id_},
                         wall, rng_, work_.kem));
    sessions_.changed();
    ++counters_.sessions_started;
  }
  TRY(t.commit());
  contacts_.at(slot).needs_bundle = false;
  contacts_.at(slot).retry.reset();
  return {};
}

}  // namespace core::messenger
