// The groups that this device is or was in, and the sender keys of each: ours,
// and those that the members have handed us.
// Spec: docs/spec/groups.md.
#ifndef CORE_MESSENGER_GROUPS_H_
#define CORE_MESSENGER_GROUPS_H_

#include <optional>

#include "core/messenger/content.h"
#include "core/messenger/group_record.h"
#include "core/messenger/workspace.h"

namespace core::messenger {

// A copy in memory of what the store holds, but for the keys, which are read
// when they are needed. The calls that write need an open transaction; if that
// fails, load() puts memory right again. Errors of all: kStore.
class Groups {
 public:
  // A free slot has revision 0.
  using Entry = GroupRecord;

  Groups(Store& store, Workspace& work) : store_(store), work_(work) {}
  Status load();

  std::size_t count() const;
  // The slot of the group at a position. REQUIRES: index < count().
  std::size_t slot_at(std::size_t index) const;
  Entry& at(std::size_t slot) { return entries_[slot]; }
  const Entry& at(std::size_t slot) const { return entries_[slot]; }
  std::optional<std::size_t> find(const GroupId& id) const;
  // A slot for a new group: a free one, or one of a group that we have left.
  std::optional<std::size_t> find_room() const;
  // The position of a contact in a group that we are in.
  std::optional<std::size_t> position_of(std::size_t slot, std::size_t contact) const;
  bool has_member(std::size_t contact) const;
  // A bit for each position that is taken.
  std::uint64_t positions(std::size_t slot) const;

  // Writes the entry as it is in memory.
  Status save(std::size_t slot);

  // The state as its owner has signed it. The views lie in the workspace's
  // `value`. Errors: also kNotFound, kMalformed.
  Status put_signed(std::size_t slot, const SignedGroupView& state);
  Result<SignedGroupView> get_signed(std::size_t slot);

  // Our sender key. Without one, a new one that nobody has been handed yet.
  Result<e2e::OurSenderKey> our_key(std::size_t slot, Rng& rng);
  Status save_our_key(std::size_t slot, e2e::OurSenderKey key);
  // The next message is under a new key.
  Status drop_our_key(std::size_t slot);

  // Those of a member, in the workspace; empty if there are none.
  Result<e2e::TheirSenderKeys*> their_keys(std::size_t slot, std::size_t contact);
  Status save_their_keys(std::size_t slot, std::size_t contact);
  Status drop_their_keys(std::size_t slot, std::size_t contact);

 private:
  static RecordKey their_key_record(std::size_t slot, std::size_t contact) {
    return {Kind::kTheirSenderKeys, slot * kMaxContacts + contact};
  }
  static_assert(kMaxGroups * kMaxContacts <= 65536);
  static_assert(kMaxGroupMembers <= 64, "a bit for each position");

  Store& store_;
  Workspace& work_;
  std::array<Entry, kMaxGroups> entries_{};
};

}  // namespace core::messenger
#endif  // CORE_MESSENGER_GROUPS_H_
