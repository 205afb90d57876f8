#include "core/messenger/inbox.h"

namespace core::messenger {

Status Inbox::load() {
  entries_.clear();
  for (std::size_t slot = 0; slot < kMaxInbox; ++slot) {
    const auto record = get_record<InboxRecord>(store_, RecordKey(Kind::kInbox, slot));
    if (record) {
      entries_.insert({record->id, static_cast<std::uint16_t>(slot)});
    } else if (record.error() != Error::kNotFound) {
      return record.error();
    }
  }
  return {};
}

Status Inbox::add(const InboxRecord& message, Bytes text) {
  const Entry entry{message.id, entries_.free_slot()};
  entries_.insert(entry);
  TRY(put_record(store_, RecordKey(Kind::kInbox, entry.slot), message));
  return store_.put(RecordKey(Kind::kInboxText, entry.slot).bytes, text);
}

Result<InboxMessage> Inbox::read_after(MessageId after, MutBytes buffer) {
  const auto index = entries_.index_after(after);
  if (index == entries_.size()) return Error::kNotFound;
  const auto slot = entries_[index].slot;
  const auto record = TRY(get_record<InboxRecord>(store_, RecordKey(Kind::kInbox, slot)));
  const auto size = TRY(store_.get(RecordKey(Kind::kInboxText, slot).bytes, buffer));
  return InboxMessage{.id = record.id,
                      .kind = record.kind,
                      .from = record.from,
                      .stored_at = record.stored_at,
                      .received_at = record.received_at,
                      .group = record.group,
                      .text = Bytes(buffer).first(size)};
}

Status Inbox::remove(MessageId id) {
  const auto index = entries_.find(id);
  if (!index) return Error::kNotFound;
  const auto slot = entries_[*index].slot;
  entries_.remove(*index);
  TRY(store_.erase(RecordKey(Kind::kInbox, slot).bytes));
  return store_.erase(RecordKey(Kind::kInboxText, slot).bytes);
}

}  // namespace core::messenger
