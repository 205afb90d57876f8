#include "core/messenger/group_record.h"

namespace core::messenger {

void GroupRecord::write(Writer& out) const {
  out.bytes(id);
  out.u8(static_cast<std::uint8_t>(name.bytes().size()));
  out.bytes(name.bytes());
  out.u8(static_cast<std::uint8_t>(state));
  out.u64_be(revision);
  out.u16_be(owner);
  out.u8(has_key ? 1 : 0);
  out.u64_be(given);
  out.u8(static_cast<std::uint8_t>(members.size()));
  for (const auto member : members) out.u16_be(member);
}

Result<GroupRecord> GroupRecord::read(Reader& in) {
  GroupRecord r;
  r.id = to_array(in.take<kGroupIdSize>());
  r.name = TRY(GroupName::parse(in.take(std::size_t{in.u8()})));
  const auto state = in.u8();
  if (state > static_cast<std::uint8_t>(GroupState::kLeft)) return Error::kMalformed;
  r.state = static_cast<GroupState>(state);
  r.revision = in.u64_be();
  r.owner = in.u16_be();
  r.has_key = in.u8() != 0;
  r.given = in.u64_be();
  if (in.u8() != r.members.size()) return Error::kMalformed;
  for (auto& member : r.members) {
    member = in.u16_be();
    if (member != kNoSlot && member >= kMaxContacts) return Error::kMalformed;
  }
  if (r.owner != kNoSlot && r.owner >= kMaxContacts) return Error::kMalformed;
  return r;
}

}  // namespace core::messenger
