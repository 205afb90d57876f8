// Messages on their way to others, from send() until the server has them.
#ifndef CORE_MESSENGER_OUTBOX_H_
#define CORE_MESSENGER_OUTBOX_H_

#include "core/messenger/entries.h"
#include "core/messenger/mail_id.h"
#include "core/messenger/records.h"

namespace core::messenger {

// The text stays in the store until the server has taken the message: if the
// recipient's key changes before, it is encrypted once more under the new one.
// A copy in memory of what the store holds; the calls that write need an open
// transaction, and if that fails, load() puts memory right again.
class Outbox {
 public:
  struct Entry {
    MessageId id = 0;
    std::uint16_t slot = 0;
    OutboxKind kind{};
    std::uint16_t contact = kNoSlot;  // kGroup: none
    std::uint16_t group = kNoSlot;    // kGroup only
    std::uint64_t pending = 0;        // kGroup: a bit for each member's position
    OutboxState state{};
    api::Code reason{};
    std::uint32_t size = 0;  // of the text; encrypted: of the ciphertext
    WallTime made;           // by send()
    MailId mail_id{};
  };

  explicit Outbox(Store& store) : store_(store) {}
  Status load();

  // A mail in a request that is under way.
  struct InRequest {
    MessageId id = 0;
    std::uint64_t positions = 0;  // kGroup: of the members it goes to
  };

  // Walked by index, in the order of ids.
  std::size_t size() const { return entries_.size(); }
  const Entry& operator[](std::size_t index) const { return entries_[index]; }
  std::size_t index_after(MessageId after) const { return entries_.index_after(after); }
  std::optional<std::size_t> find(MessageId id) const { return entries_.find(id); }
  bool has_any_for(std::size_t contact) const;
  // At `index` or after it.
  bool has_control_for(std::size_t contact, std::size_t index = 0) const;
  std::size_t room() const { return kMaxOutbox - entries_.size(); }
  std::size_t group_count() const;
  std::size_t failed_count() const;

  // A new message with its content; `entry` says all but slot, state and size.
  // REQUIRES: entry.id is above all others. Errors: kFull, kStore.
  Status add(Entry entry, Bytes content);
  // Reads the content into `out`. Errors: kStore, kNotFound, kFull.
  Result<std::size_t> text(std::size_t index, MutBytes out);

  struct EncryptedMail {
    std::uint32_t type = 0;  // 2, 3 or 7
    Bytes ciphertext;
  };
  // Keeps a mail with its text. `work` is scratch memory of the mail's size
  // and 32 bytes.
  Status set_encrypted(std::size_t index, const EncryptedMail& mail, MutBytes work);
  // These members need it no longer. If none is left it is removed, and true.
  Result<bool> settle(std::size_t index, std::uint64_t positions);
  // Reads it back into `out`; the ciphertext is a view of that.
  Result<EncryptedMail> encrypted(std::size_t index, MutBytes out);
  // The contact's mails are to be encrypted anew. They keep their mail ids: one
  // that the server has is not stored twice.
  Status revert(std::size_t contact);
  // Another mail id: what the server may have under the old one is of no use.
  Status set_mail_id(std::size_t index, const MailId& mail_id);
  // The lowest id that waits for its encryption.
  std::optional<MessageId> first_queued(std::size_t contact) const;
  // Notes a refusal; kFailed is for good and drops text and ciphertext.
  Status refuse(std::size_t index, OutboxState state, api::Code reason);
  Status remove(std::size_t index);

 private:
  Status save(const Entry& entry);

  Store& store_;
  Entries<Entry, kMaxOutbox> entries_;
};

}  // namespace core::messenger
#endif  // CORE_MESSENGER_OUTBOX_H_
