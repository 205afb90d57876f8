// Groups: the part of a Messenger that knows more than one recipient.
//
// A group has one owner, who alone changes it: each change is a new state that
// the owner signs and sends to every member. Members write under sender keys of
// their own, which they hand to each member over the session between the two.
// Whatever goes out waits in the messenger's outbox, whatever comes in is in
// the transaction that takes the mail. Spec: docs/spec/groups.md.
#ifndef CORE_MESSENGER_GROUP_MESSENGER_H_
#define CORE_MESSENGER_GROUP_MESSENGER_H_

#include "core/messenger/messenger.h"

namespace core::messenger {

// A handle to use a messenger by; make one for each call. Errors of all calls
// that write: kStore, kRng, and then the call has had no effect.
class GroupMessenger {
 public:
  explicit GroupMessenger(Messenger& messenger) : m_(messenger) {}

  std::size_t count() const { return m_.groups_.count(); }
  // REQUIRES: index < count().
  Group at(std::size_t index) const { return group_in(m_.groups_.slot_at(index)); }
  // Errors: kNotFound.
  Result<Group> find(const GroupId& id) const;
  // The members but this device, by position. Errors: kNotFound (no such group,
  // or no more members).
  Result<DeviceName> member(const GroupId& id, std::size_t index) const;

  // A new group that this device owns. Members must be contacts whose key is
  // known. Errors: kNotFound (a member); kMalformed (this device as a member);
  // kFull (groups, members or the outbox).
  Result<GroupId> create(const GroupName& name, std::span<const DeviceName> members, Instant now,
                         WallTime wall);
  // Adds members and removes others; those who are in or out already stay so.
  // Whoever is removed cannot read what is written from now on, by members who
  // know of it. Errors: kNotFound (group, or a member to add); kRefused (not
  // ours); kMalformed; kFull; kOutOfOrder (we are no longer in it).
  Status change(const GroupId& id, std::span<const DeviceName> add,
                std::span<const DeviceName> remove, Instant now, WallTime wall);
  // Leaves the group; if it is ours it ends. Errors: kNotFound; kOutOfOrder; kFull.
  Status leave(const GroupId& id, Instant now, WallTime wall);

  // Puts a message of at most kMaxPlaintext bytes into the outbox.
  // Every member gets this device's messages in the order of the calls. The
  // message is sent once the server has it for every member that it knows.
  // Errors: kNotFound; kOutOfOrder (we have left, or are alone in it); kFull.
  Result<MessageId> send(const GroupId& id, Bytes text, Instant now, WallTime wall);

 private:
  friend class Messenger;
  using Entry = Groups::Entry;

  // ---- for the Messenger, inside its transaction. Only failures of ours are
  // errors: kStore, kRng.
  // What a message between two devices was about, by its plaintext.
  Status take_content(const api::MailView& mail, std::size_t sender, MutBytes plaintext,
                      WallTime wall);
  // A mail of type 7.
  Status take_mail(const api::MailView& mail, std::optional<std::size_t> sender, WallTime wall);
  // Another identity key of a contact has turned up, or was accepted.
  Status key_changed(std::size_t contact);
  Status key_accepted(std::size_t contact);
  // Encrypts a message of the outbox. REQUIRES: m_.may_encrypt(index).
  Status encrypt(std::size_t index, WallTime wall);
  // The store was put back: what our sender keys have encrypted is not known.
  Status put_back();

  // ---- the application's side
  Group group_in(std::size_t slot) const;
  // Errors: those of send(), change(), leave().
  Result<std::size_t> find_ours(const GroupId& id) const;
  Result<std::size_t> contact_to_add(const DeviceName& name) const;
  Result<GroupId> try_create(const GroupName& name, std::span<const DeviceName> members,
                             Instant now, WallTime wall);
  Status try_change(const GroupId& id, std::span<const DeviceName> add,
                    std::span<const DeviceName> remove, Instant now, WallTime wall);
  Status try_leave(const GroupId& id, Instant now, WallTime wall);
  Result<MessageId> try_send(const GroupId& id, Bytes text, Instant now, WallTime wall);

  // ---- members
  using Members = std::array<std::uint16_t, kMaxGroupMembers>;  // contacts, in any order
  // Puts these in place of those that are there, and takes what follows from it.
  Status set_members(std::size_t slot, const Members& members);
  // Out of the group: forgets its keys and members.
  Status leave_locally(std::size_t slot);
  // No message in the outbox is for these positions any more.
  Status settle(std::size_t slot, std::uint64_t positions);

  // ---- what goes out
  // Signs a new state and sends it to all members and to those who were.
  Status announce(std::size_t slot, const Members& before, WallTime wall);
  Status hand_over(std::size_t slot, const e2e::OurSenderKey& key, std::size_t contact,
                   WallTime wall);
  // To the members at these positions who have not got it.
  Status hand_to(std::size_t slot, const e2e::OurSenderKey& key, std::uint64_t positions,
                 WallTime wall);
  Status queue(std::size_t contact, const ContentView& content, WallTime wall);
  Status ask(const GroupId& id, std::size_t contact, WallTime wall);

  // ---- what comes in
  Status take_group(const api::MailView& mail, std::size_t sender, const ContentView& content,
                    WallTime wall);
  // False if the state is not to be trusted, or has no room here.
  Result<bool> apply(const api::MailView& mail, const GroupStateView& state,
                     const SignedGroupView& as_signed, WallTime wall);
  Status take_sender_key(std::size_t slot, std::size_t sender, Bytes key);
  Status take_leave(const api::MailView& mail, std::size_t sender, const GroupId& id,
                    WallTime wall);
  Status take_ask(std::size_t sender, const GroupId& id);
  Status take_text(const api::MailView& mail, std::size_t slot, Bytes plaintext, WallTime wall);
  Status refused();

  Workspace& work() { return m_.work_; }

  Messenger& m_;
};

}  // namespace core::messenger
#endif  // CORE_MESSENGER_GROUP_MESSENGER_H_
