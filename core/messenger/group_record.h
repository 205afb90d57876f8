// How a group lies in the store. Spec: docs/spec/device-store.md.
#ifndef CORE_MESSENGER_GROUP_RECORD_H_
#define CORE_MESSENGER_GROUP_RECORD_H_

#include "core/messenger/records.h"

namespace core::messenger {

// A group as this device knows it. Members keep their position as long as they
// are in the group.
struct GroupRecord {
  static constexpr std::size_t kMaxSize =
      1 + kGroupIdSize + 1 + GroupName::kMaxSize + 1 + 8 + 2 + 1 + 8 + 1 + 2 * kMaxGroupMembers;
  GroupId id{};
  GroupName name;
  GroupState state{};
  std::uint64_t revision = 0;
  std::uint16_t owner = kNoSlot;  // contact; none: this device
  bool has_key = false;           // we have a sender key
  std::uint64_t given = 0;        // positions that have been handed it
  std::array<std::uint16_t, kMaxGroupMembers> members = no_members();  // contacts, by position
  void write(Writer& out) const;
  static Result<GroupRecord> read(Reader& in);

  static constexpr std::array<std::uint16_t, kMaxGroupMembers> no_members() {
    std::array<std::uint16_t, kMaxGroupMembers> none{};
    none.fill(kNoSlot);
    return none;
  }
};

}  // namespace core::messenger
#endif  // CORE_MESSENGER_GROUP_RECORD_H_
