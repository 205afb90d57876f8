// The way in: from a push of mail to mark_read().
#include "core/messenger/group_messenger.h"
#include "core/messenger/healer.h"

namespace core::messenger {
namespace {

// Failures of ours: the mail is fine and will be tried again.
bool is_environment(Error error) { return error == Error::kStore || error == Error::kRng; }

// Errors of our own records count as the store's.
Error from_store(Error error) { return error == Error::kRng ? error : Error::kStore; }

constexpr std::int64_t kGapPauseMs = 1000;

}  // namespace

// How many mails there is room for.
std::uint32_t Messenger::window() const {
  return static_cast<std::uint32_t>(std::min<std::size_t>(kAckWindow, inbox_.room()));
}

Status Messenger::on_mail(Bytes payload, Instant now, WallTime wall) {
  if (!api::MailsView::parse(payload)) {
    ++counters_.malformed;
    return Error::kMalformed;
  }
  const bool gap = TRY(take_mails(payload, wall));
  // Also for duplicates: the server has not heard of what we have.
  ack_at_ = std::min(ack_at_, gap ? now + kGapPauseMs : now);
  if (!prekeys_.publishing()) requests_.finish(api::Method::kPublish);
  wake(now);
  return {};
}

// Takes the mails of a push in one transaction. True if one is missing
// between the last mail taken and one in the push.
Result<bool> Messenger::take_mails(Bytes payload, WallTime wall) {
  auto mails = TRY(api::MailsView::parse(payload));
  Transaction t(*this);
  bool open = false;
  // The server's mailbox may have holes where mail has expired: it says what
  // the first mail of a push follows, and within a push nothing is left out.
  std::optional<std::uint64_t> before = mails.after;
  while (const auto mail = mails.mail.next()) {
    const auto follows = before.value_or(mail->sequence - 1);
    if (before) before = mail->sequence;
    if (mail->sequence <= state_.through) {
      ++counters_.duplicates;
      continue;
    }
    if (follows > state_.through || inbox_.room() == 0) {
      ++counters_.out_of_order;
      if (open) TRY(t.commit());
      return true;
    }
    if (!open) {
      TRY(t.begin());
      open = true;
    }
    TRY(take_mail(*mail, wall));
    state_.through = mail->sequence;
    TRY(save_state());
  }
  if (open) TRY(t.commit());
  return false;
}

// Decrypts one mail into the inbox. Only failures of ours are errors; a mail
// that cannot be read is noted for the user, so that it never blocks others.
Status Messenger::take_mail(const api::MailView& mail, WallTime wall) {
  if (mail.type == e2e::kSenderKeyType) {
    const auto sender = mail.from.empty() ? std::nullopt : contacts_.find(mail.from);
    return GroupMessenger(*this).take_mail(mail, sender, wall);
  }
  if (mail.type == kResetMailType) return Healer(*this).take_reset(mail, wall);
  const bool first = mail.type == static_cast<std::uint32_t>(e2e::MessageType::kPreKey);
  auto slot = mail.from.empty() ? std::nullopt : contacts_.find(mail.from);
  bool added = false;
  if (!slot && first && !mail.from.empty() && contacts_.count() < kMaxContacts) {
    slot = TRY(contacts_.add(mail.from));
    added = true;
  }
  const auto size = decrypt(mail, slot);
  if (size) {
    const MutBytes text = MutBytes(work_.text).first(*size);
    const auto taken = GroupMessenger(*this).take_content(mail, *slot, text, wall);
    wipe(text);
    return taken;
  }
  if (is_environment(size.error())) return size.error();
  if (added) TRY(contacts_.remove(*slot));
  if (size.error() == Error::kReplay) {
    ++counters_.duplicates;
    return {};
  }
  if (size.error() == Error::kUntrusted && slot) {
    // Nobody could know yet that the key has changed: this message says so.
    const auto message = TRY(e2e::PreKeyMessage::parse(mail.ciphertext));
    const auto seen = TRY(contacts_.key_seen(*slot, message.identity_key.serialized()));
    if (seen == Contacts::Seen::kChanged) {
      ++counters_.unreadable;
      return note_key_change(*slot, wall);
    }
  }
  if (slot && !added) TRY(Healer(*this).note_unread(*slot, mail.mail_id));
  return put_in_inbox(InboxKind::kUnreadable, mail, {}, wall);
}

Status Messenger::put_in_inbox(InboxKind kind, const api::MailView& mail, Bytes text, WallTime wall,
                               const GroupId& group) {
  InboxRecord record;
  record.id = ++state_.last_in;
  record.kind = kind;
  record.from = mail.from;
  record.sequence = mail.sequence;
  record.stored_at = {static_cast<std::int64_t>(mail.stored_at_ms)};
  record.received_at = wall;
  record.group = group;
  EventKind event = EventKind::kUnreadable;
  switch (kind) {
    case InboxKind::kMessage:
      ++counters_.received;
      event = EventKind::kMessageReceived;
      break;
    case InboxKind::kGroupChanged: event = EventKind::kGroupChanged; break;
    case InboxKind::kUnsupported: ++counters_.unsupported; break;
    case InboxKind::kUnreadable:
    case InboxKind::kKeyChanged: ++counters_.unreadable; break;
    case InboxKind::kNotRead:
    case InboxKind::kPutBack: break;  // of no mail's text: Healer puts them there
  }
  events_.push({.kind = event, .id = record.id, .name = mail.from});
  return inbox_.add(record, text);
}

// Decrypts into work_.text and returns the size. Errors: kStore, kRng; kReplay;
// kUntrusted (a first message under another identity key); any other means
// that the mail cannot be read.
Result<std::size_t> Messenger::decrypt(const api::MailView& mail, std::optional<std::size_t> slot) {
  if (!slot || mail.left_out != 0 || mail.ciphertext.size() > work_.text.size()) {
    return Error::kNotFound;
  }
  if (mail.type == static_cast<std::uint32_t>(e2e::MessageType::kPreKey)) {
    return decrypt_first(mail, *slot);
  }
  auto& entry = contacts_.at(*slot);
  if (mail.type != static_cast<std::uint32_t>(e2e::MessageType::kWhisper)) return Error::kMalformed;
  if (!entry.contact.has_key) return Error::kNotFound;
  const auto message = TRY(e2e::SignalMessage::parse(mail.ciphertext));
  const auto record = sessions_.open(*slot);
  if (!record) return from_store(record.error());
  const auto size = TRY((*record)->decrypt_whisper(
      {identity_.public_key(), entry.contact.identity_key}, message, rng_, work_.kem, work_.text));
  sessions_.changed();
  entry.needs_bundle = false;
  return size;
}

Result<std::size_t> Messenger::decrypt_first(const api::MailView& mail, std::size_t slot) {
  auto& entry = contacts_.at(slot);
  const auto message = TRY(e2e::PreKeyMessage::parse(mail.ciphertext));
  if (message.version != e2e::kPqxdhVersion) return Error::kBadVersion;
  const auto theirs = message.identity_key.serialized();
  if (equal_var(theirs, identity_.public_key())) return Error::kBadKey;
  if (entry.contact.has_key && !equal_var(entry.contact.identity_key, theirs)) {
    return Error::kUntrusted;
  }
  const auto opened_record = sessions_.open(slot);
  if (!opened_record) return from_store(opened_record.error());
  auto& record = **opened_record;

  std::optional<FoundPreKeys> found;
  std::optional<e2e::OurPreKeys> keys;
  if (!record.knows_base_key(message)) {
    auto search = prekeys_.find(message);
    if (!search) return search.error();
    found.emplace(*std::move(search));
    keys.emplace(e2e::OurPreKeys{.signed_pre_key = found->signed_pre_key,
                                 .one_time = found->one_time ? &*found->one_time : nullptr,
                                 .kem = found->kem.view()});
  }
  const e2e::Parties parties{identity_.public_key(), theirs};
  const auto opened = TRY(record.decrypt_prekey({.identity = identity_,
                                                 .parties = parties,
                                                 .message = message,
                                                 .keys = keys ? &*keys : nullptr},
                                                rng_, work_.kem, work_.text));
  sessions_.changed();
  if (opened.new_session) {
    // What cannot be stored must not be shown.
    if (const auto used = prekeys_.used(message, *found); !used) return from_store(used.error());
    ++counters_.sessions_accepted;
  }
  if (const auto pinned = contacts_.key_seen(slot, theirs); !pinned) return Error::kStore;
  entry.needs_bundle = false;
  return opened.size;
}

// ---- the application's side

Result<InboxMessage> Messenger::next_unread(MessageId after, MutBytes buffer) {
  TRY(ready());
  return noted(inbox_.read_after(after, buffer));
}

Status Messenger::mark_read(MessageId id, Instant now) {
  TRY(ready());
  if (!inbox_.has(id)) return Error::kNotFound;
  Transaction t(*this);
  TRY(noted(t.begin()));
  TRY(noted(inbox_.remove(id)));
  TRY(noted(t.commit()));
  if (connected_ && ack_.window < kAckWindow / 2 && window() > ack_.window) {
    ack_at_ = std::min(ack_at_, now);  // there is room again
    wake(now);
  }
  return {};
}

}  // namespace core::messenger
