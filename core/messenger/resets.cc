#include "core/messenger/resets.h"

namespace core::messenger {

void ResetRecord::write(Writer& out) const {
  out.u64_be(seen);
  out.u64_be(boundary);
  out.u64_be(static_cast<std::uint64_t>(made.ms));
  out.u8(static_cast<std::uint8_t>(state));
  out.bytes(mail_id);
  out.u8(static_cast<std::uint8_t>(unread_count));
  for (std::size_t i = 0; i < unread_count; ++i) out.bytes(unread[i]);
}

Result<ResetRecord> ResetRecord::read(Reader& in) {
  ResetRecord r;
  r.seen = in.u64_be();
  r.boundary = in.u64_be();
  r.made.ms = static_cast<std::int64_t>(in.u64_be());
  const auto state = in.u8();
  r.mail_id = to_array(in.take<api::kMailIdSize>());
  r.unread_count = in.u8();
  if (state > static_cast<std::uint8_t>(ResetState::kMade)) return Error::kMalformed;
  if (r.unread_count > kMaxUnreadMails) return Error::kMalformed;
  r.state = static_cast<ResetState>(state);
  for (std::size_t i = 0; i < r.unread_count; ++i) {
    r.unread[i] = to_array(in.take<api::kMailIdSize>());
  }
  return r;
}

Status Resets::load() {
  for (std::size_t contact = 0; contact < kMaxContacts; ++contact) {
    const auto record = get_record<ResetRecord>(store_, RecordKey(Kind::kReset, contact));
    if (!record && record.error() != Error::kNotFound) return record.error();
    entries_[contact].state = record ? record->state : ResetState::kNone;
  }
  return {};
}

Result<ResetRecord> Resets::get(std::size_t contact) {
  const auto record = get_record<ResetRecord>(store_, RecordKey(Kind::kReset, contact));
  if (!record && record.error() == Error::kNotFound) return ResetRecord();
  return record;
}

Status Resets::put(std::size_t contact, const ResetRecord& record) {
  entries_[contact].state = record.state;
  return put_record(store_, RecordKey(Kind::kReset, contact), record);
}

Status Resets::owe(std::size_t contact, const MailId* unread) {
  auto record = TRY(get(contact));
  if (record.state == ResetState::kNone) record.state = ResetState::kOwed;
  if (unread != nullptr && record.unread_count < kMaxUnreadMails) {
    record.unread[record.unread_count++] = *unread;
  }
  return put(contact, record);
}

Status Resets::set_made(std::size_t contact, const MailId& mail_id, Bytes mail, WallTime wall,
                        Instant next_due) {
  auto record = TRY(get(contact));
  record.state = ResetState::kMade;
  record.mail_id = mail_id;
  record.made = wall;
  record.unread_count = 0;
  TRY(store_.put(RecordKey(Kind::kResetMail, contact).bytes, mail));
  entries_[contact].due_at = next_due;
  return put(contact, record);
}

Result<std::size_t> Resets::mail(std::size_t contact, MutBytes out) {
  return store_.get(RecordKey(Kind::kResetMail, contact).bytes, out);
}

Status Resets::sent(std::size_t contact) {
  auto record = TRY(get(contact));
  // What has come in meanwhile is named by the next one.
  record.state = record.unread_count > 0 ? ResetState::kOwed : ResetState::kNone;
  TRY(store_.erase(RecordKey(Kind::kResetMail, contact).bytes));
  return put(contact, record);
}

Status Resets::erase(std::size_t contact) {
  entries_[contact] = Entry();
  TRY(store_.erase(RecordKey(Kind::kResetMail, contact).bytes));
  return store_.erase(RecordKey(Kind::kReset, contact).bytes);
}

std::size_t Resets::count(ResetState state) const {
  return static_cast<std::size_t>(
      std::count_if(entries_.begin(), entries_.end(),
                    [state](const Entry& entry) { return entry.state == state; }));
}

}  // namespace core::messenger
