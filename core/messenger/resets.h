// Session resets: those that are owed to contacts, and what is remembered of
// theirs. Spec: [HEAL] session reset.
#ifndef CORE_MESSENGER_RESETS_H_
#define CORE_MESSENGER_RESETS_H_

#include "core/base/time.h"
#include "core/messenger/records.h"
#include "core/messenger/reset_message.h"

namespace core::messenger {

enum class ResetState : std::uint8_t {
  kNone = 0,
  kOwed = 1,  // is to be signed, when the pause is over
  kMade = 2,  // is sent and sent again until the server has it
};

struct ResetRecord {
  static constexpr std::size_t kMaxSize =
      1 + 8 + 8 + 8 + 1 + api::kMailIdSize + 1 + kMaxUnreadMails * api::kMailIdSize;
  std::uint64_t seen = 0;  // the highest generation of the contact's resets
  MessageId boundary = 0;  // messages up to this one were written under retired sessions
  WallTime made;           // our last one; 0: none, or not known when
  ResetState state{};
  MailId mail_id{};  // of the reset in kMade
  std::size_t unread_count = 0;
  std::array<MailId, kMaxUnreadMails> unread{};  // what the next one names
  void write(Writer& out) const;
  static Result<ResetRecord> read(Reader& in);
};

// The calls marked (t) need an open transaction; if that fails, load() puts
// memory right again.
class Resets {
 public:
  explicit Resets(Store& store) : store_(store) {}
  Status load();

  // The record of a contact's slot; a new one if there is none.
  Result<ResetRecord> get(std::size_t contact);
  // (t)
  Status put(std::size_t contact, const ResetRecord& record);
  // (t) Owes the contact a reset that names this mail, if there is room for a name.
  Status owe(std::size_t contact, const MailId* unread);
  // (t) Keeps the signed bytes of one that is owed: nothing is owed any more.
  Status set_made(std::size_t contact, const MailId& mail_id, Bytes mail, WallTime wall,
                  Instant next_due);
  // Reads them. Errors: kNotFound, kStore.
  Result<std::size_t> mail(std::size_t contact, MutBytes out);
  // (t) The server has it, or never will.
  Status sent(std::size_t contact);
  // (t) Forgets everything about a contact.
  Status erase(std::size_t contact);

  ResetState state(std::size_t contact) const { return entries_[contact].state; }
  // When the contact may be sent the next one.
  Instant due_at(std::size_t contact) const { return entries_[contact].due_at; }
  void wait_until(std::size_t contact, Instant at) { entries_[contact].due_at = at; }
  // How many contacts are in a state.
  std::size_t count(ResetState state) const;

 private:
  struct Entry {
    ResetState state{};
    Instant due_at{INT64_MIN};
  };
  Store& store_;
  std::array<Entry, kMaxContacts> entries_{};
};

}  // namespace core::messenger
#endif  // CORE_MESSENGER_RESETS_H_
