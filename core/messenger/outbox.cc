#include "core/messenger/outbox.h"

namespace core::messenger {

Status Outbox::load() {
  entries_.clear();
  for (std::size_t slot = 0; slot < kMaxOutbox; ++slot) {
    const auto record = get_record<OutboxRecord>(store_, RecordKey(Kind::kOutbox, slot));
    if (!record) {
      if (record.error() == Error::kNotFound) continue;
      return record.error();
    }
    entries_.insert({.id = record->id,
                     .slot = static_cast<std::uint16_t>(slot),
                     .kind = record->kind,
                     .contact = record->contact,
                     .group = record->group,
                     .pending = record->pending,
                     .state = record->state,
                     .reason = record->reason,
                     .size = record->size,
                     .made = record->made,
                     .mail_id = record->mail_id});
  }
  return {};
}

bool Outbox::has_any_for(std::size_t contact) const {
  for (std::size_t i = 0; i < size(); ++i) {
    if (entries_[i].contact == contact) return true;
  }
  return false;
}

bool Outbox::has_control_for(std::size_t contact, std::size_t index) const {
  for (std::size_t i = index; i < size(); ++i) {
    if (entries_[i].contact == contact && entries_[i].kind == OutboxKind::kControl) return true;
  }
  return false;
}

std::size_t Outbox::failed_count() const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < size(); ++i) {
    if (entries_[i].state == OutboxState::kFailed) ++count;
  }
  return count;
}

Status Outbox::save(const Entry& entry) {
  OutboxRecord record;
  record.id = entry.id;
  record.kind = entry.kind;
  record.contact = entry.contact;
  record.group = entry.group;
  record.pending = entry.pending;
  record.state = entry.state;
  record.reason = entry.reason;
  record.size = entry.size;
  record.made = entry.made;
  record.mail_id = entry.mail_id;
  return put_record(store_, RecordKey(Kind::kOutbox, entry.slot), record);
}

std::size_t Outbox::group_count() const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < size(); ++i) {
    if (entries_[i].kind == OutboxKind::kGroup) ++count;
  }
  return count;
}

Status Outbox::add(Entry entry, Bytes content) {
  if (entries_.full()) return Error::kFull;
  entry.slot = entries_.free_slot();
  entry.state = OutboxState::kQueued;
  entry.size = static_cast<std::uint32_t>(content.size());
  entries_.insert(entry);
  TRY(store_.put(RecordKey(Kind::kOutboxText, entry.slot).bytes, content));
  return save(entry);
}

Result<bool> Outbox::settle(std::size_t index, std::uint64_t positions) {
  Entry& entry = entries_[index];
  const auto before = entry.pending;
  entry.pending &= ~positions;
  if (entry.pending == 0) {
    TRY(remove(index));
    return true;
  }
  if (entry.pending != before) TRY(save(entry));
  return false;
}

Result<std::size_t> Outbox::text(std::size_t index, MutBytes out) {
  return store_.get(RecordKey(Kind::kOutboxText, entries_[index].slot).bytes, out);
}

Status Outbox::set_encrypted(std::size_t index, const EncryptedMail& mail, MutBytes work) {
  Entry& entry = entries_[index];
  entry.state = OutboxState::kEncrypted;
  entry.size = static_cast<std::uint32_t>(mail.ciphertext.size());
  Writer out(work);
  out.u8(kRecordVersion);
  out.u8(static_cast<std::uint8_t>(mail.type));
  out.bytes(mail.ciphertext);
  CHECK(out.ok());
  TRY(store_.put(RecordKey(Kind::kOutboxMail, entry.slot).bytes, out.written()));
  return save(entry);
}

Result<Outbox::EncryptedMail> Outbox::encrypted(std::size_t index, MutBytes out) {
  const auto size = TRY(store_.get(RecordKey(Kind::kOutboxMail, entries_[index].slot).bytes, out));
  Reader in(Bytes(out).first(size));
  if (in.u8() != kRecordVersion) return Error::kBadVersion;
  EncryptedMail mail;
  mail.type = in.u8();
  mail.ciphertext = in.rest();
  if (!in.ok() || mail.ciphertext.empty()) return Error::kMalformed;
  return mail;
}

Status Outbox::revert(std::size_t contact) {
  for (std::size_t i = 0; i < size(); ++i) {
    Entry& entry = entries_[i];
    if (entry.contact != contact || entry.state != OutboxState::kEncrypted) continue;
    entry.state = OutboxState::kQueued;
    entry.reason = api::Code::kOk;
    TRY(store_.erase(RecordKey(Kind::kOutboxMail, entry.slot).bytes));
    TRY(save(entry));
  }
  return {};
}

Status Outbox::set_mail_id(std::size_t index, const MailId& mail_id) {
  entries_[index].mail_id = mail_id;
  return save(entries_[index]);
}

std::optional<MessageId> Outbox::first_queued(std::size_t contact) const {
  for (std::size_t i = 0; i < size(); ++i) {
    const Entry& entry = entries_[i];
    if (entry.contact == contact && entry.state == OutboxState::kQueued) return entry.id;
  }
  return std::nullopt;
}

Status Outbox::refuse(std::size_t index, OutboxState state, api::Code reason) {
  Entry& entry = entries_[index];
  if (entry.state == state && entry.reason == reason) return {};
  entry.state = state;
  entry.reason = reason;
  if (state == OutboxState::kFailed) {
    TRY(store_.erase(RecordKey(Kind::kOutboxText, entry.slot).bytes));
    TRY(store_.erase(RecordKey(Kind::kOutboxMail, entry.slot).bytes));
  }
  return save(entry);
}

Status Outbox::remove(std::size_t index) {
  const auto slot = entries_[index].slot;
  const bool encrypted = entries_[index].state == OutboxState::kEncrypted;
  entries_.remove(index);
  TRY(store_.erase(RecordKey(Kind::kOutbox, slot).bytes));
  TRY(store_.erase(RecordKey(Kind::kOutboxText, slot).bytes));
  if (encrypted) TRY(store_.erase(RecordKey(Kind::kOutboxMail, slot).bytes));
  return {};
}

}  // namespace core::messenger
