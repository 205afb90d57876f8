// What the messenger does so that a store put back to an older state, or a
// contact that cannot read us, is got over. Included by its sources only.
// Spec: [HEAL].
#ifndef CORE_MESSENGER_HEALER_H_
#define CORE_MESSENGER_HEALER_H_

#include "core/messenger/transaction.h"

namespace core::messenger {

// The calls marked (t) need an open transaction. Errors of all: kStore, kRng.
class Messenger::Healer {
 public:
  explicit Healer(Messenger& messenger) : m_(messenger), h_(messenger.healing_) {}

  // ---- checkpoints
  Status load();
  // (t) Every transaction ends with it. Counts those after the check.
  Status step_generation();
  api::Checkpoint checkpoint() const;
  // (t) What the server has seen. If it is ahead, this store was put back.
  Status compare(const api::StatusResponseView& status, WallTime wall);
  // Retires the sessions of the contacts, one after the other. True if there
  // may be more to do.
  Result<bool> heal_some();

  // ---- resets, out
  // (t) A mail of this contact could not be read.
  Status note_unread(std::size_t contact, View<api::kMailIdSize> mail_id);
  // Signs one that is owed. True if there may be more to do.
  Result<bool> make_reset(Instant now, WallTime wall);
  // Settles which resets the next `send` holds.
  void start_send(Instant now);
  bool sending() const { return h_.sending_count > 0; }
  Status write_send(api::MailsWriter& out);
  // (t)
  Status on_send(const api::SendResponse& answer, Instant now);
  // When the next is due.
  Instant next_due(Instant now) const;

  // ---- resets, in
  // (t) Takes a mail of type 8.
  Status take_reset(const api::MailView& mail, WallTime wall);

 private:
  Progress progress() const;
  Status put_back(const Progress& lost, std::uint64_t generation, WallTime wall);
  Status retire(std::size_t contact);
  Status note_not_read(std::size_t contact, const SessionReset& reset, WallTime wall);
  bool trusts(std::size_t contact) const;

  Messenger& m_;
  Healing& h_;
};

}  // namespace core::messenger
#endif  // CORE_MESSENGER_HEALER_H_
