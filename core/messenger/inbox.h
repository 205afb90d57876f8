// Messages from others, from their decryption until they have been read.
#ifndef CORE_MESSENGER_INBOX_H_
#define CORE_MESSENGER_INBOX_H_

#include "core/messenger/entries.h"
#include "core/messenger/records.h"

namespace core::messenger {

// A copy in memory of what the store holds; the calls that write need an open
// transaction, and if that fails, load() puts memory right again.
class Inbox {
 public:
  explicit Inbox(Store& store) : store_(store) {}
  Status load();

  std::size_t size() const { return entries_.size(); }
  bool has(MessageId id) const { return entries_.find(id).has_value(); }
  // Of the oldest message.
  std::optional<MessageId> first_id() const {
    if (entries_.size() == 0) return std::nullopt;
    return entries_[0].id;
  }
  std::size_t room() const { return kMaxInbox - entries_.size(); }

  // REQUIRES: room() > 0; the id is above all others.
  Status add(const InboxRecord& message, Bytes text);
  // The first message with an id above `after`. Errors: kNotFound, kFull, kStore.
  Result<InboxMessage> read_after(MessageId after, MutBytes buffer);
  // Errors: kNotFound, kStore.
  Status remove(MessageId id);

 private:
  struct Entry {
    MessageId id = 0;
    std::uint16_t slot = 0;
  };
  Store& store_;
  Entries<Entry, kMaxInbox> entries_;
};

}  // namespace core::messenger
#endif  // CORE_MESSENGER_INBOX_H_
