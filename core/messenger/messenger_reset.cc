// Session resets: told to contacts whose mail cannot be read, taken from
// contacts who cannot read ours.
#include "core/messenger/decimal.h"
#include "core/messenger/healer.h"

namespace core::messenger {

using api::Code;

// ---- out

Status Messenger::Healer::note_unread(std::size_t contact, View<api::kMailIdSize> mail_id) {
  if (!trusts(contact)) return {};
  const MailId unread = to_array(mail_id);
  return h_.resets.owe(contact, &unread);
}

Result<bool> Messenger::Healer::make_reset(Instant now, WallTime wall) {
  // Not before the server has keys for the session that is asked for.
  if (m_.prekeys_.to_publish() || m_.prekeys_.publishing() || m_.prekeys_.making()) return false;
  for (std::size_t contact = 0; contact < kMaxContacts; ++contact) {
    if (h_.resets.state(contact) != ResetState::kOwed || now < h_.resets.due_at(contact)) continue;
    const auto record = TRY(h_.resets.get(contact));
    const auto since = wall.ms - record.made.ms;
    if (wall.ms != 0 && record.made.ms != 0 && since >= 0 && since < kResetPauseMs) {
      h_.resets.wait_until(contact, now + (kResetPauseMs - since));
      continue;
    }
    Transaction t(m_);
    TRY(t.begin());
    const auto& to = m_.contacts_.at(contact).contact;
    SessionReset reset;
    reset.generation = h_.record.generation + 1;  // of the commit below
    reset.unread_count = record.unread_count;
    reset.unread = record.unread;
    ByteArray<SessionReset::kMaxSize> mail{};
    const auto size =
        TRY(reset.seal({m_.name_, m_.identity_.public_key(), to.name, to.identity_key},
                       m_.identity_.private_key(), m_.rng_, mail));
    MailId mail_id{};
    TRY(m_.rng_.fill(mail_id));
    TRY(h_.resets.set_made(contact, mail_id, Bytes(mail).first(size), wall, now + kResetPauseMs));
    TRY(t.commit());
    return true;
  }
  return false;
}

void Messenger::Healer::start_send(Instant now) {
  constexpr std::size_t kMost =
      std::min(api::kMaxMailsPerRequest, kPieceSize / (SessionReset::kMaxSize + 160));
  h_.sending_count = 0;
  for (std::size_t contact = 0; contact < kMaxContacts && h_.sending_count < kMost; ++contact) {
    if (h_.resets.state(contact) == ResetState::kMade && m_.contacts_.at(contact).retry.due(now)) {
      h_.sending[h_.sending_count++] = static_cast<std::uint16_t>(contact);
    }
  }
}

Status Messenger::Healer::write_send(api::MailsWriter& out) {
  for (std::size_t i = 0; i < h_.sending_count; ++i) {
    const auto contact = h_.sending[i];
    const auto record = TRY(h_.resets.get(contact));
    ByteArray<SessionReset::kMaxSize> mail{};
    const auto size = TRY(h_.resets.mail(contact, mail));
    api::MailView view{.mail_id = record.mail_id};
    view.to = m_.contacts_.at(contact).contact.name;
    view.type = kResetMailType;
    view.ciphertext = Bytes(mail).first(size);
    TRY(out.add(view));
  }
  return {};
}

Status Messenger::Healer::on_send(const api::SendResponse& answer, Instant now) {
  for (std::size_t i = 0; i < h_.sending_count; ++i) {
    const auto contact = h_.sending[i];
    if (h_.resets.state(contact) != ResetState::kMade) continue;
    const auto code = answer.code[i];
    auto& retry = m_.contacts_.at(contact).retry;
    if (code == Code::kFull || code == Code::kBusy || code == Code::kInternal) {
      if (retry.due(now)) retry.later(now);
      continue;
    }
    if (code == Code::kOk) {
      retry.reset();
      ++m_.counters_.resets_sent;
    }
    TRY(h_.resets.sent(contact));
  }
  return {};
}

Instant Messenger::Healer::next_due(Instant now) const {
  Instant next = kNever;
  for (std::size_t contact = 0; contact < kMaxContacts; ++contact) {
    const auto state = h_.resets.state(contact);
    if (state == ResetState::kNone) continue;
    const auto at = state == ResetState::kOwed ? h_.resets.due_at(contact)
                                               : m_.contacts_.at(contact).retry.at();
    if (at > now) next = std::min(next, at);
  }
  return next;
}

// ---- in

Status Messenger::Healer::take_reset(const api::MailView& mail, WallTime wall) {
  const auto found = mail.from.empty() ? std::nullopt : m_.contacts_.find(mail.from);
  if (!found || !trusts(*found)) {
    ++m_.counters_.malformed;
    return {};
  }
  const auto slot = *found;
  const auto& from = m_.contacts_.at(slot).contact;
  const auto reset = SessionReset::open(
      mail.ciphertext, {from.name, from.identity_key, m_.name_, m_.identity_.public_key()});
  if (!reset) {
    ++m_.counters_.malformed;
    return {};
  }
  auto record = TRY(h_.resets.get(slot));
  if (reset->generation <= record.seen) {
    ++m_.counters_.duplicates;
    return {};
  }
  record.seen = reset->generation;
  // It is about the session in use unless all it names is older.
  bool current = reset->unread_count == 0;
  for (std::size_t i = 0; i < reset->unread_count; ++i) {
    const auto id = message_of(m_.identity_.private_key(), reset->unread[i]);
    current = current || (id > record.boundary && id <= m_.state_.last_out);
  }
  if (current) {
    record.boundary = m_.outbox_.first_queued(slot).value_or(m_.state_.last_out + 1) - 1;
    TRY(retire(slot));
    TRY(m_.outbox_.revert(slot));
    m_.requests_.finish(api::Method::kSend);  // its mails may have changed
    ++m_.counters_.resets_taken;
    m_.events_.push({.kind = EventKind::kSessionReset, .id = 0, .name = from.name});
  }
  TRY(h_.resets.put(slot, record));
  return note_not_read(slot, *reset, wall);
}

// What the outbox still has is sent again by itself, under a new mail id: the
// server would take the old one for a repetition. Of the rest the user is told.
Status Messenger::Healer::note_not_read(std::size_t contact, const SessionReset& reset,
                                        WallTime wall) {
  ByteArray<kMaxUnreadMails*(kMaxDigits + 1)> text{};
  Writer out(text);
  MessageId first = 0;
  for (std::size_t i = 0; i < reset.unread_count; ++i) {
    const auto id = message_of(m_.identity_.private_key(), reset.unread[i]);
    if (id == 0 || id > m_.state_.last_out) continue;
    if (const auto index = m_.outbox_.find(id)) {
      if (m_.outbox_[*index].contact != contact) continue;
      if (m_.outbox_[*index].state == OutboxState::kFailed) continue;
      const auto fresh = TRY(make_mail_id(m_.identity_.private_key(), id, m_.rng_));
      TRY(m_.outbox_.set_mail_id(*index, fresh));
      continue;
    }
    ByteArray<kMaxDigits> digits{};
    if (first != 0) out.u8(' ');
    out.bytes(decimal(id, digits));
    if (first == 0) first = id;
  }
  if (first == 0) return {};
  const auto& name = m_.contacts_.at(contact).contact.name;
  m_.events_.push({.kind = EventKind::kNotRead, .id = first, .name = name});
  if (m_.inbox_.room() == 0) return {};
  InboxRecord record;
  record.id = ++m_.state_.last_in;
  record.kind = InboxKind::kNotRead;
  record.from = name;
  record.received_at = wall;
  return m_.inbox_.add(record, out.written());
}

}  // namespace core::messenger
