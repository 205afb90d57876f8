// A group as the application sees it. Spec: docs/spec/groups.md.
#ifndef CORE_MESSENGER_GROUP_H_
#define CORE_MESSENGER_GROUP_H_

#include "core/base/name.h"

namespace core::messenger {

inline constexpr std::size_t kGroupIdSize = 16;
// Random; all zeros: no group.
using GroupId = ByteArray<kGroupIdSize>;

// 1 to 64 bytes of UTF-8 without control characters.
class GroupName {
 public:
  static constexpr std::size_t kMaxSize = 64;
  GroupName() = default;
  // Errors: kMalformed.
  static Result<GroupName> parse(Bytes text);
  // Lives as long as this object.
  Bytes bytes() const { return Bytes(text_).first(size_); }

 private:
  ByteArray<kMaxSize> text_{};
  std::uint8_t size_ = 0;
};

enum class GroupState : std::uint8_t {
  kMember = 0,
  kLeft = 1,  // we have left, were removed, or the group has ended
};

struct Group {
  GroupId id{};
  GroupName name;
  GroupState state{};
  std::uint64_t revision = 0;
  DeviceName owner;         // who alone can change it
  std::size_t members = 0;  // with this device; 0 in state kLeft
};

}  // namespace core::messenger
#endif  // CORE_MESSENGER_GROUP_H_
