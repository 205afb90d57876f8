// The way out: from send() to the server's answer.
#include <bit>

#include "core/messenger/group_messenger.h"
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
  const auto size = TRY(ContentView{.text = text}.encode(work_.body));
  const MutBytes content = MutBytes(work_.body).first(size);
  const auto added = outbox_.add({.id = id,
                                  .kind = OutboxKind::kText,
                                  .contact = static_cast<std::uint16_t>(contact),
                                  .made = wall,
                                  .mail_id = mail_id},
                                 content);
  wipe(content);
  TRY(added);
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
  OutboxMessage message;
  message.id = entry.id;
  message.kind = entry.kind;
  message.state = entry.state;
  message.made = entry.made;
  message.reason = entry.reason;
  if (entry.kind == OutboxKind::kGroup) {
    message.group = groups_.at(entry.group).id;
    message.pending = static_cast<std::size_t>(std::popcount(entry.pending));
  } else {
    message.to = contacts_.at(entry.contact).contact.name;
  }
  return message;
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
  if (!contacts_.at(contact).contact.has_key && !outbox_.has_any_for(contact) &&
      !groups_.has_member(contact)) {
    TRY(noted(contacts_.remove(contact)));
  }
  return noted(t.commit());
}

// ---- encrypting

bool Messenger::may_send_to(std::size_t contact) const {
  return contacts_.at(contact).contact.state != ContactState::kKeyChanged;
}

bool Messenger::may_encrypt(std::size_t index) const {
  const auto& entry = outbox_[index];
  if (entry.state != OutboxState::kQueued) return false;
  if (entry.kind != OutboxKind::kGroup) {
    return may_send_to(entry.contact) && !contacts_.at(entry.contact).needs_bundle;
  }
  // There must be room to hand the key to those who have not got it.
  const auto& group = groups_.at(entry.group);
  const auto missing = group.has_key ? entry.pending & ~group.given : entry.pending;
  return static_cast<std::size_t>(std::popcount(missing)) <= outbox_.room();
}

// Encrypts what is queued for groups and for contacts with a session, in one
// transaction. True if there may be more to do.
Result<bool> Messenger::encrypt_some(WallTime wall) {
  std::size_t i = 0;
  while (i < outbox_.size() && !may_encrypt(i)) ++i;
  if (i == outbox_.size()) return false;
  Transaction t(*this);
  TRY(t.begin());
  std::size_t count = 0;
  for (; i < outbox_.size() && count < kEncryptPerStep; ++i) {
    if (!may_encrypt(i)) continue;
    if (outbox_[i].kind == OutboxKind::kGroup) {
      TRY(GroupMessenger(*this).encrypt(i, wall));
      ++count;
    } else if (TRY(encrypt_one(i, wall))) {
      ++count;
    }
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

// Settles which mails the next request holds: as many as fit a piece. False if
// there are none. What goes to one contact keeps its order, whether it is
// written to it alone or to a group: so a sender key is there before what it
// opens. Where a key had to be made anew after the message was written, the
// message waits until the member has it. A group's message does not wait for
// the slowest of its members.
bool Messenger::plan_send(Instant now) {
  constexpr std::size_t kOverhead = 160;  // names, ids and tags of one mail, at most
  constexpr std::size_t kName = 2 + DeviceName::kMaxSize;
  ByteArray<kMaxContacts / 8> held{};  // a bit for each contact that has to wait
  const auto mark = [](auto& bits, std::size_t contact) {
    bits[contact / 8] |= static_cast<std::uint8_t>(1 << contact % 8);
  };
  const auto marked = [](const auto& bits, std::size_t contact) {
    return (bits[contact / 8] >> contact % 8 & 1) != 0;
  };
  const auto hold = [&](std::size_t contact) { mark(held, contact); };
  // True if a mail can go to the contact now; else those after it wait too.
  const auto may_go = [&](std::size_t contact) {
    if (!may_send_to(contact) || !contacts_.at(contact).retry.due(now)) hold(contact);
    return !marked(held, contact);
  };
  ByteArray<kMaxContacts / 8> keyless{};  // the same, for messages to groups only
  send_count_ = 0;
  Healer healer(*this);
  healer.start_send(now);
  std::size_t size = 0, recipients = 0;
  const std::size_t most = healer.sending() ? 0 : in_request_.size();
  for (std::size_t i = 0; i < outbox_.size() && send_count_ < most; ++i) {
    const auto& entry = outbox_[i];
    if (entry.state == OutboxState::kFailed) continue;
    std::uint64_t positions = 0;
    std::size_t count = 0;
    if (entry.kind == OutboxKind::kGroup) {
      const auto& members = groups_.at(entry.group).members;
      for (std::size_t at = 0; at < members.size(); ++at) {
        const auto bit = std::uint64_t{1} << at;
        if ((entry.pending & bit) == 0 || members[at] == kNoSlot) continue;
        const std::size_t member = members[at];
        if (entry.state == OutboxState::kQueued) hold(member);
        if (outbox_.has_control_for(member, i)) mark(keyless, member);
        if (marked(keyless, member) || !may_go(member)) continue;
        positions |= bit;
        ++count;
      }
    } else if (entry.state == OutboxState::kQueued) {
      hold(entry.contact);
    } else if (may_go(entry.contact)) {
      count = 1;
    }
    if (count == 0) continue;
    size += entry.size + kOverhead + (count - 1) * kName;
    recipients += count;
    if (recipients > api::kMaxRecipientsPerRequest) break;
    if (send_count_ > 0 && size > kPieceSize) break;
    in_request_[send_count_++] = {entry.id, positions};
  }
  if (send_count_ == 0 && !healer.sending()) return false;
  healing_.in_request = healer.checkpoint();
  return true;
}

Result<std::size_t> Messenger::write_send() {
  api::MailsWriter out(work_.body);
  TRY(out.checkpoint(healing_.in_request));
  if (Healer(*this).sending()) TRY(Healer(*this).write_send(out));
  for (std::size_t i = 0; i < send_count_; ++i) {
    const auto index = outbox_.find(in_request_[i].id);
    if (!index) return Error::kNotFound;
    TRY(add_to_request(out, *index, in_request_[i].positions));
  }
  return out.finish();
}

Status Messenger::add_to_request(api::MailsWriter& out, std::size_t index,
                                 std::uint64_t positions) {
  const auto mail = TRY(outbox_.encrypted(index, work_.value));
  api::MailView view{.mail_id = outbox_[index].mail_id};
  view.type = mail.type;
  view.ciphertext = mail.ciphertext;
  api::AlsoToWriter also_to(work_.text);
  if (outbox_[index].kind != OutboxKind::kGroup) {
    view.to = contacts_.at(outbox_[index].contact).contact.name;
  }
  for (std::size_t at = 0; at < kMaxGroupMembers && positions >> at != 0; ++at) {
    if ((positions >> at & 1) == 0) continue;
    const auto& name = contacts_.at(groups_.at(outbox_[index].group).members[at]).contact.name;
    if (view.to.empty()) {
      view.to = name;
    } else {
      TRY(also_to.add(name));
    }
  }
  view.also_to = also_to.names();
  return out.add(view);
}

Status Messenger::on_send(Code code, Bytes body, Instant now) {
  const auto answer = api::SendResponse::parse(body);
  std::size_t recipients = 0;
  for (std::size_t i = 0; i < send_count_; ++i) {
    recipients += std::max(1, std::popcount(in_request_[i].positions));
  }
  Healer healer(*this);
  const auto count = healer.sending() ? healing_.sending_count : recipients;
  if (code != Code::kOk || !answer || answer->count != count) {
    refused(Method::kSend, code == Code::kOk ? Code::kInternal : code, now);
    return {};
  }
  Transaction t(*this);
  TRY(t.begin());
  if (healer.sending()) TRY(healer.on_send(*answer, now));
  std::size_t next = 0;
  for (std::size_t i = 0; i < send_count_; ++i) {
    auto positions = in_request_[i].positions;
    do {
      const auto position = positions & ~(positions - 1);  // the lowest, or none
      positions &= ~position;
      const auto each = answer->code[next++];
      if (const auto index = outbox_.find(in_request_[i].id)) {
        TRY(on_taken(*index, position, each, now));
      }
    } while (positions != 0);
  }
  return t.commit();
}

// What the server said to one mail for one recipient: the contact, or the
// member of the group whose position this is the bit of.
Status Messenger::on_taken(std::size_t index, std::uint64_t position, Code code, Instant now) {
  const auto entry = outbox_[index];
  const bool to_group = entry.kind == OutboxKind::kGroup;
  const std::size_t slot =
      to_group
          ? groups_.at(entry.group).members[static_cast<std::size_t>(std::countr_zero(position))]
          : entry.contact;
  auto& contact = contacts_.at(slot);
  Event event{.kind = EventKind::kMessageSent,
              .id = entry.id,
              .name = contact.contact.name,
              .method = Method::kSend,
              .code = code};
  if (code == Code::kFull || code == Code::kBusy || code == Code::kInternal) {
    if (contact.retry.due(now)) contact.retry.later(now);
    return outbox_.refuse(index, OutboxState::kEncrypted, code);
  }
  if (code == Code::kOk) {
    contact.retry.reset();
  } else {
    event.kind = EventKind::kMessageFailed;
    if (entry.kind != OutboxKind::kControl) events_.push(event);
    if (entry.kind == OutboxKind::kText) {
      return outbox_.refuse(index, OutboxState::kFailed, code);
    }
  }
  if (to_group) {
    if (!TRY(outbox_.settle(index, position))) return {};
    event = {.kind = EventKind::kMessageSent, .id = entry.id, .name = {}};
  } else {
    TRY(outbox_.remove(index));
    if (entry.kind == OutboxKind::kControl) return {};
  }
  ++counters_.sent;
  events_.push(event);
  return {};
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
  for (std::size_t i = outbox_.size(); i-- > 0;) {
    if (outbox_[i].contact != contact || outbox_[i].state != OutboxState::kQueued) continue;
    if (outbox_[i].kind == OutboxKind::kControl) {
      TRY(outbox_.remove(i));
      continue;
    }
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
